// Concatenation, splitting, slicing, padding, transposition and gathering.

#include <algorithm>
#include <array>
#include <numeric>

#include "models/tflite_operators.h"

namespace presil {
namespace {

using tflite_schema::ActivationFunctionType;
using tflite_schema::BuiltinOperator;

std::int64_t graph_axis(TfliteContext& context, const TfliteOp& op, std::int64_t axis,
                        std::size_t rank) {
  return axis_to_channels_first(normalized_axis(axis, rank, context.file().place(op)), rank);
}

void convert_concatenation(TfliteContext& context, const TfliteOp& op) {
  const auto* options = op.raw->builtin_options_as_ConcatenationOptions();
  const std::size_t rank = context.file_shape(context.input_index(op, 0)).size();
  const std::int64_t axis = options == nullptr ? 0 : options->axis();
  std::vector<TensorId> inputs;
  for (std::size_t i = 0; i < op.inputs.size(); ++i) inputs.push_back(context.input(op, i));
  context.result(
      op, OpKind::kConcat, AxisAttrs{.axis = graph_axis(context, op, axis, rank)},
      std::move(inputs),
      options == nullptr ? ActivationFunctionType::NONE : options->fused_activation_function());
}

/// Operands of SPLIT: axis, x; of SPLIT_V: x, sizes, axis. `sizes` empty: equal parts; one of them
/// may be -1: the rest.
void split(TfliteContext& context, const TfliteOp& op, std::size_t x_at, std::size_t axis_at,
           const std::vector<std::int64_t>& sizes) {
  const auto axes = context.integer_input(op, axis_at, "the axis");
  if (axes.size() != 1)
    throw Error("{}: must have one axis, has {}", context.file().place(op), axes.size());
  const TensorId x = context.input(op, x_at);
  const Shape shape = context.builder().tensor(x).shape;
  const std::int64_t axis = graph_axis(context, op, axes.front(), shape.size());
  const auto at = static_cast<std::size_t>(axis);
  const std::int64_t rest = shape[at] - 1 - std::accumulate(sizes.begin(), sizes.end(), INT64_C(0));
  std::vector<Shape> parts(sizes.size(), shape);
  for (std::size_t i = 0; i < sizes.size(); ++i) parts[i][at] = sizes[i] == -1 ? rest : sizes[i];
  context.results(op, OpKind::kSplit, AxisAttrs{.axis = axis}, {x}, parts);
}

void convert_split(TfliteContext& context, const TfliteOp& op) { split(context, op, 1, 0, {}); }

void convert_split_v(TfliteContext& context, const TfliteOp& op) {
  const auto sizes = context.integer_input(op, 1, "the sizes");
  if (sizes.size() != op.outputs.size())
    throw Error("{}: {} sizes for {} results", context.file().place(op), sizes.size(),
                op.outputs.size());
  split(context, op, 0, 2, sizes);
}

/// Each operand gets a new axis of extent 1, along which they are then joined.
void convert_pack(TfliteContext& context, const TfliteOp& op) {
  const auto* options = op.raw->builtin_options_as_PackOptions();
  Shape shape = context.file_shape(context.input_index(op, 0));
  const std::size_t rank = shape.size() + 1;
  const std::int64_t axis =
      normalized_axis(options == nullptr ? 0 : options->axis(), rank, context.file().place(op));
  shape.insert(shape.begin() + axis, 1);
  std::vector<TensorId> parts;
  for (std::size_t i = 0; i < op.inputs.size(); ++i)
    parts.push_back(context.reshaped(op, context.input(op, i), shape, fmt::format("part {}", i)));
  context.result(op, OpKind::kConcat, AxisAttrs{.axis = axis_to_channels_first(axis, rank)},
                 std::move(parts));
}

SliceAttrs whole(const Shape& shape) {
  return {.begin = Shape(shape.size(), 0), .size = shape, .step = Shape(shape.size(), 1)};
}

/// In the file's order -> in the graph's.
SliceAttrs in_graph_order(const SliceAttrs& slice) {
  return {.begin = to_channels_first_entries(slice.begin),
          .size = to_channels_first_entries(slice.size),
          .step = to_channels_first_entries(slice.step)};
}

/// One slice a result, each reshaped to lose the axis.
void convert_unpack(TfliteContext& context, const TfliteOp& op) {
  const auto* options = op.raw->builtin_options_as_UnpackOptions();
  const Shape shape = context.file_shape(context.input_index(op, 0));
  const auto axis = static_cast<std::size_t>(normalized_axis(
      options == nullptr ? 0 : options->axis(), shape.size(), context.file().place(op)));
  if (shape[axis] != static_cast<std::int64_t>(op.outputs.size()))
    throw Error("{}: {} results, but axis {} of {} has another extent", context.file().place(op),
                op.outputs.size(), axis, to_string(shape));
  Shape rest = shape;
  rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(axis));
  for (std::size_t i = 0; i < op.outputs.size(); ++i) {
    SliceAttrs slice = whole(shape);
    slice.begin[axis] = static_cast<std::int64_t>(i);
    slice.size[axis] = 1;
    const TensorId part =
        context.step_like(op, OpKind::kSlice, in_graph_order(slice), {context.input(op, 0)},
                          op.outputs[i], fmt::format("part {}", i));
    context.bind(op.outputs[i], context.reshaped(op, part, rest, fmt::format("unpacked {}", i)));
  }
}

void convert_slice(TfliteContext& context, const TfliteOp& op) {
  const Shape shape = context.file_shape(context.input_index(op, 0));
  SliceAttrs slice = whole(shape);
  slice.begin = context.integer_input(op, 1, "begin");
  slice.size = context.integer_input(op, 2, "size");
  if (slice.begin.size() != shape.size() || slice.size.size() != shape.size())
    throw Error("{}: begin and size must have one entry for each dimension of {}",
                context.file().place(op), to_string(shape));
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (slice.size[axis] == -1) slice.size[axis] = shape[axis] - slice.begin[axis];
    if (slice.begin[axis] < 0 || slice.size[axis] < 1 || slice.begin[axis] > shape[axis] ||
        slice.size[axis] > shape[axis] - slice.begin[axis])
      throw Error("{}: begin {} and size {} leave axis {} of {}", context.file().place(op),
                  slice.begin[axis], slice.size[axis], axis, to_string(shape));
  }
  context.result(op, OpKind::kSlice, in_graph_order(slice), {context.input(op, 0)});
}

