#include "models/onnx_fold.h"

#include <array>

namespace presil {
namespace {

const OnnxFold* find_fold(const OnnxNode& node) {
  if (!node.domain().empty()) return nullptr;
  const std::array families = {onnx_math_folds(), onnx_movement_folds(), onnx_value_folds()};
  for (const auto rows : families)
    for (const OnnxFold& row : rows)
      if (row.type == node.type()) return &row;
  return nullptr;
}

}  // namespace

bool has_constant_operands(OnnxContext& context, const OnnxNode& node) {
  bool any = false;
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    if (!node.has_input(i)) continue;
    if (context.constant(node, i) == nullptr) return false;
    any = true;
  }
  return any;
}

bool has_operand_values(OnnxContext& context, const OnnxNode& node) {
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    if (!node.has_input(i)) continue;
    const OnnxConstant* known = context.constant(node, i);
    if (known == nullptr || !known->data) return false;
  }
  return true;
}

bool can_fold_onnx(const OnnxNode& node) { return find_fold(node) != nullptr; }

bool fold_onnx_node(OnnxContext& context, const OnnxNode& node) {
  const OnnxFold* row = find_fold(node);
  if (row == nullptr) return false;
  if (!row->of_shapes && !has_constant_operands(context, node)) return false;
  row->fold(context, node);
  return true;
}

void bind_shape_only(OnnxContext& context, const OnnxNode& node, DataType type, Shape shape) {
  checked_elements(shape, node.place());
  context.bind(node, 0, OnnxConstant{.type = type, .shape = std::move(shape), .data = nullptr});
}

const OnnxConstant& folded_operand(OnnxContext& context, const OnnxNode& node, std::size_t i) {
  context.value(node, i);  // throws if it is absent
  return *context.constant(node, i);
}

}  // namespace presil
