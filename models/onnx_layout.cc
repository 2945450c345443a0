#include "models/onnx_layout.h"

#include <algorithm>

namespace presil {
namespace {

Shape reshape_target(OnnxContext& context, const OnnxNode& node) {
  const Shape from = context.shape(node, 0);
  Shape shape = context.integers(node, 1, "the shape");
  const bool zero_is_zero = node.integer("allowzero", 0) != 0;
  std::optional<std::size_t> open;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] == 0 && !zero_is_zero) {
      if (axis >= from.size())
        throw Error("{}: entry {} of shape {} copies an extent that operand {} does not have",
                    node.place(), axis, list_text(shape), to_string(from));
      shape[axis] = from[axis];
    }
    if (shape[axis] < -1 || (shape[axis] == -1 && open))
      throw Error("{}: shape {}: entries must be >= 0, one may be -1", node.place(),
                  list_text(shape));
    if (shape[axis] == -1) open = axis;
  }
  if (open) shape[*open] = 1;
  const std::int64_t fixed = checked_elements(shape, node.place());
  const std::int64_t elements = bounded_elements(from);
  if (open) {
    if (fixed == 0 ? elements != 0 : elements % fixed != 0)
      throw Error("{}: {} elements of {} do not divide into shape {}", node.place(), elements,
                  to_string(from), list_text(shape));
    shape[*open] = fixed == 0 ? 0 : elements / fixed;
  } else if (fixed != elements) {
    throw Error("{}: {} has {} elements, the shape {} has {}", node.place(), to_string(from),
                elements, list_text(shape), fixed);
  }
  return shape;
}

Shape flatten_target(OnnxContext& context, const OnnxNode& node) {
  const Shape from = context.shape(node, 0);
  const auto rank = static_cast<std::int64_t>(from.size());
  std::int64_t axis = node.integer("axis", 1);
  if (axis < -rank || axis > rank)
    throw Error("{}: axis {} is outside of {}", node.place(), axis, to_string(from));
  if (axis < 0) axis += rank;
  const Shape before(from.begin(), from.begin() + axis), behind(from.begin() + axis, from.end());
  return {element_count(before), element_count(behind)};
}

Shape squeeze_target(OnnxContext& context, const OnnxNode& node) {
  const Shape from = context.shape(node, 0);
  const std::vector<std::int64_t> axes = onnx_axes(context, node, from.size());
  Shape shape;
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    const bool named =
        std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(axis)) != axes.end();
    if (named && from[axis] != 1)
      throw Error("{}: axis {} of {} has extent {}, must be 1 to be squeezed", node.place(), axis,
                  to_string(from), from[axis]);
    if (axes.empty() ? from[axis] != 1 : !named) shape.push_back(from[axis]);
  }
  return shape;
}

Shape unsqueeze_target(OnnxContext& context, const OnnxNode& node) {
  const Shape from = context.shape(node, 0);
  const std::size_t given = node.has_input(1) ? context.integers(node, 1, "the axes").size()
                                              : node.integers("axes").size();
  const std::size_t rank = from.size() + given;
  if (rank > kMaxOnnxRank)
    throw Error("{}: makes {} dimensions; at most {} are supported", node.place(), rank,
                kMaxOnnxRank);
  const std::vector<std::int64_t> axes = onnx_axes(context, node, rank);
  Shape shape;
  auto next = from.begin();
  for (std::size_t axis = 0; axis < rank; ++axis) {
    const bool named =
        std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(axis)) != axes.end();
    shape.push_back(named ? 1 : *next++);
  }
  return shape;
}

/// Begin and size of one axis, from ONNX's clamping rules.
void set_range(OnnxSlice& slice, std::size_t axis, std::int64_t start, std::int64_t end,
               std::int64_t step) {
  const std::int64_t extent = slice.sizes[axis];
  if (extent == 0) return;
  const bool forward = step > 0;
  if (start < 0) start += extent;
  if (end < 0) end += extent;
  const std::int64_t first = std::clamp<std::int64_t>(start, 0, forward ? extent : extent - 1);
  const std::int64_t past =
      std::clamp<std::int64_t>(end, forward ? 0 : -1, forward ? extent : extent - 1);
  const std::int64_t room = forward ? past - first : first - past;
  const std::int64_t stride = forward ? step : step == INT64_MIN ? INT64_MAX : -step;
  slice.sizes[axis] = room <= 0 ? 0 : (room - 1) / stride + 1;
  slice.begins[axis] = room <= 0 ? 0 : first;
  slice.steps[axis] = slice.sizes[axis] <= 1 ? 1 : step;
}

}  // namespace

std::vector<std::int64_t> onnx_axes(OnnxContext& context, const OnnxNode& node, std::size_t rank) {
  std::vector<std::int64_t> axes =
      node.has_input(1) ? context.integers(node, 1, "the axes") : node.integers("axes");
  for (std::int64_t& axis : axes) axis = onnx_axis(node, axis, rank);
  std::sort(axes.begin(), axes.end());
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end())
    throw Error("{}: an axis is given twice", node.place());
  return axes;
}

Shape onnx_reshape_target(OnnxContext& context, const OnnxNode& node) {
  if (node.type() == "Flatten") return flatten_target(context, node);
  if (node.type() == "Squeeze") return squeeze_target(context, node);
  if (node.type() == "Unsqueeze") return unsqueeze_target(context, node);
  return reshape_target(context, node);
}

