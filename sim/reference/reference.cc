#include "sim/reference/reference.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "sim/reference/op_call.h"

namespace presil {

namespace {

using reference::OpCall;

void run(const OpCall& call) {
  switch (call.op.kind) {
    case OpKind::kConv:
    case OpKind::kDepthwiseConv:
    case OpKind::kTransposedConv:
      return reference::run_convolution(call);
    case OpKind::kFullyConnected:
    case OpKind::kMatMul:
      return reference::run_product(call);
    case OpKind::kLstm:
    case OpKind::kGru:
    case OpKind::kRnn:
      return reference::run_recurrent(call);
    case OpKind::kAdd:
    case OpKind::kSub:
    case OpKind::kMul:
    case OpKind::kDiv:
    case OpKind::kMin:
    case OpKind::kMax:
    case OpKind::kPow:
    case OpKind::kEqual:
    case OpKind::kLess:
    case OpKind::kGreater:
    case OpKind::kPRelu:
      return reference::run_binary(call);
    case OpKind::kWhere:
      return reference::run_where(call);
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kClip:
    case OpKind::kLeakyRelu:
    case OpKind::kSigmoid:
    case OpKind::kHardSigmoid:
    case OpKind::kTanh:
    case OpKind::kHardSwish:
    case OpKind::kSilu:
    case OpKind::kGelu:
    case OpKind::kErf:
    case OpKind::kExp:
    case OpKind::kLog:
    case OpKind::kSqrt:
    case OpKind::kRsqrt:
    case OpKind::kReciprocal:
    case OpKind::kNeg:
    case OpKind::kAbs:
    case OpKind::kFloor:
    case OpKind::kElu:
    case OpKind::kSoftplus:
    case OpKind::kSquare:
    case OpKind::kSin:
    case OpKind::kCos:
    case OpKind::kNot:
    case OpKind::kIdentity:
      return reference::run_unary(call);
    case OpKind::kCast:
    case OpKind::kQuantize:
    case OpKind::kDequantize:
      return reference::run_conversion(call);
    case OpKind::kSoftmax:
    case OpKind::kLogSoftmax:
      return reference::run_softmax(call);
    case OpKind::kLayerNorm:
    case OpKind::kBatchNorm:
    case OpKind::kInstanceNorm:
    case OpKind::kLrn:
      return reference::run_norm(call);
    case OpKind::kMaxPool:
    case OpKind::kAveragePool:
    case OpKind::kGlobalAveragePool:
    case OpKind::kGlobalMaxPool:
      return reference::run_pool(call);
    case OpKind::kReduceMean:
    case OpKind::kReduceSum:
    case OpKind::kReduceMax:
    case OpKind::kReduceMin:
    case OpKind::kArgMax:
      return reference::run_reduction(call);
    case OpKind::kResizeNearest:
    case OpKind::kResizeBilinear:
      return reference::run_resize(call);
    case OpKind::kConcat:
    case OpKind::kSplit:
    case OpKind::kSlice:
    case OpKind::kPad:
    case OpKind::kReshape:
    case OpKind::kTranspose:
    case OpKind::kGather:
    case OpKind::kDepthToSpace:
    case OpKind::kSpaceToDepth:
    case OpKind::kChannelShuffle:
    case OpKind::kExpand:
      return reference::run_movement(call);
    case OpKind::kHost:
      call.fail(fmt::format("runs on a host; what {} computes is not defined",
                            call.op.as<HostAttrs>().type));
  }
  PRESIL_CHECK(false, "operator kind {}", static_cast<int>(call.op.kind));
}

/// Executes op by op; tensors that nothing reads any more are dropped, unless they are to be kept.
class Executor {
 public:
  Executor(const Graph& graph, bool keep) : graph_(graph), keep_(keep) {
    tensors_.resize(graph.tensors().size());
    uses_.resize(graph.tensors().size(), 0);
    for (const Op& op : graph.ops())
      for (const TensorId id : op.inputs)
        if (id != kNoTensor) ++uses_[index(id)];
    for (const TensorId id : graph.outputs()) ++uses_[index(id)];
  }

