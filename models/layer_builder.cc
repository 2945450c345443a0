#include "models/layer_builder.h"

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace presil {

namespace {

TensorDesc fp32(std::string name, Shape shape, bool constant = false) {
  TensorDesc tensor;
  tensor.name = std::move(name);
  tensor.shape = std::move(shape);
  tensor.constant = constant;
  return tensor;
}

struct Pads {
  std::int64_t before = 0, after = 0;
};

Pads pads_of(Padding padding, std::int64_t in, std::int64_t kernel, std::int64_t stride) {
  switch (padding) {
    case Padding::kSame: {
      const std::int64_t out = ceil_div(in, stride);
      const std::int64_t total = std::max<std::int64_t>(0, (out - 1) * stride + kernel - in);
      return {.before = total / 2, .after = total - total / 2};
    }
    case Padding::kSymmetric:
      return {.before = (kernel - 1) / 2, .after = (kernel - 1) / 2};
    case Padding::kValid:
      return {};
  }
  PRESIL_CHECK(false, "unknown padding");
}

std::optional<OpKind> kind_of(Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return {};
    case Activation::kRelu:
      return OpKind::kRelu;
    case Activation::kRelu6:
      return OpKind::kRelu6;
    case Activation::kHardSwish:
      return OpKind::kHardSwish;
    case Activation::kHardSigmoid:
      return OpKind::kHardSigmoid;
    case Activation::kSigmoid:
      return OpKind::kSigmoid;
    case Activation::kSilu:
      return OpKind::kSilu;
    case Activation::kTanh:
      return OpKind::kTanh;
    case Activation::kGelu:
      return OpKind::kGelu;
  }
  PRESIL_CHECK(false, "unknown activation");
}

std::string name_or(const std::string& name, const char* otherwise) {
  return name.empty() ? otherwise : name;
}

}  // namespace

LayerBuilder::LayerBuilder(std::string network, Padding padding)
    : graph_(std::move(network)), padding_(padding) {}

std::string LayerBuilder::unique(const std::string& name) {
  const std::string full = block_.empty() ? name : block_ + "/" + name;
  const int count = ++used_[full];
  return count == 1 ? full : fmt::format("{}_{}", full, count);
}

Window LayerBuilder::window(TensorId x, const WindowLayer& layer) const {
  const Shape& in = shape(x);
  PRESIL_CHECK(in.size() == 4, "a window needs [N,C,H,W], not {}", to_string(in));
  const Padding padding = layer.padding.value_or(padding_);
  Window window{.kernel_h = layer.kernel,
                .kernel_w = layer.kernel_w > 0 ? layer.kernel_w : layer.kernel,
                .stride_h = layer.stride,
                .stride_w = layer.stride,
                .dilation_h = layer.dilation,
                .dilation_w = layer.dilation};
  const Pads rows =
      pads_of(padding, in[2], layer.dilation * (window.kernel_h - 1) + 1, layer.stride);
  const Pads columns =
      pads_of(padding, in[3], layer.dilation * (window.kernel_w - 1) + 1, layer.stride);
  window.pad_top = rows.before;
  window.pad_bottom = rows.after;
  window.pad_left = columns.before;
  window.pad_right = columns.after;
  return window;
}

TensorId LayerBuilder::input(const std::string& name, Shape shape, DataType type) {
  return graph_.add_input(name, type, std::move(shape));
}

TensorId LayerBuilder::weight(const std::string& name, Shape shape) {
  return graph_.add_constant(fp32(name, std::move(shape), true));
}

namespace {

WindowLayer window_of(const ConvLayer& layer) {
  return {.kernel = layer.kernel,
          .kernel_w = layer.kernel_w,
          .stride = layer.stride,
          .dilation = layer.dilation,
          .padding = layer.padding};
}

}  // namespace

TensorId LayerBuilder::conv(TensorId x, const ConvLayer& layer) {
  PRESIL_CHECK(layer.channels > 0, "a convolution needs its number of output channels");
  const std::string name = unique(name_or(layer.name, "conv"));
  const Window w = window(x, window_of(layer));
  std::vector<TensorId> operands{
      x, weight(name + ".weight",
                {layer.channels, channels(x) / layer.groups, w.kernel_h, w.kernel_w})};
  if (layer.bias) operands.push_back(weight(name + ".bias", {layer.channels}));
  const TensorId y =
      graph_.add_op(OpKind::kConv, ConvAttrs{.window = w, .groups = layer.groups}, operands, name);
  return activate(y, layer.activation, name_or(layer.name, "conv"));
}

