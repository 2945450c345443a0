#include "sim/element_order.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"

namespace presil {

ElementOrder::ElementOrder(const Shape& tensor_shape, bool last, std::int64_t copies)
    : shape(tensor_shape), stride(tensor_shape.size(), 0), batch(copies) {
  const std::size_t rank = shape.size();
  if (last || rank < 3) {  // row-major as it is
    std::int64_t step = 1;
    for (std::size_t i = rank; i-- > 0; step *= shape[i]) stride[i] = step;
    if (rank >= 1) extents.channels = shape[rank - 1];
    if (rank >= 2) extents.rows = shape[rank - 2];
    for (std::size_t i = 0; i + 2 < rank; ++i) images *= shape[i];
    return;
  }
  images = shape[0];
  extents.columns = shape[rank - 1];
  const std::size_t channel_end = rank >= 4 ? rank - 2 : rank - 1;
  if (rank >= 4) extents.rows = shape[rank - 2];
  for (std::size_t i = channel_end; i-- > 1;) {
    stride[i] = extents.channels;
    extents.channels *= shape[i];
  }
  stride[rank - 1] = extents.channels;
  if (rank >= 4) stride[rank - 2] = extents.channels * extents.columns;
  stride[0] = extents.channels * extents.columns * extents.rows;
}

std::int64_t ElementOrder::ordinal(const Shape& index) const {
  std::int64_t at = 0;
  for (std::size_t i = 0; i < index.size(); ++i) at += index[i] * stride[i];
  return at;
}

namespace {

/// Place in the order in which a reshape takes and puts elements.
std::int64_t reshape_place(const Shape& shape, const Shape& index, bool channels_last) {
  std::int64_t place = 0;
  if (channels_last && shape.size() == 4) {
    for (const std::size_t axis : {0u, 2u, 3u, 1u}) place = place * shape[axis] + index[axis];
    return place;
  }
  for (std::size_t i = 0; i < shape.size(); ++i) place = place * shape[i] + index[i];
  return place;
}
/// The inverse, as an ordinal.
std::int64_t reshape_ordinal(const ElementOrder& order, std::int64_t place, bool channels_last) {
  const Shape& shape = order.shape;
  std::int64_t at = 0;
  const auto take = [&](std::size_t axis) {
    at += place % shape[axis] * order.stride[axis];
    place /= shape[axis];
  };
  if (channels_last && shape.size() == 4) {
    for (const std::size_t axis : {1u, 3u, 2u, 0u}) take(axis);
  } else {
    for (std::size_t i = shape.size(); i-- > 0;) take(i);
  }
  return at;
}

/// The steps by which reshape_place() counts.
std::vector<std::int64_t> place_steps(const Shape& shape, bool channels_last) {
  std::vector<std::size_t> axes;  // the fastest one first
  for (std::size_t i = shape.size(); i-- > 0;) axes.push_back(i);
  if (channels_last && shape.size() == 4) axes = {1, 3, 2, 0};
  std::vector<std::int64_t> steps(shape.size(), 0);
  std::int64_t step = 1;
  for (const std::size_t axis : axes) {
    steps[axis] = step;
    step *= shape[axis];
  }
  return steps;
}

/// A Source whose ordinal is a sum over the index, and never -1. row_reach() knows it again.
struct Affine {
  std::int64_t base = 0;
  std::vector<std::int64_t> steps;

