// QDQ: operators between kDequantize and kQuantize work on the quantised tensors themselves.

#include <algorithm>
#include <array>
#include <cmath>

#include "models/constant_values.h"
#include "models/simplify_rules.h"

namespace presil {

namespace {

bool is_mac(OpKind kind) { return op_info(kind).op_class == OpClass::kMac; }

bool is_quantized(const TensorDesc& tensor) {
  return !is_float(tensor.type) && tensor.quantization.has_value();
}

/// The quantised tensor behind a kDequantize; kNoTensor if there is none.
TensorId stored(const Rewrite& r, TensorId id) {
  const Op* dequantize = r.made_by(id, OpKind::kDequantize);
  const bool fits = dequantize != nullptr && is_quantized(r.tensor(dequantize->inputs[0]));
  return fits ? dequantize->inputs[0] : kNoTensor;
}

/// Hands elements through, or picks some, so that it cannot go from one scale to another.
bool picks_elements(OpKind kind) {
  constexpr std::array kOthers = {OpKind::kMaxPool,      OpKind::kGlobalMaxPool, OpKind::kReduceMax,
                                  OpKind::kReduceMin,    OpKind::kMin,           OpKind::kMax,
                                  OpKind::kResizeNearest};
  const OpClass op_class = op_info(kind).op_class;
  return op_class == OpClass::kMove || op_class == OpClass::kFree ||
         std::find(kOthers.begin(), kOthers.end(), kind) != kOthers.end();
}

/// Operators whose float parameters stay float.
bool keeps_parameters(OpKind kind) {
  return kind == OpKind::kLayerNorm || kind == OpKind::kBatchNorm || kind == OpKind::kInstanceNorm;
}

bool can_be_quantized(const Op& op) {
  const bool converts =
      op.kind == OpKind::kCast || op.kind == OpKind::kQuantize || op.kind == OpKind::kDequantize;
  const bool recurrent =
      op.kind == OpKind::kLstm || op.kind == OpKind::kGru || op.kind == OpKind::kRnn;
  return !converts && !recurrent && op.kind != OpKind::kHost && op.outputs.size() == 1;
}

/// Scale of x times scale of the weights, as every int8 kernel accumulates; empty if the weights
/// have a scale along something else than their outputs, or the product is no scale.
std::optional<Quantization> bias_quantization(const Rewrite& r, TensorId x, TensorId weights) {
  const Quantization& inputs = *r.tensor(x).quantization;
  Quantization result = *r.tensor(weights).quantization;
  if (inputs.axis >= 0 || result.axis > 0) return std::nullopt;
  for (float& scale : result.scale) {
    scale *= inputs.scale.front();
    if (!std::isnormal(scale)) return std::nullopt;
  }
  std::fill(result.zero_point.begin(), result.zero_point.end(), 0);
  return result;
}

/// A constant with another type and quantisation; its values, where known, are rounded to them.
TensorId converted(Rewrite& r, TensorId id, DataType type, Quantization quantization) {
  TensorDesc tensor = r.tensor(id);
  const auto values = real_values(tensor);
  tensor.type = type;
  tensor.quantization = std::move(quantization);
  tensor.data = nullptr;
  return r.add_constant(values ? with_values(std::move(tensor), *values) : std::move(tensor));
}

/// The operands of an op with the quantised tensors in place of the dequantised ones.
struct QuantizedOperands {
  std::vector<TensorId> inputs;
  TensorId float_bias = kNoTensor;  ///< a constant that is still to be quantised
};

/// Empty unless every float operand is a dequantised one, or one that may stay as it is.
std::optional<QuantizedOperands> quantized_operands(const Rewrite& r, const Op& op) {
  QuantizedOperands result;
  bool any = false;
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const TensorId id = op.inputs[i], q = stored(r, id);
    const bool per_axis = q != kNoTensor && r.tensor(q).quantization->axis >= 0;
    if (q != kNoTensor && (!per_axis || r.is_constant(q))) {
      any = true;
      result.inputs.push_back(q);
      continue;
    }
    const bool is_bias = is_mac(op.kind) && i == 2 && r.is_constant(id);
    const bool stays = id == kNoTensor || !is_float(r.tensor(id).type) ||
                       (keeps_parameters(op.kind) && i > 0 && r.is_constant(id));
    if (!stays && !is_bias) return std::nullopt;
    if (!stays) result.float_bias = id;
    result.inputs.push_back(id);
  }
  return any ? std::optional(std::move(result)) : std::nullopt;
}

/// Types and scales of operands and result must suit the operator.
bool suits(const Rewrite& r, const Op& op, const QuantizedOperands& operands, TensorId result) {
  if (is_mac(op.kind)) {
    const bool both =
        is_quantized(r.tensor(operands.inputs[0])) && is_quantized(r.tensor(operands.inputs[1]));
    return both && (operands.float_bias == kNoTensor ||
                    (op.kind != OpKind::kTransposedConv &&
                     bias_quantization(r, operands.inputs[0], operands.inputs[1])));
  }
  const TensorDesc& wanted = r.tensor(result);
  for (std::size_t i = 0; i < operands.inputs.size(); ++i) {
    if (stored(r, op.inputs[i]) == kNoTensor) continue;
    const TensorDesc& given = r.tensor(operands.inputs[i]);
    if (given.type != wanted.type) return false;
    if (picks_elements(op.kind) && !same_quantization(given, wanted)) return false;
  }
  return true;
}

/// root = kQuantize(op(kDequantize, ...)) -> op.
bool quantized_op(Rewrite& r, OpId root) {
  const Op quantize = r.op(root);
  const TensorId result = quantize.outputs.front();
  if (quantize.kind != OpKind::kQuantize || !is_quantized(r.tensor(result))) return false;
  const auto maker = r.maker(quantize.inputs[0]);
  if (!maker || r.uses(quantize.inputs[0]) != 1) return false;
  const Op op = r.op(*maker);
  if (!can_be_quantized(op)) return false;
  auto operands = quantized_operands(r, op);
  if (!operands || !suits(r, op, *operands, result)) return false;
  if (operands->float_bias != kNoTensor)
    operands->inputs[2] =
        converted(r, operands->float_bias, DataType::kInt32,
                  *bias_quantization(r, operands->inputs[0], operands->inputs[1]));
  r.replace(root, op.kind, op.attrs, std::move(operands->inputs));
  r.rename(root, op.name);
  return true;
}

/// kQuantize(clamp(op(...))) -> clamp(kQuantize(op(...))), so that the op can be quantised: on
/// integers the clamp is one of values that are saturated already, so the two are exactly equal.
bool clamp_after_quantize(Rewrite& r, OpId root) {
  const Op quantize = r.op(root);
  if (quantize.kind != OpKind::kQuantize) return false;
  for (const OpKind kind : {OpKind::kRelu, OpKind::kRelu6, OpKind::kClip}) {
    const Op* found = r.inner(quantize.inputs[0], kind);
    if (found == nullptr) continue;
    const Op clamp = *found;
    const auto maker = r.maker(clamp.inputs[0]);
    if (!maker || r.uses(clamp.inputs[0]) != 1 || !can_be_quantized(r.op(*maker))) continue;
    const TensorDesc result = r.tensor(quantize.outputs[0]);
    const auto operands = quantized_operands(r, r.op(*maker));
    if (!is_quantized(result) || !operands ||
        !suits(r, r.op(*maker), *operands, quantize.outputs[0]))
      continue;
    r.retype(clamp.outputs[0], result.type, result.quantization);
    r.replace(*r.maker(clamp.outputs[0]), OpKind::kQuantize, quantize.attrs, clamp.inputs);
    r.replace(root, kind, clamp.attrs, {clamp.outputs[0]});
    r.rename(root, clamp.name);
    return true;
  }
  return false;
}

/// kSplit of a dequantised tensor into parts that are all quantised again, in the same way.
bool quantized_split(Rewrite& r, OpId root) {
  const Op split = r.op(root);
  if (split.kind != OpKind::kSplit) return false;
  const TensorId q = stored(r, split.inputs[0]);
  if (q == kNoTensor || r.tensor(q).quantization->axis >= 0) return false;
  std::vector<OpId> quantizes;
  for (OpId id = 0; id < r.op_count(); ++id) {
    const Op& op = r.op(id);
    if (!r.alive(id) || op.kind != OpKind::kQuantize || r.maker(op.inputs[0]) != root) continue;
    const TensorDesc& part = r.tensor(op.outputs[0]);
    if (part.type != r.tensor(q).type || !same_quantization(part, r.tensor(q))) return false;
    if (r.is_output(op.outputs[0])) return false;
    quantizes.push_back(id);
  }
  int uses = 0;
  for (const TensorId part : split.outputs) uses += r.uses(part);
  if (quantizes.empty() || uses != static_cast<int>(quantizes.size())) return false;
  for (const TensorId part : split.outputs)
    r.retype(part, r.tensor(q).type, r.tensor(q).quantization);
  r.replace(root, split.kind, split.attrs, {q});
  for (const OpId id : quantizes) r.bypass(id, r.op(id).inputs[0]);
  return true;
}

/// Weights are stored as they are, whatever x is.
bool stored_weights(Rewrite& r, OpId root) {
  const Op op = r.op(root);
  if (!is_mac(op.kind) || op.kind == OpKind::kLstm || op.kind == OpKind::kGru ||
      op.kind == OpKind::kRnn)
    return false;
  const TensorId weights = stored(r, op.inputs[1]);
  if (weights == kNoTensor || !r.is_constant(weights)) return false;
  std::vector<TensorId> inputs = op.inputs;
  inputs[1] = weights;
  r.replace(root, op.kind, op.attrs, std::move(inputs));
  return true;
}

/// kQuantize(kDequantize(q)): nothing, or one step from scale to scale.
bool requantize(Rewrite& r, OpId root) {
  const Op op = r.op(root);
  if (op.kind != OpKind::kQuantize) return false;
  const TensorId q = stored(r, op.inputs[0]);
  if (q == kNoTensor) return false;
  if (r.tensor(q).type == r.tensor(op.outputs[0]).type &&
      same_quantization(r.tensor(q), r.tensor(op.outputs[0])) && r.bypass(root, q))
    return true;
  r.replace(root, op.kind, op.attrs, {q});
  return true;
}

/// kQuantize(constant) -> the constant, quantised.
bool quantized_constant(Rewrite& r, OpId root) {
  const Op op = r.op(root);
  if (op.kind != OpKind::kQuantize || !r.is_constant(op.inputs[0])) return false;
  const TensorDesc result = r.tensor(op.outputs[0]);
  if (!is_float(r.tensor(op.inputs[0]).type) || !is_quantized(result)) return false;
  if (r.is_output(op.outputs[0])) return false;
  return r.bypass(root, converted(r, op.inputs[0], result.type, *result.quantization));
}

constexpr std::array kRules = {
    RewriteRule{"quantised constant", quantized_constant},
    RewriteRule{"requantise", requantize},
    RewriteRule{"stored weights", stored_weights},
    RewriteRule{"clamp after quantise", clamp_after_quantize},
    RewriteRule{"quantised operator", quantized_op},
    RewriteRule{"quantised split", quantized_split},
};

}  // namespace

std::span<const RewriteRule> quantized_rules() { return kRules; }

}  // namespace presil