TensorId LayerBuilder::depthwise(TensorId x, const ConvLayer& layer) {
  PRESIL_CHECK(layer.channels == 0, "a depthwise convolution keeps its input's channels");
  const std::string name = unique(name_or(layer.name, "depthwise"));
  const Window w = window(x, window_of(layer));
  const std::int64_t count = channels(x);
  std::vector<TensorId> operands{x, weight(name + ".weight", {count, 1, w.kernel_h, w.kernel_w})};
  if (layer.bias) operands.push_back(weight(name + ".bias", {count}));
  const TensorId y = graph_.add_op(OpKind::kDepthwiseConv, ConvAttrs{.window = w, .groups = count},
                                   operands, name);
  return activate(y, layer.activation, name_or(layer.name, "depthwise"));
}

TensorId LayerBuilder::fc(TensorId x, std::int64_t outputs, Activation activation,
                          const std::string& name) {
  const std::string full = unique(name);
  const std::int64_t inputs = shape(x).back();
  const TensorId w = weight(full + ".weight", {outputs, inputs});
  const TensorId bias = weight(full + ".bias", {outputs});
  const TensorId y = graph_.add_op(OpKind::kFullyConnected, {}, {x, w, bias}, full);
  return activate(y, activation, name);
}

TensorId LayerBuilder::matmul(TensorId a, TensorId b, bool transpose_b, const std::string& name) {
  return graph_.add_op(OpKind::kMatMul, MatMulAttrs{.transpose_b = transpose_b}, {a, b},
                       unique(name));
}

TensorId LayerBuilder::lstm(TensorId x, const LstmLayer& layer) {
  const Shape in = shape(x);
  PRESIL_CHECK(in.size() == 3, "an LSTM needs [T,N,I], not {}", to_string(in));
  const std::string name = unique(layer.name);
  const std::int64_t directions = layer.direction == Direction::kBidirectional ? 2 : 1;
  const std::int64_t hidden = layer.hidden;
  const TensorId w = weight(name + ".weight", {directions, 4 * hidden, in[2]});
  const TensorId r = weight(name + ".recurrence", {directions, 4 * hidden, hidden});
  const TensorId bias = weight(name + ".bias", {directions, 8 * hidden});
  const Shape out{in[0], directions, in[1], hidden};
  const TensorId y =
      graph_
          .add_op_into(OpKind::kLstm,
                       RecurrentAttrs{.hidden = hidden, .direction = layer.direction},
                       {x, w, r, bias}, {fp32(name + ".y", out)}, name)
          .front();
  // [T,directions,1,H] is [T,1,directions*H] in memory, for one sequence at a time.
  PRESIL_CHECK(in[1] == 1, "an LSTM layer takes one sequence, not {}", in[1]);
  return reshape(y, {.shape = {in[0], 1, directions * hidden}}, layer.name + ".reshape");
}

TensorId LayerBuilder::op(OpKind kind, OpAttrs attrs, std::vector<TensorId> inputs,
                          const std::string& name) {
  return graph_.add_op(kind, std::move(attrs), std::move(inputs), unique(name));
}

TensorId LayerBuilder::activate(TensorId x, Activation activation, const std::string& name) {
  const std::optional<OpKind> kind = kind_of(activation);
  if (!kind) return x;
  OpAttrs attrs;
  if (*kind == OpKind::kHardSigmoid) attrs = UnaryAttrs{.alpha = 1.0f / 6, .beta = 0.5f};
  const std::string base = name.empty() ? "act" : name + ".act";
  return graph_.add_op(*kind, attrs, {x}, unique(base));
}

TensorId LayerBuilder::add(TensorId a, TensorId b, const std::string& name) {
  return graph_.add_op(OpKind::kAdd, {}, {a, b}, unique(name));
}

TensorId LayerBuilder::mul(TensorId a, TensorId b, const std::string& name) {
  return graph_.add_op(OpKind::kMul, {}, {a, b}, unique(name));
}

