#include "models/op_checks.h"

#include <algorithm>
#include <cmath>

#include "models/shape_rules.h"

namespace presil {

std::vector<const TensorDesc*> operands_of(const Op& op, const std::vector<TensorDesc>& tensors) {
  std::vector<const TensorDesc*> operands;
  for (const TensorId id : op.inputs) {
    PRESIL_CHECK(id >= kNoTensor && id < static_cast<TensorId>(tensors.size()),
                 "{}: operand is tensor {} of {}", op_label(op), id, tensors.size());
    operands.push_back(id == kNoTensor ? nullptr : &tensors[static_cast<std::size_t>(id)]);
  }
  return operands;
}

namespace {

void check_quantization(const TensorDesc& tensor) {
  const Quantization& q = *tensor.quantization;
  const auto axis = static_cast<std::size_t>(q.axis);
  if (q.axis < -1 || (q.axis >= 0 && axis >= tensor.shape.size()))
    throw Error("tensor '{}': quantisation axis {} is outside of {}", tensor.name, q.axis,
                to_string(tensor.shape));
  const std::size_t wanted = q.axis < 0 ? 1 : static_cast<std::size_t>(tensor.shape[axis]);
  if (q.scale.size() != wanted || q.zero_point.size() != wanted)
    throw Error("tensor '{}': {} scales and {} zero points, must be {} of each for {} and axis {}",
                tensor.name, q.scale.size(), q.zero_point.size(), wanted, to_string(tensor.shape),
                q.axis);
  for (const float scale : q.scale)
    if (!std::isfinite(scale) || scale <= 0)
      throw Error("tensor '{}': every scale must be a positive number, one is {}", tensor.name,
                  scale);
}

}  // namespace

void check_tensor(const TensorDesc& tensor) {
  for (const std::int64_t extent : tensor.shape)
    if (extent < 1 || extent > kMaxExtent)
      throw Error("tensor '{}': every extent must be 1 to {}, shape is {}", tensor.name, kMaxExtent,
                  to_string(tensor.shape));
  try {
    element_count(tensor.shape);
  } catch (const Error& error) {
    throw Error("tensor '{}': {}", tensor.name, error.what());
  }
  if (tensor.quantization) check_quantization(tensor);
  if (!tensor.data) return;
  if (!tensor.constant) throw Error("tensor '{}': has data, but is no constant", tensor.name);
  const auto bytes = static_cast<std::int64_t>(tensor.data->size());
  if (bytes != byte_count(tensor))
    throw Error("tensor '{}': has {} bytes of data, {} of {} needs {}", tensor.name, bytes,
                to_string(tensor.shape), name_of(tensor.type), byte_count(tensor));
}

namespace {

bool is_comparison(OpKind kind) {
  return kind == OpKind::kEqual || kind == OpKind::kLess || kind == OpKind::kGreater;
}

/// Not kPow: an integer exponent is common.
bool shares_operand_types(OpKind kind) {
  return (kind >= OpKind::kAdd && kind <= OpKind::kMax) || is_comparison(kind) ||
         kind == OpKind::kConcat;
}

bool is_integer(DataType type) { return !is_float(type) && type != DataType::kBool; }

bool keeps_type(OpKind kind) {
  return op_info(kind).op_class == OpClass::kMove || op_info(kind).op_class == OpClass::kFree;
}

void require_same(const Op& op, std::span<const TensorDesc* const> inputs, std::size_t first) {
  for (std::size_t i = first + 1; i < inputs.size(); ++i)
    if (inputs[i]->type != inputs[first]->type)
      throw Error("{}: operand {} is {}, operand {} {}; they must be of one type", op_label(op),
                  first, name_of(inputs[first]->type), i, name_of(inputs[i]->type));
}

void require_operand(const Op& op, std::size_t i, DataType type, bool fits,
                     std::string_view wanted) {
  if (!fits)
    throw Error("{}: operand {} must be {}, is {}", op_label(op), i, wanted, name_of(type));
}

void require_result(const Op& op, DataType type, bool fits, std::string_view wanted) {
  if (!fits) throw Error("{}: an output must be {}, is {}", op_label(op), wanted, name_of(type));
}

}  // namespace

void check_types(const Op& op, std::span<const TensorDesc* const> inputs,
                 std::span<const TensorDesc* const> outputs) {
  const auto in = [&](std::size_t i) { return inputs[i]->type; };
  const DataType out = outputs[0]->type;
  if (shares_operand_types(op.kind)) require_same(op, inputs, 0);
  if (op.kind == OpKind::kWhere) {
    require_operand(op, 0, in(0), in(0) == DataType::kBool, "bool");
    require_same(op, inputs, 1);
  }
  if (op.kind == OpKind::kNot) require_operand(op, 0, in(0), in(0) == DataType::kBool, "bool");
  if (is_comparison(op.kind) || op.kind == OpKind::kNot)
    require_result(op, out, out == DataType::kBool, "bool");
  if (op.kind == OpKind::kGather) require_operand(op, 1, in(1), is_integer(in(1)), "an integer");
  if (op.kind == OpKind::kArgMax) require_result(op, out, is_integer(out), "an integer");
  if (const auto* cast = std::get_if<CastAttrs>(&op.attrs))
    require_result(op, out, out == cast->to, name_of(cast->to));
  if (op.kind == OpKind::kQuantize) require_result(op, out, is_integer(out), "an integer");
  if (op.kind == OpKind::kDequantize) require_result(op, out, is_float(out), "a float");
  if (const auto* host = std::get_if<HostAttrs>(&op.attrs))
    for (std::size_t i = 0; i < outputs.size(); ++i)
      require_result(op, outputs[i]->type, outputs[i]->type == host->output_types[i],
                     name_of(host->output_types[i]));
  if (keeps_type(op.kind))
    for (const TensorDesc* output : outputs)
      require_result(op, output->type, output->type == in(0), name_of(in(0)));
}

DataType result_type(const Op& op, std::span<const TensorDesc* const> inputs) {
  if (is_comparison(op.kind)) return DataType::kBool;
  if (op.kind == OpKind::kArgMax) return DataType::kInt64;
  if (const auto* cast = std::get_if<CastAttrs>(&op.attrs)) return cast->to;
  return inputs[op.kind == OpKind::kWhere ? 1 : 0]->type;
}

}  // namespace presil
