#include "models/change_rules.h"

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "models/same_padding.h"
#include "models/shape_rules.h"

namespace presil {

namespace {

std::int64_t product(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

TensorData gathered(const TensorDesc& from, const Shape& to) {
  const auto bytes = static_cast<std::size_t>(bits_of(from.type) / 8);
  TensorData data;
  data.reserve(static_cast<std::size_t>(element_count(to)) * bytes);
  std::vector<std::int64_t> at(to.size(), 0);
  for (std::int64_t left = element_count(to); left > 0; --left) {
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < to.size(); ++i)
      offset = offset * from.shape[i] + at[i] % from.shape[i];
    const auto first = from.data->begin() + offset * static_cast<std::int64_t>(bytes);
    data.insert(data.end(), first, first + static_cast<std::int64_t>(bytes));
    for (std::size_t i = to.size(); i-- > 0 && ++at[i] == to[i];) at[i] = 0;
  }
  return data;
}

// -- Reshapes: runs of extents with the same elements on both sides.

struct Run {
  std::size_t in_begin = 0, in_end = 0, out_begin = 0, out_end = 0;
};

std::vector<Run> runs_of(const Shape& in, const Shape& out) {
  std::vector<Run> runs;
  std::size_t i = 0, o = 0;
  while (i < in.size() || o < out.size()) {
    Run run{i, i, o, o};
    std::int64_t a = 1, b = 1;
    if (i < in.size()) a = in[i++];
    if (o < out.size()) b = out[o++];
    while (a != b) {
      if (a < b && i < in.size())
        a *= in[i++];
      else if (o < out.size())
        b *= out[o++];
      else
        break;
    }
    // Extents of 1 behind it may be what remains of a map.
    while (i < in.size() && in[i] == 1 && (o >= out.size() || out[o] != 1)) ++i;
    while (o < out.size() && out[o] == 1 && (i >= in.size() || in[i] != 1)) ++o;
    run.in_end = i;
    run.out_end = o;
    runs.push_back(run);
  }
  return runs;
}

/// The extents of one run's target, which now hold `elements`.
std::optional<Shape> run_target(const Shape& old_in, const Shape& now_in, const Shape& old_out) {
  if (old_in == now_in) return old_out;
  if (old_in == old_out) return now_in;
  const std::int64_t elements = product(now_in), before = product(old_out);
  // The largest extent takes what changed; the others (boxes, classes) mean something.
  std::vector<std::size_t> order(old_out.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return old_out[a] > old_out[b]; });
  for (const std::size_t i : order) {
    const std::int64_t others = before / old_out[i];
    if (elements % others != 0) continue;
    Shape target = old_out;
    target[i] = elements / others;
    return target;
  }
  return std::nullopt;
}

Shape channels_last(const Shape& s) { return s.size() == 4 ? Shape{s[0], s[2], s[3], s[1]} : s; }
Shape channels_first(const Shape& s) { return s.size() == 4 ? Shape{s[0], s[3], s[1], s[2]} : s; }

// -- Attributes.

OpAttrs reshape_behind(const OpShapes& op) {
  ReshapeAttrs attrs = op.op.as<ReshapeAttrs>();
  const bool last = attrs.channels_last;
  const auto order = [&](const Shape& s) { return last ? channels_last(s) : s; };
  const auto target = reshaped(order(op.before[0]), order(attrs.shape), order(op.now[0]));
  if (!target)
    throw Error("{}: what reshaped {} into {} has no equivalent for {}", op_label(op.op),
                to_string(op.before[0]), to_string(attrs.shape), to_string(op.now[0]));
  attrs.shape = last ? channels_first(*target) : *target;
  return attrs;
}

OpAttrs resize_behind(const OpShapes& op, const MapExtents& maps) {
  ResizeAttrs attrs = op.op.as<ResizeAttrs>();
  const Shape &before = op.before[0], &now = op.now[0];
  if (const auto seen = maps.find({attrs.out_h, attrs.out_w}); seen != maps.end()) {
    std::tie(attrs.out_h, attrs.out_w) = seen->second;
    return attrs;
  }
  const auto scaled = [](std::int64_t out, std::int64_t old_in, std::int64_t new_in) {
    return std::max<std::int64_t>(1, (2 * out * new_in + old_in) / (2 * old_in));
  };
  attrs.out_h = scaled(attrs.out_h, before[2], now[2]);
  attrs.out_w = scaled(attrs.out_w, before[3], now[3]);
  return attrs;
}

/// A window whose pads depend on its input's extents gets others.
void keep_padding(Window& window, const Shape& before, const Shape& now) {
  if (before.size() == 4 && before != now && pads_same(window, before[2], before[3]))
    window = padded_same(window, now[2], now[3]);
}

OpAttrs conv_behind(const OpShapes& op) {
  ConvAttrs attrs = op.op.as<ConvAttrs>();
  keep_padding(attrs.window, op.before[0], op.now[0]);
  if (op.op.kind == OpKind::kDepthwiseConv) attrs.groups = op.now[0].at(1);
  return attrs;
}

/// A window over the whole map stays one.
OpAttrs pool_behind(const OpShapes& op) {
  PoolAttrs attrs = op.op.as<PoolAttrs>();
  const Shape &before = op.before[0], &now = op.now[0];
  Window& w = attrs.window;
  if (!attrs.ceil_mode) keep_padding(w, before, now);
  const bool whole = before.size() == 4 && w.kernel_h == before[2] && w.kernel_w == before[3] &&
                     w.pad_top + w.pad_bottom + w.pad_left + w.pad_right == 0;
  if (!whole) return attrs;
  w.kernel_h = now[2];
  w.kernel_w = now[3];
  w.stride_h = std::min(w.stride_h, w.kernel_h);
  w.stride_w = std::min(w.stride_w, w.kernel_w);
  return attrs;
}

OpAttrs slice_behind(const OpShapes& op) {
  SliceAttrs attrs = op.op.as<SliceAttrs>();
  for (std::size_t i = 0; i < attrs.size.size(); ++i) {
    if (op.before[0][i] == op.now[0][i]) continue;
    if (attrs.begin[i] != 0 || attrs.step[i] != 1 || attrs.size[i] != op.before[0][i])
      throw Error("{}: cuts {} elements out of {}, which are now {}", op_label(op.op),
                  attrs.size[i], op.before[0][i], op.now[0][i]);
    attrs.size[i] = op.now[0][i];
  }
  return attrs;
}

OpAttrs expand_behind(const OpShapes& op) {
  ReshapeAttrs attrs = op.op.as<ReshapeAttrs>();
  const Shape &before = op.before[0], &now = op.now[0];
  for (std::size_t i = 1; i <= std::min(before.size(), attrs.shape.size()); ++i)
    if (before[before.size() - i] == attrs.shape[attrs.shape.size() - i])
      attrs.shape[attrs.shape.size() - i] = now[now.size() - i];
  return attrs;
}

// -- Constants.

std::size_t channel_axis(std::size_t rank) { return rank == 4 ? 1 : rank - 1; }

/// A constant that broadcasts against a feature map: a vector over its channels may follow.
Shape vector_shape(const OpShapes& op, std::size_t operand) {
  const Shape& constant = op.before[operand];
  std::size_t map = operand;
  for (std::size_t i = 0; i < op.before.size(); ++i)
    if (i != operand && (map == operand || op.before[i].size() > op.before[map].size())) map = i;
  if (map == operand || constant.size() > op.before[map].size()) return constant;
  const Shape &before = op.before[map], &now = op.now[map];
  Shape wanted = constant;
  const std::size_t skip = before.size() - constant.size();
  for (std::size_t i = 0; i < constant.size(); ++i) {
    if (constant[i] == 1 || before[skip + i] == now[skip + i]) continue;
    if (skip + i != channel_axis(before.size()) || product(constant) != constant[i])
      throw Error("{}: its constant of {} goes with operands of {}, which are now {}",
                  op_label(op.op), to_string(constant), to_string(before), to_string(now));
    wanted[i] = now[skip + i];
  }
  return wanted;
}

Shape weights_shape(const OpShapes& op, const OpAttrs& attrs,
                    const std::optional<std::int64_t>& outputs) {
  Shape w = op.before[1];
  const Shape& x = op.now[0];
  switch (op.op.kind) {
    case OpKind::kConv:
    case OpKind::kDepthwiseConv: {
      const auto& conv = std::get<ConvAttrs>(attrs);
      // All inputs to all outputs, or a channel multiplier that stays.
      const bool depthwise = op.op.kind == OpKind::kDepthwiseConv && conv.groups == x[1];
      w[0] = outputs.value_or(depthwise ? w[0] / op.before[0][1] * x[1] : w[0]);
      w[1] = x[1] / conv.groups;
      w.back() = conv.window.kernel_w;
      if (w.size() == 4) w[2] = conv.window.kernel_h;
      return w;
    }
    case OpKind::kTransposedConv: {
      const std::int64_t groups = std::get<ConvAttrs>(attrs).groups;
      return {x[1], outputs ? *outputs / groups : w[1], w[2], w[3]};
    }
    case OpKind::kFullyConnected:
      return {outputs.value_or(w[0]), x.back()};
    case OpKind::kMatMul: {
      const auto& product = std::get<MatMulAttrs>(attrs);
      if (op.before[0].back() != x.back() && !product.transpose_a)
        w[product.transpose_b ? w.size() - 1 : w.size() - 2] = x.back();
      return w;
    }
    default:  // recurrent
      w.back() = x.back();
      return w;
  }
}

bool has_weights(OpKind kind) { return op_info(kind).op_class == OpClass::kMac; }

bool is_vector_over_channels(OpKind kind) {
  return (kind >= OpKind::kAdd && kind <= OpKind::kWhere) || kind == OpKind::kPRelu;
}

}  // namespace