  std::int64_t operator()(const Shape& index) const {
    std::int64_t at = base;
    for (std::size_t i = 0; i < index.size(); ++i) at += index[i] * steps[i];
    return at;
  }
};

Source affine_source(std::int64_t base, std::vector<std::int64_t> steps) {
  return Affine{base, std::move(steps)};
}

/// Affine where the operand's elements lie in the order in which a reshape takes them.
Source reshape_source(const ElementOrder& in, const Shape& to, bool channels_last) {
  const std::vector<std::int64_t> taken = place_steps(in.shape, channels_last);
  bool in_order = true;
  for (std::size_t i = 0; i < taken.size(); ++i)
    in_order &= in.shape[i] == 1 || in.stride[i] == taken[i];
  if (in_order) return affine_source(0, place_steps(to, channels_last));
  return [in, to, channels_last](const Shape& index) {
    return reshape_ordinal(in, reshape_place(to, index, channels_last), channels_last);
  };
}

Source blocks_source(const ElementOrder& in, const Shape& to, const Op& op) {
  const auto& attrs = op.as<BlockAttrs>();
  const std::int64_t b = attrs.block;
  const bool to_space = op.kind == OpKind::kDepthToSpace;
  const bool columns_first = attrs.column_row_depth;
  const std::int64_t depth = to_space ? to[1] : in.shape[1];
  return [in, b, to_space, columns_first, depth](const Shape& i) {
    if (to_space) {
      const std::int64_t cell = i[2] % b * b + i[3] % b;
      return in.ordinal(
          {i[0], columns_first ? i[1] * b * b + cell : cell * depth + i[1], i[2] / b, i[3] / b});
    }
    const std::int64_t cell = i[1] / depth;
    return in.ordinal({i[0], i[1] % depth, i[2] * b + cell / b, i[3] * b + cell % b});
  };
}

Source pad_source(const ElementOrder& in, const Op& op) {
  return [in, before = op.as<PadAttrs>().before](const Shape& index) -> std::int64_t {
    std::int64_t at = 0;
    for (std::size_t i = 0; i < index.size(); ++i) {
      const std::int64_t from = index[i] - before[i];
      if (from < 0 || from >= in.shape[i]) return -1;
      at += from * in.stride[i];
    }
    return at;
  };
}

Source nearest_source(const ElementOrder& in, const Shape& to, const Op& op) {
  std::vector<std::int64_t> rows, columns;
  for (std::int64_t h = 0; h < to[2]; ++h)
    rows.push_back(resize_neighbours(op, h, in.shape[2], to[2], true).low);
  for (std::int64_t w = 0; w < to[3]; ++w)
    columns.push_back(resize_neighbours(op, w, in.shape[3], to[3], true).low);
  return [in, rows, columns](const Shape& i) {
    return in.ordinal({i[0], i[1], rows[static_cast<std::size_t>(i[2])],
                       columns[static_cast<std::size_t>(i[3])]});
  };
}

/// Of an element of a concat that another operand makes: -1.
Source concat_source(const Graph& graph, const ElementOrder& in, const Op& op,
                     std::size_t operand) {
  const auto axis = static_cast<std::size_t>(op.as<AxisAttrs>().axis);
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < operand; ++i) begin += graph.tensor(op.inputs[i]).shape[axis];
  return [in, axis, begin](const Shape& index) -> std::int64_t {
    const std::int64_t at = index[axis] - begin;
    if (at < 0 || at >= in.shape[axis]) return -1;
    return in.ordinal(index) - begin * in.stride[axis];
  };
}

std::vector<std::int64_t> transposed(const ElementOrder& in, const Op& op) {
  std::vector<std::int64_t> steps;
  for (const std::int64_t axis : op.as<TransposeAttrs>().perm)
    steps.push_back(in.stride[static_cast<std::size_t>(axis)]);
  return steps;
}

}  // namespace

Source broadcast_source(const ElementOrder& from, const Shape& to) {
  std::vector<std::int64_t> steps(to.size(), 0);
  for (std::size_t i = 0; i < from.shape.size(); ++i)
    if (from.shape[i] != 1) steps[to.size() - from.shape.size() + i] = from.stride[i];
  return affine_source(0, std::move(steps));
}

