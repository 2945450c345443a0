// Shapes of the operators that multiply and accumulate, and of windows.

#include <algorithm>

#include "models/shape_rules.h"

namespace presil {

namespace {

/// One axis of a window.
struct WindowAxis {
  std::string_view name;
  std::int64_t kernel, stride, dilation, pad_before, pad_after, output_pad;

  std::int64_t reach() const { return dilation * (kernel - 1) + 1; }
};

/// The axes of a window over a feature map: height and width, or the width only.
std::vector<WindowAxis> axes_of(const Window& w, bool with_height, const ConvAttrs& conv) {
  std::vector<WindowAxis> axes;
  if (with_height)
    axes.push_back({"height", w.kernel_h, w.stride_h, w.dilation_h, w.pad_top, w.pad_bottom,
                    conv.output_pad_h});
  axes.push_back(
      {"width", w.kernel_w, w.stride_w, w.dilation_w, w.pad_left, w.pad_right, conv.output_pad_w});
  return axes;
}

void check_axis(const OpView& op, const WindowAxis& axis) {
  op.require_range(fmt::format("kernel {}", axis.name), axis.kernel, 1);
  op.require_range(fmt::format("stride along the {}", axis.name), axis.stride, 1);
  op.require_range(fmt::format("dilation along the {}", axis.name), axis.dilation, 1);
  op.require_range(fmt::format("pad before the {}", axis.name), axis.pad_before, 0);
  op.require_range(fmt::format("pad behind the {}", axis.name), axis.pad_after, 0);
  op.require_range(fmt::format("output pad along the {}", axis.name), axis.output_pad, 0);
}

/// Output positions of a window that slides over `in` elements.
std::int64_t slid(const OpView& op, const WindowAxis& axis, std::int64_t in, bool ceil_mode) {
  const std::int64_t room = in + axis.pad_before + axis.pad_after - axis.reach();
  if (room < 0)
    op.fail("the window reaches over {} elements of the {}, but operand 0 has {} with pads {} + {}",
            axis.reach(), axis.name, in, axis.pad_before, axis.pad_after);
  if (!ceil_mode) return room / axis.stride + 1;
  const std::int64_t out = ceil_div(room, axis.stride) + 1;
  // A last window that would start in the pad behind is dropped, as PyTorch does.
  return (out - 1) * axis.stride >= in + axis.pad_before ? out - 1 : out;
}

/// The inverse: elements that windows at `in` positions cover together.
std::int64_t covered(const OpView& op, const WindowAxis& axis, std::int64_t in) {
  const std::int64_t out =
      (in - 1) * axis.stride + axis.reach() + axis.output_pad - axis.pad_before - axis.pad_after;
  if (out < 1)
    op.fail("the pads {} + {} leave nothing of the {}", axis.pad_before, axis.pad_after, axis.name);
  return out;
}

void check_groups(const OpView& op, const ConvAttrs& conv, std::int64_t channels,
                  std::int64_t outputs) {
  op.require_range("groups", conv.groups, 1);
  if (channels % conv.groups != 0 || outputs % conv.groups != 0)
    op.fail("{} groups must divide {} input and {} output channels", conv.groups, channels,
            outputs);
  if (op.kind() == OpKind::kDepthwiseConv && conv.groups != channels)
    op.fail("groups must be the {} input channels, is {}", channels, conv.groups);
}

}  // namespace

Shapes conv_shapes(const OpView& op) {
  const ConvAttrs& conv = op.attrs<ConvAttrs>();
  const bool transposed = op.kind() == OpKind::kTransposedConv;
  op.require_rank(0, "x", transposed ? 4 : 3, 4);
  op.require_rank(1, "weights", op.rank(0), op.rank(0));
  const Shape& x = op.shape(0);
  const Shape& w = op.shape(1);
  const bool map = x.size() == 4;
  if (!map && conv.window.kernel_h != 1)
    op.fail("kernel height must be 1 over operand 0 {}, is {}", to_string(x), conv.window.kernel_h);
  const std::vector<WindowAxis> axes = axes_of(conv.window, map, conv);
  for (const WindowAxis& axis : axes) check_axis(op, axis);
  op.require_range("groups", conv.groups, 1);
  const std::int64_t channels = x[1];
  const std::int64_t outputs = transposed ? w[1] * conv.groups : w[0];
  check_groups(op, conv, channels, outputs);
  Shape weights = transposed ? Shape{channels, w[1]} : Shape{outputs, channels / conv.groups};
  for (const WindowAxis& axis : axes) weights.push_back(axis.kernel);
  op.require_shape(1, "weights", weights);
  op.require_shape(2, "bias", {outputs});
  Shape y{x[0], outputs};
  for (std::size_t i = 0; i < axes.size(); ++i)
    y.push_back(transposed ? covered(op, axes[i], x[i + 2]) : slid(op, axes[i], x[i + 2], false));
  return {y};
}

Shapes fully_connected_shapes(const OpView& op) {
  op.require_rank(0, "x", 1, 8);
  op.require_rank(1, "weights", 2, 2);
  const std::int64_t outputs = op.shape(1)[0];
  op.require_shape(1, "weights", {outputs, op.shape(0).back()});
  op.require_shape(2, "bias", {outputs});
  Shape y = op.shape(0);
  y.back() = outputs;
  return {y};
}

Shapes matmul_shapes(const OpView& op) {
  const MatMulAttrs& attrs = op.attrs<MatMulAttrs>();
  op.require_rank(0, "a", 2, 8);
  op.require_rank(1, "b", 2, 8);
  Shape a = op.shape(0), b = op.shape(1);
  if (attrs.transpose_a) std::swap(a[a.size() - 2], a.back());
  if (attrs.transpose_b) std::swap(b[b.size() - 2], b.back());
  if (a.back() != b[b.size() - 2])
    op.fail("a {} has rows of {} elements, b {} columns of {}", to_string(op.shape(0)), a.back(),
            to_string(op.shape(1)), b[b.size() - 2]);
  const auto batch = broadcast(Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2));
  if (!batch)
    op.fail("the leading dimensions of a {} and b {} do not broadcast", to_string(op.shape(0)),
            to_string(op.shape(1)));
  Shape y = *batch;
  y.push_back(a[a.size() - 2]);
  y.push_back(b.back());
  return {y};
}

