#include "sim/steps.h"

#include <algorithm>

#include "core/error.h"
#include "models/tensor_values.h"
#include "sim/reference/reference.h"

namespace presil {

void cannot_execute(const Op& op, const std::string& why) {
  throw Error("{} '{}': the machine cannot execute it yet: {}", op_info(op.kind).name, op.name,
              why);
}

Format format_of(const FunctionalPlan& plan, TensorId id) {
  const TensorDesc& tensor = plan.graph().tensor(id);
  Format format{.element = plan.element_of(id)};
  if (tensor.quantization && !is_float(tensor.type)) {
    if (tensor.quantization->scale.size() != 1)
      throw Error("tensor '{}': has {} scales; elementwise operators need one", tensor.name,
                  tensor.quantization->scale.size());
    format.quantised = true;
    format.scale = scale_of(tensor);
  }
  return format;
}

bool is_fixed_point(const TensorDesc& tensor) {
  return tensor.quantization &&
         (tensor.type == DataType::kInt8 || tensor.type == DataType::kUint8 ||
          tensor.type == DataType::kInt16);
}

bool same_scale(const TensorDesc& a, const TensorDesc& b) {
  if (!a.quantization || !b.quantization) return !a.quantization && !b.quantization;
  return a.quantization->scale == b.quantization->scale &&
         a.quantization->zero_point == b.quantization->zero_point;
}

ScaleAndZero scale_of(const TensorDesc& tensor) {
  if (!tensor.quantization) return {};
  return {tensor.quantization->scale.front(), tensor.quantization->zero_point.front()};
}

std::vector<std::int32_t> constant_bits(const FunctionalPlan& plan, TensorId id) {
  const TensorDesc& desc = plan.graph().tensor(id);
  const Tensor tensor = tensor_of(desc);
  std::vector<std::int32_t> bits(static_cast<std::size_t>(tensor.elements()));
  if (is_float(desc.type)) {
    const Element element = desc.type == DataType::kFloat16    ? Element::kFp16
                            : desc.type == DataType::kBfloat16 ? Element::kBf16
                                                               : Element::kFp32;
    const std::vector<double> values = real_values(tensor);
    for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = float_bits(element, values[i]);
    return bits;
  }
  const std::vector<std::int64_t> values = stored_integers(tensor);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    bits[i] = static_cast<std::int32_t>(values[i]);
    if (bits[i] != values[i])
      throw Error("tensor '{}': {} exceeds the 32 bits that the machine stores", desc.name,
                  values[i]);
  }
  return bits;
}

TableStep table_of(const FunctionalPlan& plan, const Op& op, TensorId in, TensorId out) {
  const Element element = plan.element_of(in);
  const std::int64_t size = bytes_of(element), count = std::int64_t{1} << (8 * size);
  Tensor all = empty_tensor({.type = plan.graph().tensor(in).type,
                             .shape = {count},
                             .quantization = plan.graph().tensor(in).quantization});
  for (std::int64_t i = 0; i < count; ++i)
    for (std::int64_t byte = 0; byte < size; ++byte)
      all.bytes[static_cast<std::size_t>(i * size + byte)] =
          static_cast<std::byte>(i >> (8 * byte));
  TensorDesc made = plan.graph().tensor(out);
  made.shape = {count};
  const Tensor* operand = &all;
  const Tensor result = execute_op(op, {&operand, 1}, {&made, 1}).front();
  TableStep table;
  if (is_float(made.type)) {
    const std::vector<double> reals = real_values(result);
    for (const double real : reals) table.entries.push_back(float_bits(plan.element_of(out), real));
  } else {
    for (const std::int64_t value : stored_integers(result))
      table.entries.push_back(static_cast<std::int32_t>(value));
  }
  return table;
}

std::optional<Rescale> rescale_of(const FunctionalPlan& plan, const Op& op, TensorId in,
                                  TensorId out) {
  const TensorDesc& from = plan.graph().tensor(in);
  const TensorDesc& to = plan.graph().tensor(out);
  if (from.type == to.type && (is_float(from.type) || same_scale(from, to))) return {};
  if (is_float(from.type) || is_float(to.type))
    cannot_execute(op,
                   fmt::format("it would move {} into {}", name_of(from.type), name_of(to.type)));
  return rescale(scale_of(from), scale_of(to), range_of(to.type));
}