Source source_of(const Graph& graph, const std::vector<bool>& last, const Op& op,
                 std::size_t operand, std::size_t result) {
  const TensorId from = op.inputs.at(operand);
  const ElementOrder in(graph.tensor(from).shape, last[static_cast<std::size_t>(from)]);
  const Shape& to = graph.tensor(op.outputs.at(result)).shape;
  switch (op.kind) {
    case OpKind::kReshape:
      return reshape_source(in, to, op.as<ReshapeAttrs>().channels_last);
    case OpKind::kTranspose:
      return affine_source(0, transposed(in, op));
    case OpKind::kSlice: {
      const SliceAttrs& attrs = op.as<SliceAttrs>();
      std::int64_t base = 0;
      std::vector<std::int64_t> steps;
      for (std::size_t i = 0; i < in.stride.size(); ++i) {
        base += attrs.begin[i] * in.stride[i];
        steps.push_back(attrs.step[i] * in.stride[i]);
      }
      return affine_source(base, steps);
    }
    case OpKind::kSplit: {
      const auto axis = static_cast<std::size_t>(op.as<AxisAttrs>().axis);
      std::int64_t begin = 0;
      for (std::size_t i = 0; i < result; ++i) begin += graph.tensor(op.outputs[i]).shape[axis];
      return affine_source(begin * in.stride[axis], in.stride);
    }
    case OpKind::kConcat:
      return concat_source(graph, in, op, operand);
    case OpKind::kPad:
      return pad_source(in, op);
    case OpKind::kDepthToSpace:
    case OpKind::kSpaceToDepth:
      return blocks_source(in, to, op);
    case OpKind::kChannelShuffle: {
      const std::int64_t groups = op.as<BlockAttrs>().block, inside = in.shape[1] / groups;
      return [in, groups, inside](const Shape& index) {
        Shape i = index;
        i[1] = index[1] % groups * inside + index[1] / groups;
        return in.ordinal(i);
      };
    }
    case OpKind::kResizeNearest:
      return nearest_source(in, to, op);
    default:
      return broadcast_source(in, to);
  }
}

Source last_state_source(const Op& op, const ElementOrder& steps) {
  const RecurrentAttrs& attrs = op.as<RecurrentAttrs>();
  const std::int64_t last = steps.shape[attrs.batch_first ? 1 : 0] - 1;
  return [steps, last, attrs](const Shape& i) {
    const std::int64_t direction = i[attrs.batch_first ? 1 : 0];
    const bool backward = attrs.direction == Direction::kReverse || direction == 1;
    const std::int64_t t = backward ? 0 : last;
    return steps.ordinal(attrs.batch_first ? Shape{i[0], t, i[1], i[2]}
                                           : Shape{t, i[0], i[1], i[2]});
  };
}

namespace {

void check_ordinals(std::int64_t elements, std::int64_t batch) {
  if (elements * batch > std::numeric_limits<std::int32_t>::max())
    throw Error("--batch {}: {} elements of a tensor would be more than 2^31 of the batch", batch,
                elements);
}

}  // namespace

std::vector<std::int32_t> source_table(const ElementOrder& result, const Source& source,
                                       std::int64_t step) {
  const std::int64_t count = result.elements();
  check_ordinals(std::max(count, step), result.batch);
  std::vector<std::int32_t> table(static_cast<std::size_t>(count * result.batch));
  for_each_index(result.shape, [&](const Shape& index) {
    table[static_cast<std::size_t>(result.ordinal(index))] =
        static_cast<std::int32_t>(source(index));
  });
  for (std::int64_t i = count; i < count * result.batch; ++i) {
    const std::int32_t before = table[static_cast<std::size_t>(i - count)];
    table[static_cast<std::size_t>(i)] =
        before < 0 ? before : before + static_cast<std::int32_t>(step);
  }
  return table;
}

std::shared_ptr<const ImageMap> broadcast_images(const ElementOrder& operand,
                                                 const ElementOrder& result) {
  if (operand.images * operand.batch == 1) return nullptr;
  // The first element of each image of the result.
  Shape firsts(result.shape.size(), 1);
  std::int64_t images = 1;
  for (std::size_t axis = 0; images < result.images; ++axis)
    images *= firsts[axis] = result.shape[axis];
  const Source source = broadcast_source(operand, result.shape);
  const std::int64_t image = operand.elements() / operand.images;
  ImageMap map;
  for_each_index(firsts, [&](const Shape& index) { map.push_back(source(index) / image); });
  for (std::int64_t i = result.images; i < result.images * result.batch; ++i)
    map.push_back(map[static_cast<std::size_t>(i - result.images)] +
                  (operand.batch > 1 ? operand.images : 0));
  for (std::size_t i = 0; i < map.size(); ++i)
    if (map[i] != static_cast<std::int64_t>(i))
      return std::make_shared<const ImageMap>(std::move(map));
  return nullptr;
}

