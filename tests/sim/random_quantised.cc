#include "tests/sim/random_quantised.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/random.h"
#include "core/small_float.h"
#include "models/tensor_values.h"

namespace presil::testing {

namespace {

class Maker {
 public:
  Maker(std::uint64_t seed, int number, bool wide)
      : r_(seed * 7919 + static_cast<unsigned>(number)), b_(fmt::format("case{}", number)) {
    const std::int64_t draw = in(0, 9);
    type_ = wide && draw == 9   ? DataType::kFloat16
            : wide && draw == 8 ? DataType::kInt16
            : draw == 7         ? DataType::kUint8
                                : DataType::kInt8;
  }

  Graph make(int number) && {
    const int kind = number % 32;
    TensorId x = kind >= 26 ? input({in(1, 2), in(1, 24), of({3, 8, 24, 32, 40, 64})})
                            : input({of({1, 1, 2}), channels(), in(1, 16), in(1, 18)});
    if (chance(35)) x = kind >= 26 ? dense(x, "before") : pointwise(x, "before");
    TensorId y = middle(kind, x);
    if (b_.tensor(y).type == type_ && chance(30)) y = unary(y, OpKind::kRelu, "relu");
    if (b_.tensor(y).type == type_ && b_.tensor(y).shape.size() == 4 && chance(25))
      y = pointwise(y, "behind");
    b_.mark_output(y);
    return std::move(b_).finish();
  }

 private:
  std::int64_t in(std::int64_t low, std::int64_t high) { return r_.integer(low, high); }
  bool chance(int percent) { return in(1, 100) <= percent; }
  std::int64_t of(std::vector<std::int64_t> values) {
    return values[static_cast<std::size_t>(in(0, static_cast<std::int64_t>(values.size()) - 1))];
  }
  std::int64_t channels() { return of({1, 3, 8, 16, 17, 24, 32, 33, 40, 64}); }
  Shape shape(TensorId id) const { return b_.tensor(id).shape; }
  bool floats() const { return type_ == DataType::kFloat16; }

  std::optional<Quantization> quantization(double low = 0.01, double high = 0.1) {
    if (floats()) return {};
    const std::int64_t zero = type_ == DataType::kInt16   ? 0
                              : type_ == DataType::kUint8 ? in(100, 156)
                                                          : in(-30, 30);
    return Quantization{{static_cast<float>(low + (high - low) * r_.uniform())}, {zero}, -1};
  }
  TensorId input(Shape s) {
    return b_.add_input(fmt::format("x{}", inputs_++), type_, std::move(s), quantization());
  }

  TensorId constant(TensorDesc desc) {
    desc.constant = true;
    desc.name = fmt::format("c{}", constants_++);
    const Tensor values = random_tensor(desc, r_.next());
    desc.data = std::make_shared<TensorData>(values.bytes);
    return b_.add_constant(std::move(desc));
  }
  TensorId weights(Shape s, int axis) {
    if (floats()) return constant({.type = type_, .shape = std::move(s)});
    const bool unsigned_ = type_ == DataType::kUint8;
    Quantization q;
    const std::int64_t count =
        axis >= 0 && !unsigned_ && chance(60) ? s[static_cast<std::size_t>(axis)] : 1;
    for (std::int64_t i = 0; i < count; ++i) {
      q.scale.push_back(static_cast<float>(0.001 + 0.003 * r_.uniform()));
      q.zero_point.push_back(unsigned_ ? in(110, 140) : 0);
    }
    q.axis = count > 1 ? axis : -1;
    return constant({.type = unsigned_ ? DataType::kUint8 : DataType::kInt8,
                     .shape = std::move(s),
                     .quantization = q});
  }
  TensorId bias(std::int64_t count) {
    return constant({.type = floats() ? DataType::kFloat32 : DataType::kInt32, .shape = {count}});
  }