  void put_inputs(std::span<const Tensor> inputs) {
    if (inputs.size() != graph_.inputs().size())
      throw Error("network '{}' has {} inputs, {} are given", graph_.name(), graph_.inputs().size(),
                  inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const TensorDesc& wanted = graph_.tensor(graph_.inputs()[i]);
      if (inputs[i].type != wanted.type || inputs[i].shape != wanted.shape)
        throw Error("input '{}': must be {} {}, is {} {}", wanted.name, name_of(wanted.type),
                    to_string(wanted.shape), name_of(inputs[i].type), to_string(inputs[i].shape));
      Tensor& tensor = tensors_[index(graph_.inputs()[i])];
      tensor = inputs[i];
      tensor.quantization = wanted.quantization;
    }
  }

  void run() {
    for (const Op& op : graph_.ops()) run_op(op);
    if (!keep_) return;
    for (std::size_t i = 0; i < tensors_.size(); ++i)
      if (graph_.tensors()[i].constant && graph_.tensors()[i].data)
        tensors_[i] = tensor_of(graph_.tensors()[i]);
  }

  std::vector<Tensor> take_all() { return std::move(tensors_); }
  std::vector<Tensor> outputs() const {
    std::vector<Tensor> result;
    for (const TensorId id : graph_.outputs())
      result.push_back(graph_.tensor(id).constant ? tensor_of(graph_.tensor(id))
                                                  : tensors_[index(id)]);
    return result;
  }

 private:
  static std::size_t index(TensorId id) { return static_cast<std::size_t>(id); }

  void run_op(const Op& op) {
    std::vector<Tensor> constants;
    constants.reserve(op.inputs.size());
    std::vector<const Tensor*> operands;
    for (const TensorId id : op.inputs) {
      if (id == kNoTensor) {
        operands.push_back(nullptr);
      } else if (graph_.tensor(id).constant) {
        constants.push_back(tensor_of(graph_.tensor(id)));
        operands.push_back(&constants.back());
      } else {
        operands.push_back(&tensors_[index(id)]);
      }
    }
    std::vector<TensorDesc> results;
    for (const TensorId id : op.outputs) results.push_back(graph_.tensor(id));
    std::vector<Tensor> made = execute_op(op, operands, results);
    for (std::size_t i = 0; i < made.size(); ++i)
      tensors_[index(op.outputs[i])] = std::move(made[i]);
    if (keep_) return;
    for (const TensorId id : op.inputs)
      if (id != kNoTensor && --uses_[index(id)] == 0) tensors_[index(id)] = {};
  }

  const Graph& graph_;
  bool keep_;
  std::vector<Tensor> tensors_;
  std::vector<int> uses_;
};

/// The smallest table that `id` indexes, if it does.
std::optional<std::int64_t> table_entries(const Graph& graph, TensorId id) {
  std::optional<std::int64_t> entries;
  for (const OpId reader : graph.consumers(id)) {
    const Op& op = graph.op(reader);
    if (op.kind != OpKind::kGather || op.inputs[1] != id) continue;
    const auto axis = static_cast<std::size_t>(op.as<AxisAttrs>().axis);
    const std::int64_t extent = graph.tensor(op.inputs[0]).shape[axis];
    entries = std::min(entries.value_or(extent), extent);
  }
  return entries;
}

/// Into [0, entries).
void fold_indices(Tensor& tensor, std::int64_t entries) {
  std::vector<std::int64_t> values = stored_integers(tensor);
  for (std::int64_t& value : values) value = (value % entries + entries) % entries;
  store_integers(tensor, values);
}

}  // namespace

std::vector<Tensor> execute_op(const Op& op, std::span<const Tensor* const> operands,
                               std::span<const TensorDesc> results) {
  std::vector<Tensor> made;
  for (const TensorDesc& result : results) made.push_back(empty_tensor(result));
  run({op, operands, made});
  return made;
}

std::vector<Tensor> execute(const Graph& graph, std::span<const Tensor> inputs) {
  Executor executor(graph, false);
  executor.put_inputs(inputs);
  executor.run();
  return executor.outputs();
}

std::vector<Tensor> execute_all(const Graph& graph, std::span<const Tensor> inputs) {
  Executor executor(graph, true);
  executor.put_inputs(inputs);
  executor.run();
  return executor.take_all();
}

std::vector<Tensor> random_inputs(const Graph& graph, std::uint64_t seed) {
  std::vector<Tensor> inputs;
  for (const TensorId id : graph.inputs()) {
    inputs.push_back(random_tensor(graph.tensor(id), seed));
    if (const auto entries = table_entries(graph, id)) fold_indices(inputs.back(), *entries);
  }
  return inputs;
}

}  // namespace presil
