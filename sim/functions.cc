#include "sim/functions.h"

#include "core/error.h"
#include "sim/stage_op.h"

namespace presil {

ElementOrder FunctionalPlan::order_of(TensorId id) const {
  const TensorDesc& tensor = graph_.tensor(id);
  return {tensor.shape, last_[static_cast<std::size_t>(id)], tensor.constant ? 1 : batch_};
}

Element FunctionalPlan::element_of(TensorId id) const {
  const TensorDesc& tensor = graph_.tensor(id);
  const auto of = [](DataType type) {
    switch (type) {
      case DataType::kInt4:
      case DataType::kInt8:
        return Element::kInt8;
      case DataType::kUint8:
      case DataType::kBool:
        return Element::kUint8;
      case DataType::kInt16:
        return Element::kInt16;
      case DataType::kInt32:
      case DataType::kInt64:
        return Element::kInt32;
      case DataType::kFloat16:
        return Element::kFp16;
      case DataType::kBfloat16:
        return Element::kBf16;
      case DataType::kFloat32:
      case DataType::kFloat64:
        break;
    }
    return Element::kFp32;
  };
  const Element element = of(tensor.type);
  const int bits = precision_.bits(id);
  if (tensor.type == DataType::kInt4 ? bits == 4 && tensor.constant : bits == 8 * bytes_of(element))
    return element;
  throw Error(
      "tensor '{}': is {} and would be stored in {} bits; to be executed, a network has to have "
      "the types that it runs in",
      tensor.name, name_of(tensor.type), bits);
}

namespace {

FunctionKind kind_of(const StageOp& call, int pass) {
  using enum OpKind;
  switch (call.op.kind) {
    case kConv:
    case kDepthwiseConv:
    case kTransposedConv:
    case kFullyConnected:
    case kMatMul:
      return product_function(call);
    case kMaxPool:
    case kAveragePool:
      return pool_function(call);
    case kGlobalAveragePool:
    case kGlobalMaxPool:
    case kReduceMean:
    case kReduceSum:
    case kReduceMax:
    case kReduceMin:
    case kArgMax:
      return reduction_function(call);
    case kResizeBilinear:
      return bilinear_function(call);
    case kSoftmax:
    case kLogSoftmax:
    case kLayerNorm:
    case kInstanceNorm:
    case kLrn:
      return line_function(call);
    case kGather:
      return gather_function(call);
    case kResizeNearest:
    case kConcat:
    case kSplit:
    case kSlice:
    case kPad:
    case kReshape:
    case kTranspose:
    case kDepthToSpace:
    case kSpaceToDepth:
    case kChannelShuffle:
    case kExpand:
    case kIdentity:
      return movement_function(call);
    case kWhere:
      return select_function(call, pass);
    case kLstm:
    case kGru:
    case kRnn:
      return recurrent_function(call);
    case kHost:
      cannot_execute(call.op, "it runs on the host");
    default:
      return elementwise_function(call);
  }
}

/// Are the rows that a result needs known?
bool knows_rows(const Stage& stage, const Op& op) {
  return stage.reach != Reach::kProportional || op.kind == OpKind::kTransposedConv ||
         stage.in.rows == stage.out.rows;
}

Function function_of_stage(const FunctionalPlan& plan, const Stage& stage, int pass) {
  const Op& op = plan.graph().op(stage.op);
  if (!knows_rows(stage, op)) cannot_execute(op, "which rows it needs is not worked out");
  Function function;
  function.output = plan.element_of(stage.output);
  function.out = {stage.out.rows, stage.out.columns, stage.out.channels};
  TensorId streamed = stage.fused.empty() ? stage.output : op.outputs.at(0);
  function.kind = kind_of({plan, stage, op, streamed, function.steps}, pass);
  for (const OpId id : stage.fused) {
    const Op& fused = plan.graph().op(id);
    function.steps.push_back(step_of(plan, stage, fused, streamed));
    streamed = fused.outputs[0];
  }
  return function;
}

}  // namespace

int FunctionalPlan::function_of(const Stage& stage, int pass) {
  const auto index = static_cast<int>(functions_.size());
  const auto [at, fresh] = known_.try_emplace({&stage, pass}, index);
  if (fresh) functions_.push_back(function_of_stage(*this, stage, pass));
  if (fresh && stage.kind == StageKind::kRecurrent) recurrent_[stage.op] = index;
  return at->second;
}

}  // namespace presil