  TensorId op(OpKind kind, OpAttrs attrs, std::vector<TensorId> operands, const std::string& name,
              bool like_first = false) {
    TensorDesc out{.type = type_};
    out.name = name;
    out.quantization = like_first ? b_.tensor(operands[0]).quantization : quantization(0.05, 0.5);
    return b_.add_op_into(kind, std::move(attrs), std::move(operands), {out}, name).front();
  }
  TensorId unary(TensorId x, OpKind kind, const std::string& name) {
    return op(kind,
              kind == OpKind::kLeakyRelu || kind == OpKind::kElu ? OpAttrs(UnaryAttrs{0.2f, 0})
              : kind == OpKind::kClip                            ? OpAttrs(UnaryAttrs{-1, 2})
              : kind == OpKind::kHardSigmoid                     ? OpAttrs(UnaryAttrs{0.2f, 0.5f})
                                                                 : OpAttrs(),
              {x}, name, chance(50));
  }

  std::vector<TensorId> with_bias(std::vector<TensorId> operands, std::int64_t outputs) {
    if (chance(60)) operands.push_back(bias(outputs));
    return operands;
  }
  TensorId pointwise(TensorId x, const std::string& name, std::int64_t outputs = 0) {
    if (outputs == 0) outputs = channels();
    return op(OpKind::kConv, ConvAttrs{},
              with_bias({x, weights({outputs, shape(x)[1], 1, 1}, 0)}, outputs), name);
  }
  TensorId dense(TensorId x, const std::string& name) {
    const std::int64_t outputs = channels();
    return op(OpKind::kFullyConnected, {},
              with_bias({x, weights({outputs, shape(x).back()}, 0)}, outputs), name);
  }

  Window window(const Shape& s, bool pool) {
    Window w;
    w.kernel_h = in(1, std::min<std::int64_t>(5, s[2]));
    w.kernel_w = in(1, std::min<std::int64_t>(5, s[3]));
    w.stride_h = in(1, 3), w.stride_w = in(1, 3);
    if (!pool && chance(30)) {
      w.dilation_h =
          w.kernel_h == 1 ? 1 : in(1, std::min<std::int64_t>(3, (s[2] - 1) / (w.kernel_h - 1)));
      w.dilation_w =
          w.kernel_w == 1 ? 1 : in(1, std::min<std::int64_t>(3, (s[3] - 1) / (w.kernel_w - 1)));
    }
    w.pad_top = in(0, w.kernel_h - 1), w.pad_bottom = in(0, w.kernel_h - 1);
    w.pad_left = in(0, w.kernel_w - 1), w.pad_right = in(0, w.kernel_w - 1);
    return w;
  }