namespace {

std::optional<BinaryFunction> binary_function(OpKind kind) {
  using enum OpKind;
  switch (kind) {
    case kAdd:
      return BinaryFunction::kAdd;
    case kSub:
      return BinaryFunction::kSub;
    case kMul:
      return BinaryFunction::kMul;
    case kDiv:
      return BinaryFunction::kDiv;
    case kMin:
      return BinaryFunction::kMin;
    case kMax:
      return BinaryFunction::kMax;
    case kPow:
      return BinaryFunction::kPow;
    case kEqual:
      return BinaryFunction::kEqual;
    case kLess:
      return BinaryFunction::kLess;
    case kGreater:
      return BinaryFunction::kGreater;
    case kPRelu:
      return BinaryFunction::kPRelu;
    default:
      return {};
  }
}

/// The few functions of wide values; narrow ones are tables.
std::optional<UnaryFunction> unary_function(OpKind kind) {
  using enum OpKind;
  constexpr std::pair<OpKind, UnaryFunction> kKnown[] = {
      {kRelu, UnaryFunction::kRelu},
      {kRelu6, UnaryFunction::kRelu6},
      {kClip, UnaryFunction::kClip},
      {kLeakyRelu, UnaryFunction::kLeakyRelu},
      {kSigmoid, UnaryFunction::kSigmoid},
      {kHardSigmoid, UnaryFunction::kHardSigmoid},
      {kTanh, UnaryFunction::kTanh},
      {kHardSwish, UnaryFunction::kHardSwish},
      {kSilu, UnaryFunction::kSilu},
      {kGelu, UnaryFunction::kGelu},
      {kErf, UnaryFunction::kErf},
      {kExp, UnaryFunction::kExp},
      {kLog, UnaryFunction::kLog},
      {kSqrt, UnaryFunction::kSqrt},
      {kRsqrt, UnaryFunction::kRsqrt},
      {kReciprocal, UnaryFunction::kReciprocal},
      {kNeg, UnaryFunction::kNeg},
      {kAbs, UnaryFunction::kAbs},
      {kFloor, UnaryFunction::kFloor},
      {kElu, UnaryFunction::kElu},
      {kSoftplus, UnaryFunction::kSoftplus},
      {kSquare, UnaryFunction::kSquare},
      {kSin, UnaryFunction::kSin},
      {kCos, UnaryFunction::kCos},
      {kNot, UnaryFunction::kNot},
      {kIdentity, UnaryFunction::kIdentity},
      {kCast, UnaryFunction::kIdentity},
      {kQuantize, UnaryFunction::kIdentity},
      {kDequantize, UnaryFunction::kIdentity}};
  for (const auto& [known, function] : kKnown)
    if (known == kind) return function;
  return {};
}

Step unary_step(const FunctionalPlan& plan, const Op& op, TensorId in, TensorId out) {
  if (bytes_of(plan.element_of(in)) <= 2) return {.apply = table_of(plan, op, in, out)};
  const auto function = unary_function(op.kind);
  if (!function) cannot_execute(op, "no function of wide values");
  RealUnaryStep step{.function = *function, .in = format_of(plan, in), .out = format_of(plan, out)};
  if (const auto* attrs = std::get_if<UnaryAttrs>(&op.attrs)) {
    step.alpha = attrs->alpha;
    step.beta = attrs->beta;
  }
  if (op.kind == OpKind::kCast) step.in.quantised = step.out.quantised = false;
  return {.apply = step};
}

/// What to do with x and y, in this order.
Step binary_step(const FunctionalPlan& plan, const Op& op) {
  const TensorDesc& x = plan.graph().tensor(op.inputs[0]);
  const TensorDesc& y = plan.graph().tensor(op.inputs[1]);
  const TensorDesc& made = plan.graph().tensor(op.outputs[0]);
  if (is_fixed_point(x) && is_fixed_point(y) && is_fixed_point(made)) {
    const IntegerRange range = range_of(made.type);
    if (op.kind == OpKind::kAdd || op.kind == OpKind::kSub)
      return {.apply = AddStep{quantized_add(scale_of(x), scale_of(y), scale_of(made), range,
                                             op.kind == OpKind::kSub)}};
    if (op.kind == OpKind::kMul)
      return {.apply = MulStep{quantized_mul(scale_of(x), scale_of(y), scale_of(made), range)}};
  }
  const auto format = [&](TensorId id) {
    Format f = format_of(plan, id);
    if (plan.graph().tensor(id).constant && is_float(plan.graph().tensor(id).type))
      f.element = plan.graph().tensor(id).type == DataType::kFloat16    ? Element::kFp16
                  : plan.graph().tensor(id).type == DataType::kBfloat16 ? Element::kBf16
                                                                        : Element::kFp32;
    return f;
  };
  return {.apply = RealBinaryStep{.function = *binary_function(op.kind),
                                  .x = format(op.inputs[0]),
                                  .y = format(op.inputs[1]),
                                  .out = format_of(plan, op.outputs[0])}};
}

/// Elements of a constant as a step reads them.
Format constant_format(const FunctionalPlan& plan, TensorId id) {
  Format f = format_of(plan, id);
  f.element = plan.element_of(id);
  return f;
}

Step norm_step(const FunctionalPlan& plan, const Stage& stage, const Op& op) {
  NormStep step{.epsilon = op.as<NormAttrs>().epsilon,
                .in = format_of(plan, op.inputs[0]),
                .out = format_of(plan, op.outputs[0])};
  const auto parameter = [&](std::size_t operand) -> NormStep::Parameter {
    const TensorId id = op.inputs[operand];
    if (!plan.graph().tensor(id).constant)
      cannot_execute(op, "its parameters are known only at run time");
    Shape shape = plan.graph().tensor(id).shape;  // [C], one a channel
    shape.resize(plan.graph().tensor(op.inputs[0]).shape.size() - 1, 1);
    return {element_source(plan, stage, op, id, shape), constant_format(plan, id)};
  };
  step.scale = parameter(1);
  step.bias = parameter(2);
  step.mean = parameter(3);
  step.variance = parameter(4);
  return {.apply = step};
}

}  // namespace

