// Pooling, local normalisation, reductions and resizing.

#include <algorithm>
#include <array>

#include "models/tflite_operators.h"

namespace presil {
namespace {

using tflite_schema::BuiltinOperator;

template <OpKind kKind>
void convert_pool(TfliteContext& context, const TfliteOp& op) {
  const auto* options = op.raw->builtin_options_as_Pool2DOptions();
  if (options == nullptr)
    throw Error("{}: its options are missing; the file is corrupt", context.file().place(op));
  const Shape x = tflite_shape_of_rank(context, op, 0, 4);
  PoolAttrs attrs{.window = {.kernel_h = options->filter_height(),
                             .kernel_w = options->filter_width(),
                             .stride_h = options->stride_h(),
                             .stride_w = options->stride_w()}};
  check_tflite_window(context, op, attrs.window);
  set_tflite_pads(attrs.window, options->padding(), x[1], x[2]);
  context.result(op, kKind, attrs, {context.input(op, 0)}, options->fused_activation_function());
}

/// TFLite's alpha counts each squared neighbour, LrnAttrs' their mean.
void convert_lrn(TfliteContext& context, const TfliteOp& op) {
  const auto* options = op.raw->builtin_options_as_LocalResponseNormalizationOptions();
  if (options == nullptr)
    throw Error("{}: its options are missing; the file is corrupt", context.file().place(op));
  tflite_shape_of_rank(context, op, 0, 4);
  if (options->radius() < 0 || options->radius() > (1 << 20))
    throw Error("{}: radius {} must be 0 to {}", context.file().place(op), options->radius(),
                1 << 20);
  const std::int64_t size = 2 * std::int64_t{options->radius()} + 1;
  const LrnAttrs attrs{.size = size,
                       .alpha = options->alpha() * static_cast<float>(size),
                       .beta = options->beta(),
                       .bias = options->bias()};
  context.result(op, OpKind::kLrn, attrs, {context.input(op, 0)});
}

/// Axes of the file, sorted and each once.
std::vector<std::int64_t> file_axes(TfliteContext& context, const TfliteOp& op, std::size_t rank) {
  auto axes = context.integer_input(op, 1, "the axes");
  for (std::int64_t& axis : axes) axis = normalized_axis(axis, rank, context.file().place(op));
  std::sort(axes.begin(), axes.end());
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
  return axes;
}

/// Reduces `axes` (of the file) into result 0. Where dropping the axes would leave the channels in
/// another place than the file has them, they are kept first and dropped by a reshape.
void reduce(TfliteContext& context, const TfliteOp& op, OpKind kind,
            const std::vector<std::int64_t>& axes, bool keep_dims) {
  const Shape x = context.file_shape(context.input_index(op, 0));
  const auto reduced = [&](std::int64_t axis) {
    return std::find(axes.begin(), axes.end(), axis) != axes.end();
  };
  ReduceAttrs attrs{.axes = {}, .keep_dims = keep_dims};
  for (const std::int64_t axis : axes) attrs.axes.push_back(axis_to_channels_first(axis, x.size()));
  std::sort(attrs.axes.begin(), attrs.axes.end());
  const bool channels_move = x.size() == 4 && !reduced(3) && !(reduced(1) && reduced(2));
  if (keep_dims || !channels_move) return context.result(op, kind, attrs, {context.input(op, 0)});
  attrs.keep_dims = true;
  const TensorId kept =
      context.step_like(op, kind, attrs, {context.input(op, 0)}, context.output_index(op), "kept");
  Shape left;
  for (std::size_t axis = 0; axis < x.size(); ++axis)
    if (!reduced(static_cast<std::int64_t>(axis))) left.push_back(x[axis]);
  context.result(op, OpKind::kReshape, ReshapeAttrs{.shape = left, .channels_last = true}, {kept});
}

template <OpKind kKind>
void convert_reduce(TfliteContext& context, const TfliteOp& op) {
  const auto* options = op.raw->builtin_options_as_ReducerOptions();
  const Shape x = context.file_shape(context.input_index(op, 0));
  reduce(context, op, kKind, file_axes(context, op, x.size()),
         options != nullptr && options->keep_dims());
}

void convert_arg_max(TfliteContext& context, const TfliteOp& op) {
  const Shape x = context.file_shape(context.input_index(op, 0));
  const auto axes = file_axes(context, op, x.size());
  if (axes.size() != 1)
    throw Error("{}: must have one axis, has {}", context.file().place(op), axes.size());
  reduce(context, op, OpKind::kArgMax, axes, false);
}

ResizeAttrs resize_attrs(TfliteContext& context, const TfliteOp& op) {
  tflite_shape_of_rank(context, op, 0, 4);
  const auto size = context.integer_input(op, 1, "the size");
  if (size.size() != 2 || size[0] < 1 || size[1] < 1)
    throw Error("{}: the size must be two positive extents", context.file().place(op));
  return {.out_h = size[0], .out_w = size[1], .align_corners = false, .half_pixel = false};
}

void convert_resize_bilinear(TfliteContext& context, const TfliteOp& op) {
  ResizeAttrs attrs = resize_attrs(context, op);
  if (const auto* options = op.raw->builtin_options_as_ResizeBilinearOptions()) {
    attrs.align_corners = options->align_corners();
    attrs.half_pixel = options->half_pixel_centers();
  }
  context.result(op, OpKind::kResizeBilinear, attrs, {context.input(op, 0)});
}

void convert_resize_nearest(TfliteContext& context, const TfliteOp& op) {
  ResizeAttrs attrs = resize_attrs(context, op);
  if (const auto* options = op.raw->builtin_options_as_ResizeNearestNeighborOptions()) {
    attrs.align_corners = options->align_corners();
    attrs.half_pixel = options->half_pixel_centers();
  }
  context.result(op, OpKind::kResizeNearest, attrs, {context.input(op, 0)});
}

constexpr std::array kRows = {
    TfliteOperator{BuiltinOperator::MAX_POOL_2D, convert_pool<OpKind::kMaxPool>},
    TfliteOperator{BuiltinOperator::AVERAGE_POOL_2D, convert_pool<OpKind::kAveragePool>},
    TfliteOperator{BuiltinOperator::LOCAL_RESPONSE_NORMALIZATION, convert_lrn},
    TfliteOperator{BuiltinOperator::MEAN, convert_reduce<OpKind::kReduceMean>},
    TfliteOperator{BuiltinOperator::SUM, convert_reduce<OpKind::kReduceSum>},
    TfliteOperator{BuiltinOperator::REDUCE_MAX, convert_reduce<OpKind::kReduceMax>},
    TfliteOperator{BuiltinOperator::REDUCE_MIN, convert_reduce<OpKind::kReduceMin>},
    TfliteOperator{BuiltinOperator::ARG_MAX, convert_arg_max},
    TfliteOperator{BuiltinOperator::RESIZE_BILINEAR, convert_resize_bilinear},
    TfliteOperator{BuiltinOperator::RESIZE_NEAREST_NEIGHBOR, convert_resize_nearest},
};

}  // namespace

std::span<const TfliteOperator> tflite_window_operators() { return kRows; }

}  // namespace presil