TensorDesc resized(const TensorDesc& constant, const Shape& shape, bool keep_values) {
  TensorDesc result = constant;
  result.shape = shape;
  result.data = nullptr;
  if (constant.quantization && constant.quantization->axis >= 0) {
    const Quantization& from = *constant.quantization;
    Quantization& q = *result.quantization;
    q.scale.clear();
    q.zero_point.clear();
    for (std::int64_t i = 0; i < shape[static_cast<std::size_t>(from.axis)]; ++i) {
      const std::size_t source = static_cast<std::size_t>(i) % from.scale.size();
      q.scale.push_back(from.scale[source]);
      q.zero_point.push_back(from.zero_point[source]);
    }
  }
  keep_values &= constant.data != nullptr && bits_of(constant.type) >= 8 &&
                 constant.shape.size() == shape.size();
  for (std::size_t i = 2; keep_values && i < shape.size(); ++i)
    keep_values = shape[i] == constant.shape[i];
  if (keep_values) result.data = std::make_shared<const TensorData>(gathered(constant, shape));
  return result;
}

std::optional<Shape> reshaped(const Shape& old_in, const Shape& old_out, const Shape& now_in) {
  if (old_in.size() != now_in.size()) return std::nullopt;
  Shape target;
  const auto part = [](const Shape& s, std::size_t begin, std::size_t end) {
    return Shape(s.begin() + static_cast<std::ptrdiff_t>(begin),
                 s.begin() + static_cast<std::ptrdiff_t>(end));
  };
  for (const Run& run : runs_of(old_in, old_out)) {
    const auto extents =
        run_target(part(old_in, run.in_begin, run.in_end), part(now_in, run.in_begin, run.in_end),
                   part(old_out, run.out_begin, run.out_end));
    if (!extents) return std::nullopt;
    target.insert(target.end(), extents->begin(), extents->end());
  }
  if (product(target) != product(now_in)) return std::nullopt;
  return target;
}

