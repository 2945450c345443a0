#pragma once
// Nodes that are computed while importing, because every operand is constant: above all the chains
// over Shape by which exporters spell fixed shapes. Private to the ONNX importer.

#include <cstdint>
#include <span>
#include <string_view>

#include "models/onnx_context.h"

namespace presil {

/// Elements up to which constants are spread out (ConstantOfShape, Expand, Tile); larger ones keep
/// their shape only, as weights made by ConstantOfShape would fill the memory with one number.
inline constexpr std::int64_t kMaxSpreadElements = std::int64_t{1} << 17;
/// Elements up to which arithmetic is done; above, the shape alone is known.
inline constexpr std::int64_t kMaxComputedElements = std::int64_t{1} << 22;

/// Binds the node's results. Throws Error if the node is wrong, OnnxUnsupported if an operand's
/// values are not known.
using OnnxFolder = void (*)(OnnxContext&, const OnnxNode&);
struct OnnxFold {
  std::string_view type;
  OnnxFolder fold;
  bool of_shapes = false;  ///< needs only the operands' shapes
};

// The rows, by family: one .cc file each.
std::span<const OnnxFold> onnx_math_folds();      // onnx_fold_math.cc
std::span<const OnnxFold> onnx_movement_folds();  // onnx_fold_movement.cc
std::span<const OnnxFold> onnx_value_folds();     // onnx_fold_values.cc

/// Is there a row for the node's operator?
bool can_fold_onnx(const OnnxNode& node);
/// Computes `node` if it can: every operand constant, and a row for it. False: nothing was done.
bool fold_onnx_node(OnnxContext& context, const OnnxNode& node);
/// Is every operand constant (and is there one)?
bool has_constant_operands(OnnxContext& context, const OnnxNode& node);
/// Do all operands have values?
bool has_operand_values(OnnxContext& context, const OnnxNode& node);

/// For the folders: binds result 0 with a type and a shape and no values.
void bind_shape_only(OnnxContext& context, const OnnxNode& node, DataType type, Shape shape);
/// Operand `i`, which is constant.
const OnnxConstant& folded_operand(OnnxContext& context, const OnnxNode& node, std::size_t i);

}  // namespace presil
