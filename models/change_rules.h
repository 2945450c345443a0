#pragma once
// How constants and attributes follow when the extents around them change. Private to models/.

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "models/graph.h"

namespace presil {

/// `constant` with other extents: cropped or repeated along each axis. Without values if the kernel
/// (an axis behind the second) changes, or elements are narrower than a byte.
TensorDesc resized(const TensorDesc& constant, const Shape& shape, bool keep_values);

/// The target of a reshape from `old_in` to `old_out`, given `now_in`: runs of extents that hold
/// the same elements on both sides follow each other. Empty if a run does not divide.
std::optional<Shape> reshaped(const Shape& old_in, const Shape& old_out, const Shape& now_in);

/// Where the same map was seen before and after: [height, width] -> [height, width].
using MapExtents =
    std::map<std::pair<std::int64_t, std::int64_t>, std::pair<std::int64_t, std::int64_t>>;

/// An op with its operands' shapes before and now.
struct OpShapes {
  const Op& op;
  std::vector<Shape> before, now;  ///< absent operands: {}
};

/// The attributes of a changed op. Throws Error naming it.
OpAttrs attributes_behind(const OpShapes& op, const MapExtents& maps);
/// The parts of a kSplit whose input changed. Throws Error naming it.
std::vector<Shape> parts_behind(const OpShapes& op, const std::vector<Shape>& parts);

/// The shape that a constant operand must have; `outputs`: channels that the op makes.
/// Throws Error naming the op and the constant.
Shape constant_shape(const OpShapes& op, const OpAttrs& attrs, std::size_t operand,
                     const std::optional<std::int64_t>& outputs);

}  // namespace presil