OpAttrs attributes_behind(const OpShapes& op, const MapExtents& maps) {
  if (op.before.empty() || op.before == op.now) return op.op.attrs;
  switch (op.op.kind) {
    case OpKind::kReshape:
      return reshape_behind(op);
    case OpKind::kExpand:
      return expand_behind(op);
    case OpKind::kResizeNearest:
    case OpKind::kResizeBilinear:
      return resize_behind(op, maps);
    case OpKind::kMaxPool:
    case OpKind::kAveragePool:
      return pool_behind(op);
    case OpKind::kSlice:
      return slice_behind(op);
    case OpKind::kConv:
    case OpKind::kDepthwiseConv:
      return conv_behind(op);
    case OpKind::kGather: {
      const auto axis = static_cast<std::size_t>(op.op.as<AxisAttrs>().axis);
      if (op.before[0][axis] != op.now[0][axis])
        throw Error("{}: gathers from {} entries, which are now {}", op_label(op.op),
                    op.before[0][axis], op.now[0][axis]);
      return op.op.attrs;
    }
    case OpKind::kHost:
      throw Error("{}: what a host operator makes of other extents is unknown", op_label(op.op));
    default:
      return op.op.attrs;
  }
}

std::vector<Shape> parts_behind(const OpShapes& op, const std::vector<Shape>& parts) {
  const auto axis = static_cast<std::size_t>(op.op.as<AxisAttrs>().axis);
  const Shape &before = op.before[0], &now = op.now[0];
  std::vector<Shape> result;
  for (const Shape& part : parts) {
    Shape shape = now;
    shape[axis] = part[axis] * now[axis] / before[axis];
    if (shape[axis] * before[axis] != part[axis] * now[axis] || shape[axis] == 0)
      throw Error("{}: splits {} into parts that {} do not divide into", op_label(op.op),
                  before[axis], now[axis]);
    result.push_back(shape);
  }
  return result;
}

Shape constant_shape(const OpShapes& op, const OpAttrs& attrs, std::size_t operand,
                     const std::optional<std::int64_t>& outputs) {
  const Shape& old = op.before[operand];
  if (operand == 0 && op.op.kind != OpKind::kMatMul && has_weights(op.op.kind)) return old;
  switch (op.op.kind) {
    case OpKind::kConv:
    case OpKind::kDepthwiseConv:
    case OpKind::kFullyConnected:
      if (operand == 1) return weights_shape(op, attrs, outputs);
      return {weights_shape(op, attrs, outputs)[0]};
    case OpKind::kTransposedConv:
      if (operand == 1) return weights_shape(op, attrs, outputs);
      return {outputs.value_or(old[0])};
    case OpKind::kMatMul:
    case OpKind::kLstm:
    case OpKind::kGru:
    case OpKind::kRnn:
      return operand == 1 ? weights_shape(op, attrs, outputs) : old;
    case OpKind::kBatchNorm:
    case OpKind::kInstanceNorm:
      return operand > 0 ? Shape{op.now[0][1]} : old;
    case OpKind::kLayerNorm:
      if (operand == 0) return old;
      return Shape(op.now[0].begin() + std::get<NormAttrs>(attrs).axis, op.now[0].end());
    default:
      return is_vector_over_channels(op.op.kind) ? vector_shape(op, operand) : old;
  }
}

}  // namespace presil