/// Begin, size and step of one axis, as TFLite's masks and negative indices mean it.
void set_strided(SliceAttrs& slice, std::size_t axis, std::int64_t extent, std::int64_t begin,
                 std::int64_t end, const std::string& where) {
  begin = std::clamp<std::int64_t>(begin < 0 ? begin + extent : begin, 0, extent);
  end = std::clamp<std::int64_t>(end < 0 ? end + extent : end, 0, extent);
  if (end <= begin) throw Error("{}: selects nothing along axis {}", where, axis);
  slice.begin[axis] = begin;
  slice.size[axis] = (end - begin + slice.step[axis] - 1) / slice.step[axis];
}

void convert_strided_slice(TfliteContext& context, const TfliteOp& op) {
  const auto* options = op.raw->builtin_options_as_StridedSliceOptions();
  if (options == nullptr)
    throw Error("{}: its options are missing; the file is corrupt", context.file().place(op));
  if (options->ellipsis_mask() != 0 || options->new_axis_mask() != 0 || options->offset())
    throw TfliteUnsupported("ellipsis_mask, new_axis_mask or offset");
  const Shape shape = context.file_shape(context.input_index(op, 0));
  const auto begin = context.integer_input(op, 1, "begin");
  const auto end = context.integer_input(op, 2, "end");
  const auto step = context.integer_input(op, 3, "strides");
  if (begin.size() > shape.size() || end.size() != begin.size() || step.size() != begin.size())
    throw Error("{}: begin, end and strides must have one length, at most {}",
                context.file().place(op), shape.size());
  SliceAttrs slice = whole(shape);
  Shape left;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const int bit = axis < begin.size() ? 1 << axis : 0;
    const bool shrink = (options->shrink_axis_mask() & bit) != 0;
    if (bit != 0) {
      if (step[axis] < 1) throw TfliteUnsupported("a stride of {}", step[axis]);
      slice.step[axis] = shrink ? 1 : step[axis];
      const std::int64_t from = (options->begin_mask() & bit) != 0 ? 0 : begin[axis];
      const std::int64_t first = from < 0 ? from + shape[axis] : from;
      const std::int64_t past = (options->end_mask() & bit) != 0 ? shape[axis] : end[axis];
      set_strided(slice, axis, shape[axis], from, shrink ? first + 1 : past,
                  context.file().place(op));
    }
    if (!shrink) left.push_back(slice.size[axis]);
  }
  if (left.size() == shape.size())
    return context.result(op, OpKind::kSlice, in_graph_order(slice), {context.input(op, 0)});
  const TensorId part = context.step_like(op, OpKind::kSlice, in_graph_order(slice),
                                          {context.input(op, 0)}, context.output_index(op), "kept");
  context.result(op, OpKind::kReshape,
                 ReshapeAttrs{.shape = to_channels_first(left),
                              .channels_last = shape.size() == 4 || left.size() == 4},
                 {part});
}