  TensorId conv(TensorId x, bool grouped) {
    ConvAttrs attrs{.window = window(shape(x), false)};
    std::int64_t outputs = channels();
    if (grouped) {
      attrs.groups = of({2, 3, 4});
      x = pointwise(x, "to_groups", attrs.groups * in(1, 12));
      outputs = attrs.groups * in(1, 12);
    }
    const Window& w = attrs.window;
    TensorId y =
        op(OpKind::kConv, attrs,
           with_bias({x, weights({outputs, shape(x)[1] / attrs.groups, w.kernel_h, w.kernel_w}, 0)},
                     outputs),
           "conv");
    if (chance(30)) y = op(OpKind::kAdd, {}, {y, input(shape(y))}, "residual");
    return y;
  }
  TensorId depthwise(TensorId x, std::int64_t multiplier) {
    ConvAttrs attrs{.window = window(shape(x), false), .groups = shape(x)[1]};
    const std::int64_t outputs = shape(x)[1] * multiplier;
    return op(OpKind::kDepthwiseConv, attrs,
              with_bias({x, weights({outputs, 1, attrs.window.kernel_h, attrs.window.kernel_w}, 0)},
                        outputs),
              "depthwise");
  }
  TensorId transposed(TensorId x) {
    ConvAttrs attrs{.window = window(shape(x), false)};
    Window& w = attrs.window;
    w.dilation_h = w.dilation_w = 1;
    w.pad_top = w.pad_bottom = in(0, (w.kernel_h - 1) / 2);
    w.pad_left = w.pad_right = in(0, (w.kernel_w - 1) / 2);
    const std::int64_t outputs = channels();
    return op(OpKind::kTransposedConv, attrs,
              with_bias({x, weights({shape(x)[1], outputs, w.kernel_h, w.kernel_w}, 1)}, outputs),
              "transposed");
  }
  TensorId matmul(TensorId a) {
    const bool transpose = chance(50);
    const std::int64_t k = shape(a)[2], n = in(1, 40), images = chance(30) ? 1 : shape(a)[0];
    const Shape b{images, transpose ? n : k, transpose ? k : n};
    return op(OpKind::kMatMul, MatMulAttrs{.transpose_b = transpose},
              {a, chance(70) ? input(b) : weights(b, -1)}, "matmul");
  }
  TensorId binary(TensorId x) {
    constexpr OpKind kKinds[] = {OpKind::kAdd, OpKind::kSub, OpKind::kMul,
                                 OpKind::kMin, OpKind::kMax, OpKind::kAdd};
    const OpKind kind = kKinds[in(0, 5)];
    Shape other = shape(x);
    for (std::int64_t& extent : other)
      if (chance(30)) extent = 1;
    const TensorId y =
        chance(60) ? input(other)
                   : constant({.type = type_, .shape = other, .quantization = quantization()});
    return chance(50) ? op(kind, {}, {x, y}, "binary") : op(kind, {}, {y, x}, "binary");
  }
  TensorId concat(TensorId x, std::int64_t axis) {
    std::vector<TensorId> parts{x};
    for (std::int64_t i = in(1, 2); i > 0; --i) {
      Shape s = shape(x);
      s[static_cast<std::size_t>(axis)] = axis == 1 ? channels() : in(1, 5);
      TensorId part = input(s);
      if (chance(50) && axis == 1) part = pointwise(part, fmt::format("part{}", i));
      parts.push_back(part);
    }
    return op(OpKind::kConcat, AxisAttrs{.axis = axis}, parts, "concat", chance(60));
  }
  TensorId split(TensorId x) {
    const std::int64_t parts = of({2, 3});
    x = pointwise(x, "to_split", parts * in(1, 30));
    std::vector<TensorDesc> outputs(static_cast<std::size_t>(parts));
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      outputs[i].name = fmt::format("part{}", i);
      outputs[i].type = type_;
      outputs[i].quantization = b_.tensor(x).quantization;
    }
    const auto made = b_.add_op_into(OpKind::kSplit, AxisAttrs{.axis = 1}, {x}, outputs, "split");
    for (std::size_t i = 1; i < made.size(); ++i)
      b_.mark_output(unary(made[i], OpKind::kSigmoid, fmt::format("gate{}", i)));
    return made[0];
  }
  TensorId slice(TensorId x) {
    SliceAttrs attrs;
    for (const std::int64_t extent : shape(x)) {
      const std::int64_t begin = chance(40) ? in(0, extent - 1) : 0;
      attrs.begin.push_back(begin);
      attrs.step.push_back(chance(20) ? 2 : 1);
      const std::int64_t most = (extent - begin - 1) / attrs.step.back() + 1;
      attrs.size.push_back(chance(50) ? most : in(1, most));
    }
    return op(OpKind::kSlice, attrs, {x}, "slice", true);
  }
  TensorId pad(TensorId x) {
    PadAttrs attrs{.before = {0, chance(20) ? in(0, 3) : 0, in(0, 4), in(0, 4)},
                   .after = {0, chance(20) ? in(0, 3) : 0, in(0, 4), in(0, 4)}};
    return op(OpKind::kPad, attrs, {x}, "pad", true);
  }
  TensorId resize(TensorId x, OpKind kind) {
    ResizeAttrs attrs{.out_h = in(1, 20), .out_w = in(1, 20)};
    attrs.align_corners = chance(30);
    attrs.half_pixel = !attrs.align_corners && chance(60);
    return op(kind, attrs, {x}, "resize", chance(70));
  }
  TensorId reshape(TensorId x) {
    const std::int64_t all = element_count(shape(x));
    const std::int64_t part = of({1, 2, 3, 4, 8});
    return op(OpKind::kReshape,
              ReshapeAttrs{.shape = all % part == 0 ? Shape{1, all / part, part} : Shape{1, all},
                           .channels_last = chance(50)},
              {x}, "reshape", true);
  }
  TensorId flatten_dense(TensorId x) {
    const Shape s = shape(x);
    const TensorId flat =
        op(OpKind::kReshape,
           ReshapeAttrs{.shape = {s[0], s[1] * s[2] * s[3]}, .channels_last = chance(60)}, {x},
           "flat", true);
    return dense(flat, "classes");
  }

