#pragma once
// What the operators that move elements ask for, over all opsets from 9 to 17: as attributes or as
// constant operands. Used by folding and by conversion. Private to the ONNX importer.
//
// All throw Error if the file is wrong, OnnxUnsupported if an operand's values are not known.

#include <cstdint>
#include <vector>

#include "models/onnx_context.h"

namespace presil {

/// Elements along one axis up to which indices are written out (negative steps, reflected pads).
inline constexpr std::int64_t kMaxOnnxReversed = 1 << 20;

/// NumPy broadcasting, extents of 0 included. Throws Error if the two do not fit.
Shape onnx_broadcast(const OnnxNode& node, const Shape& a, const Shape& b);
/// The shape that Reshape, Flatten, Squeeze or Unsqueeze gives operand 0.
Shape onnx_reshape_target(OnnxContext& context, const OnnxNode& node);
/// The permutation of Transpose.
std::vector<std::int64_t> onnx_permutation(OnnxContext& context, const OnnxNode& node);

/// One entry a dimension of operand 0; steps may be negative, sizes 0.
struct OnnxSlice {
  std::vector<std::int64_t> begins, sizes, steps;
};
OnnxSlice onnx_slice(OnnxContext& context, const OnnxNode& node);
/// The extents that Split gives its results along `axis`.
std::vector<std::int64_t> onnx_split_sizes(OnnxContext& context, const OnnxNode& node,
                                           std::size_t axis);
/// The shape that Expand makes.
Shape onnx_expand_target(OnnxContext& context, const OnnxNode& node);
std::vector<std::int64_t> onnx_tile_repeats(OnnxContext& context, const OnnxNode& node);
/// The constant indices of Gather along `axis`, counted from 0.
std::vector<std::int64_t> onnx_gather_indices(OnnxContext& context, const OnnxNode& node,
                                              std::size_t axis);
/// Axes given as attribute `axes` or, where the opset allows it, as operand 1. Empty if not given.
std::vector<std::int64_t> onnx_axes(OnnxContext& context, const OnnxNode& node, std::size_t rank);

}  // namespace presil