TensorId LayerBuilder::softmax(TensorId x, std::int64_t axis, const std::string& name) {
  return graph_.add_op(OpKind::kSoftmax, AxisAttrs{.axis = axis}, {x}, unique(name));
}

TensorId LayerBuilder::layer_norm(TensorId x, const std::string& name) {
  const std::string full = unique(name);
  const Shape features{shape(x).back()};
  const std::int64_t axis = static_cast<std::int64_t>(shape(x).size()) - 1;
  const TensorId scale = weight(full + ".scale", features);
  const TensorId bias = weight(full + ".bias", features);
  return graph_.add_op(OpKind::kLayerNorm, NormAttrs{.axis = axis}, {x, scale, bias}, full);
}

TensorId LayerBuilder::batch_norm(TensorId x, const std::string& name) {
  const std::string full = unique(name);
  std::vector<TensorId> operands{x};
  for (const char* part : {".scale", ".bias", ".mean", ".variance"}) {
    operands.push_back(weight(full + part, {channels(x)}));
  }
  return graph_.add_op(OpKind::kBatchNorm, NormAttrs{.axis = 1}, operands, full);
}

TensorId LayerBuilder::pool(OpKind kind, TensorId x, const WindowLayer& layer,
                            const std::string& name) {
  return graph_.add_op(kind, PoolAttrs{.window = window(x, layer), .ceil_mode = layer.ceil_mode},
                       {x}, unique(name));
}

TensorId LayerBuilder::max_pool(TensorId x, const WindowLayer& layer) {
  return pool(OpKind::kMaxPool, x, layer, name_or(layer.name, "max_pool"));
}

TensorId LayerBuilder::average_pool(TensorId x, const WindowLayer& layer) {
  return pool(OpKind::kAveragePool, x, layer, name_or(layer.name, "average_pool"));
}

TensorId LayerBuilder::global_average_pool(TensorId x, const std::string& name) {
  return graph_.add_op(OpKind::kGlobalAveragePool, {}, {x}, unique(name));
}

TensorId LayerBuilder::resize_bilinear(TensorId x, std::int64_t height, std::int64_t width,
                                       const std::string& name) {
  return graph_.add_op(OpKind::kResizeBilinear, ResizeAttrs{.out_h = height, .out_w = width}, {x},
                       unique(name));
}

TensorId LayerBuilder::concat(const std::vector<TensorId>& parts, std::int64_t axis,
                              const std::string& name) {
  return graph_.add_op(OpKind::kConcat, AxisAttrs{.axis = axis}, parts, unique(name));
}

std::vector<TensorId> LayerBuilder::split(TensorId x, std::int64_t parts, std::int64_t axis,
                                          const std::string& name) {
  const std::string full = unique(name);
  Shape part = shape(x);
  std::int64_t& extent = part.at(static_cast<std::size_t>(axis));
  PRESIL_CHECK(extent % parts == 0, "{} does not split into {} parts", to_string(part), parts);
  extent /= parts;
  std::vector<TensorDesc> outputs;
  for (std::int64_t i = 0; i < parts; ++i) {
    outputs.push_back(fp32(fmt::format("{}.{}", full, i), part));
  }
  return graph_.add_op_into(OpKind::kSplit, AxisAttrs{.axis = axis}, {x}, outputs, full);
}

TensorId LayerBuilder::reshape(TensorId x, ReshapeAttrs attrs, const std::string& name) {
  return graph_.add_op(OpKind::kReshape, std::move(attrs), {x}, unique(name));
}

TensorId LayerBuilder::flatten(TensorId x, const std::string& name) {
  const std::int64_t batch = shape(x).at(0);
  return reshape(x, {.shape = {batch, element_count(shape(x)) / batch}}, name);
}

TensorId LayerBuilder::transpose(TensorId x, std::vector<std::int64_t> perm,
                                 const std::string& name) {
  return graph_.add_op(OpKind::kTranspose, TransposeAttrs{.perm = std::move(perm)}, {x},
                       unique(name));
}

TensorId LayerBuilder::embedding(TensorId indices, std::int64_t entries, std::int64_t width,
                                 const std::string& name) {
  const std::string full = unique(name);
  const TensorId table = weight(full + ".weight", {entries, width});
  return graph_.add_op(OpKind::kGather, AxisAttrs{.axis = 0}, {table, indices}, full);
}

}  // namespace presil