std::vector<std::int64_t> onnx_permutation(OnnxContext& context, const OnnxNode& node) {
  const std::size_t rank = context.rank(node, 0);
  std::vector<std::int64_t> perm = node.integers("perm");
  if (perm.empty())
    for (std::size_t axis = rank; axis-- > 0;) perm.push_back(static_cast<std::int64_t>(axis));
  std::vector<std::int64_t> sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  bool fits = sorted.size() == rank;
  for (std::size_t axis = 0; fits && axis < rank; ++axis)
    fits = sorted[axis] == static_cast<std::int64_t>(axis);
  if (!fits)
    throw Error("{}: perm {} is no permutation of the {} axes of operand 0", node.place(),
                list_text(perm), rank);
  return perm;
}

OnnxSlice onnx_slice(OnnxContext& context, const OnnxNode& node) {
  const Shape from = context.shape(node, 0);
  const bool attributes = node.opset() < 10;
  const auto starts =
      attributes ? node.integers("starts") : context.integers(node, 1, "the starts");
  const auto ends = attributes ? node.integers("ends") : context.integers(node, 2, "the ends");
  std::vector<std::int64_t> axes, steps;
  if (attributes) axes = node.integers("axes");
  if (!attributes && node.has_input(3)) axes = context.integers(node, 3, "the axes");
  if (!attributes && node.has_input(4)) steps = context.integers(node, 4, "the steps");
  if (axes.empty())
    for (std::size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  if (steps.empty()) steps.assign(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    throw Error("{}: starts, ends, axes and steps must be as many, are {}, {}, {} and {}",
                node.place(), starts.size(), ends.size(), axes.size(), steps.size());
  OnnxSlice slice{.begins = std::vector<std::int64_t>(from.size(), 0),
                  .sizes = from,
                  .steps = std::vector<std::int64_t>(from.size(), 1)};
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const auto axis = static_cast<std::size_t>(onnx_axis(node, axes[i], from.size()));
    if (steps[i] == 0) throw Error("{}: the step of axis {} must not be 0", node.place(), axis);
    set_range(slice, axis, starts[i], ends[i], steps[i]);
  }
  return slice;
}

std::vector<std::int64_t> onnx_split_sizes(OnnxContext& context, const OnnxNode& node,
                                           std::size_t axis) {
  const Shape from = context.shape(node, 0);
  std::vector<std::int64_t> sizes =
      node.has_input(1) ? context.integers(node, 1, "the split") : node.integers("split");
  const std::int64_t parts = node.proto().output_size();
  if (parts == 0) throw Error("{}: has no results", node.place());
  if (sizes.empty()) {
    if (from[axis] % parts != 0)
      throw Error("{}: axis {} of {} does not split into {} equal parts", node.place(), axis,
                  to_string(from), parts);
    sizes.assign(static_cast<std::size_t>(parts), from[axis] / parts);
  }
  std::int64_t sum = 0;
  for (const std::int64_t size : sizes) {
    if (size < 0 || size > from[axis]) {
      sum = -1;
      break;
    }
    sum += size;
  }
  if (sum != from[axis] || static_cast<std::int64_t>(sizes.size()) != parts)
    throw Error("{}: split {} must have {} entries that add up to axis {} of {}", node.place(),
                list_text(sizes), parts, axis, to_string(from));
  return sizes;
}

Shape onnx_broadcast(const OnnxNode& node, const Shape& a, const Shape& b) {
  Shape joined(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 1; i <= joined.size(); ++i) {
    const std::int64_t x = i > a.size() ? 1 : a[a.size() - i];
    const std::int64_t y = i > b.size() ? 1 : b[b.size() - i];
    if (x != y && x != 1 && y != 1)
      throw Error("{}: shapes {} and {} do not broadcast", node.place(), to_string(a),
                  to_string(b));
    joined[joined.size() - i] = x == 1 ? y : x;
  }
  checked_elements(joined, node.place());
  return joined;
}

Shape onnx_expand_target(OnnxContext& context, const OnnxNode& node) {
  const Shape wanted = context.integers(node, 1, "the shape");
  checked_elements(wanted, node.place());
  return onnx_broadcast(node, context.shape(node, 0), wanted);
}

std::vector<std::int64_t> onnx_tile_repeats(OnnxContext& context, const OnnxNode& node) {
  const Shape from = context.shape(node, 0);
  const auto repeats = context.integers(node, 1, "the repeats");
  if (repeats.size() != from.size())
    throw Error("{}: repeats {} must have one entry for each dimension of {}", node.place(),
                list_text(repeats), to_string(from));
  Shape made;
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    if (repeats[axis] < 0 || repeats[axis] > kMaxOnnxExtent)
      throw Error("{}: repeats {} must be 0 to 2^31", node.place(), list_text(repeats));
    made.push_back(bounded_elements({from[axis], repeats[axis]}));
  }
  checked_elements(made, node.place());
  return repeats;
}

std::vector<std::int64_t> onnx_gather_indices(OnnxContext& context, const OnnxNode& node,
                                              std::size_t axis) {
  const std::int64_t extent = context.shape(node, 0)[axis];
  std::vector<std::int64_t> indices = context.integers(node, 1, "the indices");
  for (std::int64_t& index : indices) {
    if (index < -extent || index >= extent)
      throw Error("{}: index {} is outside of axis {} of {}", node.place(), index, axis,
                  to_string(context.shape(node, 0)));
    if (index < 0) index += extent;
  }
  return indices;
}

}  // namespace presil