/// Pads in the file's order. Throws Error unless there is a pair for each axis, none negative.
PadAttrs file_pads(TfliteContext& context, const TfliteOp& op) {
  const Shape shape = context.file_shape(context.input_index(op, 0));
  const auto pairs = context.integer_input(op, 1, "the pads");
  if (pairs.size() != 2 * shape.size())
    throw Error("{}: {} pads for the {} dimensions of {}; there must be two for each",
                context.file().place(op), pairs.size(), shape.size(), to_string(shape));
  PadAttrs pads;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    for (const std::int64_t pad : {pairs[2 * axis], pairs[2 * axis + 1]})
      if (pad < 0 || pad > (std::int64_t{1} << 31))
        throw Error("{}: pad {} of axis {} must be 0 to 2^31", context.file().place(op), pad, axis);
    pads.before.push_back(pairs[2 * axis]);
    pads.after.push_back(pairs[2 * axis + 1]);
  }
  return pads;
}

/// The pad value is a real number: 0 is the zero point of a quantised tensor, as in TFLite.
void convert_pad(TfliteContext& context, const TfliteOp& op) {
  PadAttrs pads = file_pads(context, op);
  pads.before = to_channels_first_entries(pads.before);
  pads.after = to_channels_first_entries(pads.after);
  if (op.code == BuiltinOperator::PADV2) pads.value = context.scalar_input(op, 2);
  context.result(op, OpKind::kPad, std::move(pads), {context.input(op, 0)});
}

/// `id` with `before` and `after` mirrored lines along one axis: single lines, joined.
TensorId mirrored(TfliteContext& context, const TfliteOp& op, TensorId id, std::size_t axis,
                  std::int64_t before, std::int64_t after, bool with_border) {
  const Shape shape = to_channels_last(context.builder().tensor(id).shape);
  const std::int64_t skip = with_border ? 0 : 1;
  const std::int64_t extent = shape[axis];
  if (before + skip > extent || after + skip > extent)
    throw Error("{}: pads {} and {} are larger than axis {} of {}", context.file().place(op),
                before, after, axis, to_string(shape));
  const auto line = [&](std::int64_t at) {
    SliceAttrs slice = whole(shape);
    slice.begin[axis] = at;
    slice.size[axis] = 1;
    return context.step_like(op, OpKind::kSlice, in_graph_order(slice), {id},
                             context.output_index(op), fmt::format("line {}.{}", axis, at));
  };
  std::vector<TensorId> parts;
  for (std::int64_t i = before; i-- > 0;) parts.push_back(line(i + skip));
  parts.push_back(id);
  for (std::int64_t i = 0; i < after; ++i) parts.push_back(line(extent - 1 - skip - i));
  const auto joined = static_cast<std::int64_t>(axis);
  return context.step_like(
      op, OpKind::kConcat, AxisAttrs{.axis = axis_to_channels_first(joined, shape.size())},
      std::move(parts), context.output_index(op), fmt::format("mirrored {}", axis));
}