IndexMap index_map(const ElementOrder& result, std::vector<std::int32_t> table) {
  const Extents& e = result.extents;
  IndexMap map{.columns = e.columns, .channels = e.channels};
  const auto at = [&](std::int64_t r, std::int64_t c, std::int64_t k) {
    return std::int64_t{table[static_cast<std::size_t>((r * e.columns + c) * e.channels + k)]};
  };
  const std::int64_t rows = result.batch * result.images * e.rows;
  map.base = at(0, 0, 0);
  map.row = rows > 1 ? at(1, 0, 0) - map.base : 0;
  map.column = e.columns > 1 ? at(0, 1, 0) - map.base : 0;
  map.channel = e.channels > 1 ? at(0, 0, 1) - map.base : 0;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < e.columns; ++c)
      for (std::int64_t k = 0; k < e.channels; ++k)
        if (at(r, c, k) < 0 || at(r, c, k) != map(r, c, k)) {
          map.table = std::move(table);
          return map;
        }
  return map;
}

namespace {

/// Of one tensor of a batch.
RowReach nothing(const ElementOrder& result) {
  RowReach reach;
  reach.rows.assign(static_cast<std::size_t>(result.images * result.extents.rows),
                    {std::numeric_limits<std::int64_t>::max(), 0});
  return reach;
}

void include(Rows& rows, std::int64_t row) {
  rows.begin = std::min(rows.begin, row);
  rows.end = std::max(rows.end, row + 1);
}

/// From the reach of one tensor to that of its batch.
RowReach finished(RowReach reach, const ElementOrder& result, const ElementOrder& input) {
  for (Rows& rows : reach.rows)
    if (rows.end <= rows.begin) rows = {0, 1};  // nothing but filling: some row, as a window's
  reach.all = reach.rows.front();
  const auto mix = [&](std::int64_t number) {
    reach.hash = reach.hash * 1099511628211u + static_cast<std::size_t>(number);
  };
  for (const Rows& rows : reach.rows) {
    reach.all = {std::min(reach.all.begin, rows.begin), std::max(reach.all.end, rows.end)};
    mix(rows.begin);
    mix(rows.end);
  }
  if (result.batch == 1) return reach;
  reach.batch = result.batch;
  reach.step = input.batch > 1 ? input.images * input.extents.rows : 0;
  reach.all.end += (reach.batch - 1) * reach.step;
  mix(reach.batch);
  mix(reach.step);
  return reach;
}

/// Row by row instead of element by element: the axes inside of a row span a box, whose lowest and
/// highest ordinals are at its corners.
RowReach affine_reach(const ElementOrder& result, const ElementOrder& input, const Affine& source) {
  RowReach reach = nothing(result);
  const std::int64_t out_row = result.extents.columns * result.extents.channels;
  const std::int64_t in_row = input.extents.columns * input.extents.channels;
  Shape firsts = result.shape;  // the first element of each row
  std::int64_t low = 0, high = 0;
  for (std::size_t axis = 0; axis < firsts.size(); ++axis) {
    if (result.stride[axis] >= out_row) continue;
    const std::int64_t reached = (firsts[axis] - 1) * source.steps[axis];
    (reached < 0 ? low : high) += reached;
    firsts[axis] = 1;
  }
  for_each_index(firsts, [&](const Shape& index) {
    const std::int64_t from = source(index);
    Rows& rows = reach.rows[static_cast<std::size_t>(result.ordinal(index) / out_row)];
    include(rows, (from + low) / in_row);
    include(rows, (from + high) / in_row);
  });
  return finished(std::move(reach), result, input);
}

}  // namespace

RowReach row_reach(const ElementOrder& result, const ElementOrder& input, const Source& source) {
  if (const Affine* affine = source.target<Affine>()) return affine_reach(result, input, *affine);
  RowReach reach = nothing(result);
  const std::int64_t out_row = result.extents.columns * result.extents.channels;
  const std::int64_t in_row = input.extents.columns * input.extents.channels;
  for_each_index(result.shape, [&](const Shape& index) {
    const std::int64_t from = source(index);
    if (from >= 0)
      include(reach.rows[static_cast<std::size_t>(result.ordinal(index) / out_row)], from / in_row);
  });
  return finished(std::move(reach), result, input);
}