  TensorId middle(int kind, TensorId x) {
    using enum OpKind;
    constexpr OpKind kUnary[] = {kRelu,      kRelu6, kClip, kLeakyRelu, kSigmoid, kTanh,
                                 kHardSwish, kSilu,  kGelu, kElu,       kAbs,     kHardSigmoid};
    switch (kind) {
      case 0:
      case 1:
      case 2:
      case 3:
        return conv(x, false);
      case 4:
      case 5:
        return conv(x, true);
      case 6:
      case 7:
        return depthwise(x, 1);
      case 8:
        return depthwise(x, 2);
      case 9:
        return transposed(x);
      case 10:
      case 11:
        return binary(x);
      case 12:
        return unary(x, kUnary[in(0, 11)], "unary");
      case 13:
        return op(kMaxPool, PoolAttrs{.window = window(shape(x), true)}, {x}, "max", chance(70));
      case 14:
        return op(kAveragePool,
                  PoolAttrs{.window = window(shape(x), true), .count_include_pad = chance(40)}, {x},
                  "average", chance(70));
      case 15:
        return op(kGlobalAveragePool, {}, {x}, "global", chance(70));
      case 16:
        return op(kReduceMean, ReduceAttrs{.axes = {2, 3}}, {x}, "mean", chance(50));
      case 17:
        return op(chance(50) ? kReduceMax : kReduceSum, ReduceAttrs{.axes = {in(1, 3)}}, {x},
                  "reduce", true);
      case 18:
        return concat(x, chance(70) ? 1 : in(2, 3));
      case 19:
        return split(x);
      case 20:
        return slice(x);
      case 21:
        return pad(x);
      case 22:
        return chance(50) ? reshape(x) : flatten_dense(x);
      case 23:
        return op(kTranspose,
                  TransposeAttrs{.perm = chance(50) ? std::vector<std::int64_t>{0, 2, 3, 1}
                                                    : std::vector<std::int64_t>{0, 1, 3, 2}},
                  {x}, "transpose", true);
      case 24:
        return resize(x, chance(50) ? kResizeNearest : kResizeBilinear);
      case 25:
        x = pointwise(x, "to_blocks", 4 * in(1, 12));
        return chance(50) ? op(kDepthToSpace, BlockAttrs{.block = 2}, {x}, "blocks", true)
                          : op(kChannelShuffle, BlockAttrs{.block = 2}, {x}, "shuffle", true);
      case 26:
      case 27:
        return dense(x, "dense");
      case 28:
      case 29:
        return matmul(x);
      case 30:
        return op(kSoftmax, AxisAttrs{.axis = in(1, 2)}, {x}, "softmax");
      default:
        return binary(x);
    }
  }

  Random r_;
  GraphBuilder b_;
  DataType type_;
  int inputs_ = 0, constants_ = 0;
};

}  // namespace

Graph random_quantised_network(std::uint64_t seed, int number, bool wide) {
  return Maker(seed, number, wide).make(number);
}

}  // namespace presil::testing