void convert_mirror_pad(TfliteContext& context, const TfliteOp& op) {
  constexpr std::int64_t kMost = 16;  // lines become operators of their own
  const auto* options = op.raw->builtin_options_as_MirrorPadOptions();
  const bool with_border =
      options != nullptr && options->mode() == tflite_schema::MirrorPadMode::SYMMETRIC;
  const PadAttrs pads = file_pads(context, op);
  TensorId id = context.input(op, 0);
  for (std::size_t axis = 0; axis < pads.before.size(); ++axis) {
    if (pads.before[axis] == 0 && pads.after[axis] == 0) continue;
    if (std::max(pads.before[axis], pads.after[axis]) > kMost)
      throw TfliteUnsupported("mirrored pads of more than {} lines", kMost);
    id = mirrored(context, op, id, axis, pads.before[axis], pads.after[axis], with_border);
  }
  context.result(op, OpKind::kIdentity, {}, {id});
}

void convert_transpose(TfliteContext& context, const TfliteOp& op) {
  const std::size_t rank = context.file_shape(context.input_index(op, 0)).size();
  auto perm = context.integer_input(op, 1, "the permutation");
  if (perm.size() != rank)
    throw Error("{}: a permutation of {} axes for {} dimensions", context.file().place(op),
                perm.size(), rank);
  for (std::int64_t& axis : perm)
    axis = axis_to_channels_first(normalized_axis(axis, rank, context.file().place(op)), rank);
  context.result(op, OpKind::kTranspose, TransposeAttrs{.perm = to_channels_first_entries(perm)},
                 {context.input(op, 0)});
}

/// `table` gathered along `axis` of the file. Ranks must keep the channels in their place: a 4-D
/// table needs 1-D indices, and no other table may give a 4-D result.
void gather(TfliteContext& context, const TfliteOp& op, std::size_t table_at,
            std::size_t indices_at, std::int64_t axis) {
  const Shape table = context.file_shape(context.input_index(op, table_at));
  const Shape indices = context.file_shape(context.input_index(op, indices_at));
  if (table.empty()) throw Error("{}: gathers from a scalar", context.file().place(op));
  const std::size_t rank = table.size() - 1 + indices.size();
  if ((table.size() == 4 || indices.size() == 4 || rank == 4) &&
      !(table.size() == 4 && indices.size() == 1))
    throw TfliteUnsupported("indices {} into a table {}", to_string(indices), to_string(table));
  context.result(op, OpKind::kGather,
                 AxisAttrs{.axis = graph_axis(context, op, axis, table.size())},
                 {context.input(op, table_at), context.input(op, indices_at)});
}

void convert_gather(TfliteContext& context, const TfliteOp& op) {
  const auto* options = op.raw->builtin_options_as_GatherOptions();
  if (options != nullptr && options->batch_dims() != 0)
    throw TfliteUnsupported("batch_dims {}", options->batch_dims());
  gather(context, op, 0, 1, options == nullptr ? 0 : options->axis());
}

void convert_embedding_lookup(TfliteContext& context, const TfliteOp& op) {
  gather(context, op, 1, 0, 0);
}