ElementSource element_source(const FunctionalPlan& plan, const Stage& stage, const Op& op,
                             TensorId id, const Shape& shape) {
  using From = ElementSource::From;
  const TensorDesc& desc = plan.graph().tensor(id);
  const ElementOrder result = plan.order_of(op.outputs[0]);
  ElementSource source{.element = plan.element_of(id)};
  const auto index = [&](const ElementOrder& order) {
    return index_map(
        result, source_table(result, broadcast_source(order, result.shape), order.batch_step()));
  };
  if (!desc.constant) {
    const bool streamed = id == stage.input;
    const auto operand = std::find_if(stage.operands.begin(), stage.operands.end(),
                                      [&](const Operand& o) { return o.tensor == id; });
    PRESIL_CHECK(streamed || operand != stage.operands.end(), "{}: '{}' is not read", op.name,
                 desc.name);
    const FeatureMap& map = operand != stage.operands.end() ? operand->map : stage.in;
    source.from = operand != stage.operands.end() ? From::kOperand : From::kInput;
    source.extents = {map.rows, map.columns, map.channels};
    source.index = index(plan.order_of(id));
    return source;
  }
  if (element_count(desc.shape) == 1) {
    source.from = From::kImmediate;
    source.immediate = constant_bits(plan, id).front();
    return source;
  }
  source.from = From::kConstants;
  for (const TensorId before : constants_of(plan.graph(), stage)) {
    if (before == id) break;
    source.constants_offset +=
        element_count(plan.graph().tensor(before).shape) * bytes_of(plan.element_of(before));
  }
  source.index = index({shape.empty() ? desc.shape : shape, true});
  return source;
}

Step step_of(const FunctionalPlan& plan, const Stage& stage, const Op& op, TensorId streamed) {
  if (op.kind == OpKind::kBatchNorm) return norm_step(plan, stage, op);
  if (op.inputs.size() == 1) return unary_step(plan, op, op.inputs[0], op.outputs[0]);
  if (op.inputs.size() != 2 || !binary_function(op.kind))
    cannot_execute(op, fmt::format("an elementwise operator with {} operands", op.inputs.size()));
  Step step = binary_step(plan, op);
  step.other_first = op.inputs[0] != streamed;
  step.other = element_source(plan, stage, op, op.inputs[step.other_first ? 0 : 1]);
  return step;
}

std::vector<TensorId> constants_of(const Graph& graph, const Stage& stage) {
  std::vector<TensorId> all;
  const auto take = [&](const Op& op, bool scalars) {
    for (const TensorId id : op.inputs)
      if (id != kNoTensor && graph.tensor(id).constant &&
          (scalars || element_count(graph.tensor(id).shape) > 1))
        all.push_back(id);
  };
  const Op& op = graph.op(stage.op);
  // As the stage builders count them.
  const OpClass kind = op_info(op.kind).op_class;
  using enum OpKind;
  if (kind == OpClass::kMove || kind == OpClass::kFree || op.kind == kLayerNorm ||
      op.kind == kInstanceNorm) {
    if (op.kind != kConcat && op.kind != kSplit && stage.table_bytes == 0) take(op, true);
  } else if (kind == OpClass::kVector) {
    take(op, false);
  }
  for (const OpId fused : stage.fused) take(graph.op(fused), false);
  return all;
}

}  // namespace presil
