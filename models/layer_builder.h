#pragma once
// Layers with weights, as networks are drawn: each call adds one or a few ops to a GraphBuilder.
//
// Tensors are fp32; weights have dims and no values; batch normalisation is already folded into a
// convolution's bias. Names are `block/layer` and made unique with a number. Feature maps are
// [N,C,H,W], sequences [N,T,F]. Operands that do not fit are an Error of shape inference.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/graph.h"

namespace presil {

enum class Activation : std::uint8_t {
  kNone,
  kRelu,
  kRelu6,
  kHardSwish,
  kHardSigmoid,
  kSigmoid,
  kSilu,
  kTanh,
  kGelu,
};

/// How a window's padding follows from its kernel.
enum class Padding : std::uint8_t {
  kSame,       ///< TensorFlow: ceil(in / stride) outputs, the odd element at the bottom and right
  kSymmetric,  ///< PyTorch: dilation * (kernel - 1) / 2 on every side
  kValid,      ///< none
};

/// A convolution or pooling window. 0 means "like the height" for `kernel_w`.
struct WindowLayer {
  std::int64_t kernel = 1, kernel_w = 0;
  std::int64_t stride = 1, dilation = 1;
  std::optional<Padding> padding = {};  ///< default: the builder's
  bool ceil_mode = false;               ///< poolings only
  std::string name = {};                ///< default: after the kind
};

/// A convolution with bias. `channels` is the number of outputs; a depthwise one leaves it 0.
struct ConvLayer {
  std::int64_t channels = 0;
  std::int64_t kernel = 1, kernel_w = 0;
  std::int64_t stride = 1, dilation = 1;
  Activation activation = Activation::kNone;
  std::optional<Padding> padding = {};
  bool bias = true;
  std::int64_t groups = 1;  ///< divides both numbers of channels; not of a depthwise one
  std::string name = {};
};

struct LstmLayer {
  std::int64_t hidden = 0;
  Direction direction = Direction::kForward;
  std::string name = "lstm";
};

/// Builds one network. Every function returns the tensor that its layer makes.
class LayerBuilder {
 public:
  LayerBuilder(std::string network, Padding padding);

  /// Prefix of the names that follow: `features.3` gives `features.3/conv`.
  void block(std::string name) { block_ = std::move(name); }
  const Shape& shape(TensorId x) const { return graph_.tensor(x).shape; }
  std::int64_t channels(TensorId x) const { return shape(x).at(1); }

  TensorId input(const std::string& name, Shape shape, DataType type = DataType::kFloat32);
  TensorId weight(const std::string& name, Shape shape);
  void output(TensorId x) { graph_.mark_output(x); }

  TensorId conv(TensorId x, const ConvLayer& layer);
  TensorId depthwise(TensorId x, const ConvLayer& layer);
  /// Over the last axis: [...,I] -> [...,outputs].
  TensorId fc(TensorId x, std::int64_t outputs, Activation activation = Activation::kNone,
              const std::string& name = "fc");
  TensorId matmul(TensorId a, TensorId b, bool transpose_b, const std::string& name = "matmul");
  /// x [T,1,I] -> [T,1,hidden] (2 * hidden when bidirectional).
  TensorId lstm(TensorId x, const LstmLayer& layer);

  /// Any other operator without weights.
  TensorId op(OpKind kind, OpAttrs attrs, std::vector<TensorId> inputs, const std::string& name);
  TensorId activate(TensorId x, Activation activation, const std::string& name = "");
  TensorId add(TensorId a, TensorId b, const std::string& name = "add");
  TensorId mul(TensorId a, TensorId b, const std::string& name = "mul");
  TensorId softmax(TensorId x, std::int64_t axis, const std::string& name = "softmax");
  /// Over the last axis, with scale and bias.
  TensorId layer_norm(TensorId x, const std::string& name = "norm");
  /// Over the channels of [N,C,H,W]: one that no convolution can absorb.
  TensorId batch_norm(TensorId x, const std::string& name = "batch_norm");

  TensorId max_pool(TensorId x, const WindowLayer& layer);
  TensorId average_pool(TensorId x, const WindowLayer& layer);
  TensorId global_average_pool(TensorId x, const std::string& name = "pool");
  TensorId resize_bilinear(TensorId x, std::int64_t height, std::int64_t width,
                           const std::string& name = "resize");

  TensorId concat(const std::vector<TensorId>& parts, std::int64_t axis,
                  const std::string& name = "concat");
  /// Equal parts.
  std::vector<TensorId> split(TensorId x, std::int64_t parts, std::int64_t axis,
                              const std::string& name = "split");
  TensorId reshape(TensorId x, ReshapeAttrs attrs, const std::string& name = "reshape");
  /// [N,...] -> [N, product of the rest].
  TensorId flatten(TensorId x, const std::string& name = "flatten");
  TensorId transpose(TensorId x, std::vector<std::int64_t> perm,
                     const std::string& name = "transpose");
  /// Rows of a table [entries,width] by indices [N,T] -> [N,T,width].
  TensorId embedding(TensorId indices, std::int64_t entries, std::int64_t width,
                     const std::string& name = "embedding");

  Graph finish() && { return std::move(graph_).finish(); }

 private:
  std::string unique(const std::string& name);
  Window window(TensorId x, const WindowLayer& layer) const;
  TensorId pool(OpKind kind, TensorId x, const WindowLayer& layer, const std::string& name);

  GraphBuilder graph_;
  Padding padding_;
  std::string block_;
  std::map<std::string, int> used_;
};

}  // namespace presil