template <OpKind kKind>
void convert_block(TfliteContext& context, const TfliteOp& op) {
  tflite_shape_of_rank(context, op, 0, 4);
  std::int64_t block = 0;
  if (const auto* to_depth = op.raw->builtin_options_as_SpaceToDepthOptions())
    block = to_depth->block_size();
  if (const auto* to_space = op.raw->builtin_options_as_DepthToSpaceOptions())
    block = to_space->block_size();
  if (block < 1 || block > (1 << 20))
    throw Error("{}: block size {} must be positive", context.file().place(op), block);
  context.result(op, kKind, BlockAttrs{.block = block}, {context.input(op, 0)});
}

/// Copies joined along each repeated axis.
void convert_tile(TfliteContext& context, const TfliteOp& op) {
  constexpr std::int64_t kMost = 256;  // operands of one concatenation
  const Shape shape = context.file_shape(context.input_index(op, 0));
  const auto multiples = context.integer_input(op, 1, "the multiples");
  if (multiples.size() != shape.size())
    throw Error("{}: {} multiples for the {} dimensions of {}", context.file().place(op),
                multiples.size(), shape.size(), to_string(shape));
  TensorId id = context.input(op, 0);
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (multiples[axis] == 1) continue;
    if (multiples[axis] < 1 || multiples[axis] > kMost)
      throw TfliteUnsupported("{} copies along axis {} (1 to {})", multiples[axis], axis, kMost);
    const auto joined = static_cast<std::int64_t>(axis);
    id = context.step_like(op, OpKind::kConcat,
                           AxisAttrs{.axis = axis_to_channels_first(joined, shape.size())},
                           std::vector<TensorId>(static_cast<std::size_t>(multiples[axis]), id),
                           context.output_index(op), fmt::format("tiled {}", axis));
  }
  context.result(op, OpKind::kIdentity, {}, {id});
}

void convert_broadcast_to(TfliteContext& context, const TfliteOp& op) {
  const auto shape = context.integer_input(op, 1, "the shape");
  for (const std::int64_t extent : shape)
    if (extent < 1 || extent > kMaxTfliteElements)
      throw Error("{}: extent {} must be positive", context.file().place(op), extent);
  context.result(op, OpKind::kExpand, ReshapeAttrs{.shape = to_channels_first(shape)},
                 {context.broadcast_input(op, 0, shape.size())});
}

constexpr std::array kRows = {
    TfliteOperator{BuiltinOperator::CONCATENATION, convert_concatenation},
    TfliteOperator{BuiltinOperator::SPLIT, convert_split},
    TfliteOperator{BuiltinOperator::SPLIT_V, convert_split_v},
    TfliteOperator{BuiltinOperator::PACK, convert_pack},
    TfliteOperator{BuiltinOperator::UNPACK, convert_unpack},
    TfliteOperator{BuiltinOperator::SLICE, convert_slice},
    TfliteOperator{BuiltinOperator::STRIDED_SLICE, convert_strided_slice},
    TfliteOperator{BuiltinOperator::PAD, convert_pad},
    TfliteOperator{BuiltinOperator::PADV2, convert_pad},
    TfliteOperator{BuiltinOperator::MIRROR_PAD, convert_mirror_pad},
    TfliteOperator{BuiltinOperator::TRANSPOSE, convert_transpose},
    TfliteOperator{BuiltinOperator::GATHER, convert_gather},
    TfliteOperator{BuiltinOperator::EMBEDDING_LOOKUP, convert_embedding_lookup},
    TfliteOperator{BuiltinOperator::DEPTH_TO_SPACE, convert_block<OpKind::kDepthToSpace>},
    TfliteOperator{BuiltinOperator::SPACE_TO_DEPTH, convert_block<OpKind::kSpaceToDepth>},
    TfliteOperator{BuiltinOperator::TILE, convert_tile},
    TfliteOperator{BuiltinOperator::BROADCAST_TO, convert_broadcast_to},
};

}  // namespace

std::span<const TfliteOperator> tflite_movement_operators() { return kRows; }

}  // namespace presil