RowReach reduction_reach(const ElementOrder& result, const ElementOrder& input,
                         const Source& target) {
  RowReach reach = nothing(result);
  const std::int64_t out_row = result.extents.columns * result.extents.channels;
  const std::int64_t in_row = input.extents.columns * input.extents.channels;
  for_each_index(input.shape, [&](const Shape& index) {
    include(reach.rows[static_cast<std::size_t>(target(index) / out_row)],
            input.ordinal(index) / in_row);
  });
  return finished(std::move(reach), result, input);
}

LinePlaces line_places(const ElementOrder& order, const std::vector<std::int64_t>& axes) {
  Shape one_line(order.shape.size(), 1), firsts = order.shape;
  for (const std::int64_t axis : axes) {
    one_line[static_cast<std::size_t>(axis)] = order.shape[static_cast<std::size_t>(axis)];
    firsts[static_cast<std::size_t>(axis)] = 1;
  }
  check_ordinals(order.elements(), order.batch);
  LinePlaces lines;
  const auto into = [&](std::vector<std::int32_t>& list) {
    return [&](const Shape& index) {
      list.push_back(static_cast<std::int32_t>(order.ordinal(index)));
    };
  };
  for_each_index(firsts, into(lines.starts));
  for_each_index(one_line, into(lines.places));
  const std::size_t one = lines.starts.size();
  for (std::size_t i = one; i < one * static_cast<std::size_t>(order.batch); ++i)
    lines.starts.push_back(lines.starts[i - one] + static_cast<std::int32_t>(order.batch_step()));
  return lines;
}

RowReach line_reach(const ElementOrder& order, const std::vector<std::int64_t>& axes) {
  RowReach reach = nothing(order);
  ElementOrder one = order;
  one.batch = 1;
  const LinePlaces lines = line_places(one, axes);
  const std::int64_t row = order.extents.columns * order.extents.channels;
  const std::int64_t last = lines.places.back();
  for (const std::int32_t start : lines.starts)
    for (const std::int32_t place : lines.places) {
      Rows& rows = reach.rows[static_cast<std::size_t>((start + place) / row)];
      include(rows, start / row);
      include(rows, (start + last) / row);
    }
  return finished(std::move(reach), order, order);
}

Source reduction_target(const ElementOrder& result, const Shape& input,
                        const std::vector<std::int64_t>& axes, bool keep_dims) {
  std::vector<std::int64_t> steps(input.size(), 0);
  std::size_t to = 0;
  for (std::size_t i = 0; i < input.size(); ++i) {
    const bool reduced =
        std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(i)) != axes.end();
    if (!reduced) steps[i] = result.stride.at(to);
    if (!reduced || keep_dims) ++to;
  }
  return affine_source(0, std::move(steps));
}

Neighbours resize_neighbours(const Op& op, std::int64_t at, std::int64_t in, std::int64_t out,
                             bool fixed_point) {
  const auto& attrs = op.as<ResizeAttrs>();
  const bool aligned = attrs.align_corners && out > 1;
  if (op.kind == OpKind::kResizeNearest) {
    std::int64_t from = at * in / out;
    if (aligned)
      from = (2 * at * (in - 1) + out - 1) / (2 * (out - 1));
    else if (attrs.half_pixel)
      from = (2 * at + 1) * in / (2 * out);
    from = std::min(from, in - 1);
    return {from, from};
  }
  if (fixed_point) {
    constexpr std::int64_t kOne = 1024;
    const std::int64_t num = aligned ? in - 1 : in, den = aligned ? out - 1 : out;
    const std::int64_t scale = (kOne * num + den / 2) / den;
    const std::int64_t place =
        attrs.half_pixel && !aligned ? at * scale + scale / 2 - kOne / 2 : at * scale;
    return {std::clamp<std::int64_t>(place / kOne, 0, in - 1),
            std::clamp<std::int64_t>((place + kOne - 1) / kOne, 0, in - 1)};
  }
  const double ratio = static_cast<double>(in) / static_cast<double>(out);
  const auto position = static_cast<double>(at);
  double place = position * ratio;
  if (aligned)
    place = position * static_cast<double>(in - 1) / static_cast<double>(out - 1);
  else if (attrs.half_pixel)
    place = (position + 0.5) * ratio - 0.5;
  const auto low = static_cast<std::int64_t>(std::floor(place));
  return {std::clamp<std::int64_t>(low, 0, in - 1), std::clamp<std::int64_t>(low + 1, 0, in - 1)};
}

}  // namespace presil
