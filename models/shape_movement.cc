// Shapes of operators that move elements.

#include <algorithm>

#include "models/shape_rules.h"

namespace presil {

namespace {

std::size_t index_of(std::int64_t axis) { return static_cast<std::size_t>(axis); }

void require_entries(const OpView& op, std::string_view what, std::size_t entries) {
  if (entries != op.shape(0).size())
    op.fail("{} must have one entry for each dimension of {}, has {}", what, to_string(op.shape(0)),
            entries);
}

}  // namespace

Shapes concat_shapes(const OpView& op) {
  const std::int64_t axis = op.attrs<AxisAttrs>().axis;
  op.require_axis(axis);
  Shape y = op.shape(0);
  for (std::size_t i = 1; i < op.input_count(); ++i) {
    Shape part = op.shape(i);
    const bool fits = part.size() == y.size();
    const std::int64_t extent = fits ? part[index_of(axis)] : 0;
    if (fits) part[index_of(axis)] = y[index_of(axis)];
    if (part != y)
      op.fail("operand {} {} and operand 0 {} must agree in all dimensions but {}", i,
              to_string(op.shape(i)), to_string(op.shape(0)), axis);
    y[index_of(axis)] += extent;
  }
  return {y};
}

Shapes split_shapes(const OpView& op, const Shapes& declared) {
  const std::int64_t axis = op.attrs<AxisAttrs>().axis;
  op.require_axis(axis);
  const std::int64_t extent = op.shape(0)[index_of(axis)];
  const auto parts = static_cast<std::int64_t>(declared.size());
  if (parts == 0) op.fail("must have at least one output");
  const bool open = std::all_of(declared.begin(), declared.end(),
                                [](const Shape& shape) { return shape.empty(); });
  if (open && extent % parts != 0)
    op.fail("axis {} of {} does not split into {} equal parts", axis, to_string(op.shape(0)),
            parts);
  Shapes all;
  std::int64_t sum = 0;
  for (const Shape& shape : declared) {
    all.push_back(op.shape(0));
    all.back()[index_of(axis)] = open                                 ? extent / parts
                                 : shape.size() == op.shape(0).size() ? shape[index_of(axis)]
                                                                      : 0;
    sum += all.back()[index_of(axis)];
  }
  if (sum != extent)
    op.fail("the outputs' extents along axis {} add up to {}, operand 0 {} has {}", axis, sum,
            to_string(op.shape(0)), extent);
  return all;
}

Shapes slice_shapes(const OpView& op) {
  const SliceAttrs& slice = op.attrs<SliceAttrs>();
  require_entries(op, "begin", slice.begin.size());
  require_entries(op, "size", slice.size.size());
  require_entries(op, "step", slice.step.size());
  for (std::size_t i = 0; i < slice.size.size(); ++i) {
    op.require_range(fmt::format("begin of axis {}", i), slice.begin[i], 0);
    op.require_range(fmt::format("size of axis {}", i), slice.size[i], 1);
    op.require_range(fmt::format("step of axis {}", i), slice.step[i], 1);
    if (slice.begin[i] + (slice.size[i] - 1) * slice.step[i] >= op.shape(0)[i])
      op.fail("begin {}, size {}, step {} leave axis {} of {}", slice.begin[i], slice.size[i],
              slice.step[i], i, to_string(op.shape(0)));
  }
  return {slice.size};
}

Shapes pad_shapes(const OpView& op) {
  const PadAttrs& pad = op.attrs<PadAttrs>();
  require_entries(op, "before", pad.before.size());
  require_entries(op, "after", pad.after.size());
  Shape y = op.shape(0);
  for (std::size_t i = 0; i < y.size(); ++i) {
    op.require_range(fmt::format("pad before axis {}", i), pad.before[i], 0);
    op.require_range(fmt::format("pad behind axis {}", i), pad.after[i], 0);
    y[i] += pad.before[i] + pad.after[i];
  }
  return {y};
}

Shapes reshape_shapes(const OpView& op) {
  const Shape& shape = op.attrs<ReshapeAttrs>().shape;
  for (const std::int64_t extent : shape) op.require_range("extent of the shape", extent, 1);
  const std::int64_t wanted = op.elements(shape), given = op.elements(op.shape(0));
  if (wanted != given)
    op.fail("operand 0 {} has {} elements, the shape {} has {}", to_string(op.shape(0)), given,
            to_string(shape), wanted);
  return {shape};
}

Shapes transpose_shapes(const OpView& op) {
  const std::vector<std::int64_t>& perm = op.attrs<TransposeAttrs>().perm;
  require_entries(op, "perm", perm.size());
  std::vector<bool> used(perm.size(), false);
  Shape y;
  for (const std::int64_t axis : perm) {
    op.require_axis(axis);
    if (used[index_of(axis)]) op.fail("perm [{}] names axis {} twice", fmt::join(perm, ","), axis);
    used[index_of(axis)] = true;
    y.push_back(op.shape(0)[index_of(axis)]);
  }
  return {y};
}

Shapes gather_shapes(const OpView& op) {
  const std::int64_t axis = op.attrs<AxisAttrs>().axis;
  op.require_axis(axis);
  const Shape& table = op.shape(0);
  Shape y(table.begin(), table.begin() + axis);
  y.insert(y.end(), op.shape(1).begin(), op.shape(1).end());
  y.insert(y.end(), table.begin() + axis + 1, table.end());
  return {y};
}

Shapes block_shapes(const OpView& op) {
  const std::int64_t block = op.attrs<BlockAttrs>().block;
  op.require_rank(0, "x", op.kind() == OpKind::kChannelShuffle ? 3 : 4, 4);
  op.require_range("block", block, 1);
  Shape y = op.shape(0);
  if (op.kind() == OpKind::kChannelShuffle) {
    if (y[1] % block != 0) op.fail("{} groups must divide {} channels", block, y[1]);
    return {y};
  }
  const bool to_space = op.kind() == OpKind::kDepthToSpace;
  const bool fits = to_space ? y[1] % block == 0 && y[1] / block % block == 0
                             : y[2] % block == 0 && y[3] % block == 0;
  if (!fits)
    op.fail("block {} must divide {} of {}", block,
            to_space ? "the channels twice" : "height and width", to_string(y));
  y[1] = to_space ? y[1] / block / block : y[1] * block * block;
  y[2] = to_space ? y[2] * block : y[2] / block;
  y[3] = to_space ? y[3] * block : y[3] / block;
  return {y};
}

Shapes expand_shapes(const OpView& op) {
  const Shape& shape = op.attrs<ReshapeAttrs>().shape;
  for (const std::int64_t extent : shape) op.require_range("extent of the shape", extent, 1);
  if (broadcast(op.shape(0), shape) != shape)
    op.fail("operand 0 {} does not broadcast to {}", to_string(op.shape(0)), to_string(shape));
  return {shape};
}

}  // namespace presil