Shapes recurrent_shapes(const OpView& op, std::int64_t gates) {
  const RecurrentAttrs& attrs = op.attrs<RecurrentAttrs>();
  op.require_rank(0, "x", 3, 3);
  op.require_range("hidden", attrs.hidden, 1);
  const Shape& x = op.shape(0);
  const bool first = attrs.batch_first;
  const std::int64_t time = x[first ? 1 : 0], batch = x[first ? 0 : 1], hidden = attrs.hidden;
  const std::int64_t directions = attrs.direction == Direction::kBidirectional ? 2 : 1;
  const Shape state = first ? Shape{batch, directions, hidden} : Shape{directions, batch, hidden};
  op.require_shape(1, "weights", {directions, gates * hidden, x[2]});
  op.require_shape(2, "recurrent weights", {directions, gates * hidden, hidden});
  op.require_shape(3, "biases", {directions, 2 * gates * hidden});
  op.require_shape(4, "initial h", state);
  op.require_shape(5, "initial c", state);
  const Shape y =
      first ? Shape{batch, time, directions, hidden} : Shape{time, directions, batch, hidden};
  Shapes all{y, state};
  if (op.kind() == OpKind::kLstm) all.push_back(state);
  return all;
}

Shapes pool_shapes(const OpView& op) {
  const PoolAttrs& pool = op.attrs<PoolAttrs>();
  op.require_rank(0, "x", 3, 4);
  const Shape& x = op.shape(0);
  if (x.size() == 3 && pool.window.kernel_h != 1)
    op.fail("kernel height must be 1 over operand 0 {}, is {}", to_string(x), pool.window.kernel_h);
  Shape y{x[0], x[1]};
  for (const WindowAxis& axis : axes_of(pool.window, x.size() == 4, {})) {
    check_axis(op, axis);
    if (std::max(axis.pad_before, axis.pad_after) >= axis.reach())
      op.fail("pads {} + {} along the {} must be smaller than the window's {}", axis.pad_before,
              axis.pad_after, axis.name, axis.reach());
    y.push_back(slid(op, axis, x[y.size()], pool.ceil_mode));
  }
  return {y};
}

Shapes global_pool_shapes(const OpView& op) {
  op.require_rank(0, "x", 3, 4);
  Shape y = op.shape(0);
  std::fill(y.begin() + 2, y.end(), 1);
  return {y};
}

Shapes resize_shapes(const OpView& op) {
  const ResizeAttrs& attrs = op.attrs<ResizeAttrs>();
  op.require_rank(0, "x", 4, 4);
  op.require_range("out_h", attrs.out_h, 1);
  op.require_range("out_w", attrs.out_w, 1);
  return {{op.shape(0)[0], op.shape(0)[1], attrs.out_h, attrs.out_w}};
}

}  // namespace presil
