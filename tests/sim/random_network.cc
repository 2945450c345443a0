#include "tests/sim/random_network.h"

#include <fmt/format.h>

#include <random>

#include "tests/sim/sim_fixture.h"

namespace presil::testing {

namespace {

class Random {
 public:
  Random(std::uint64_t seed, int number)
      : engine_(seed * 1000003 + static_cast<unsigned>(number)) {}
  std::int64_t in(std::int64_t from, std::int64_t to) {
    return from + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(to - from + 1));
  }
  bool chance(int percent) { return in(1, 100) <= percent; }
  template <std::size_t N>
  std::int64_t of(const std::int64_t (&values)[N]) {
    return values[in(0, static_cast<std::int64_t>(N) - 1)];
  }

 private:
  std::mt19937_64 engine_;
};

class Maker {
 public:
  Maker(std::uint64_t seed, int number) : r_(seed, number), b_(fmt::format("random{}", number)) {}

  Graph make(int number) && {
    const int kind = number % kRandomKinds;
    const bool sequence = kind == 9 || kind == 10 || kind == 19 || kind == 20;
    TensorId x = sequence ? input({r_.in(1, 2), r_.in(1, 40), r_.in(1, 96)}) : feature_map();
    if (r_.chance(40)) x = sequence ? fc(x, "before") : pointwise(x, channels(), "before");
    TensorId y = middle(kind, x);
    const std::size_t rank = b_.tensor(y).shape.size();
    if (r_.chance(30) && rank == 4) y = pointwise(y, channels(), "behind");
    if (r_.chance(20)) y = b_.add_op(OpKind::kRelu, {}, {y}, "relu");
    b_.mark_output(y);
    return std::move(b_).finish();
  }

 private:
  std::int64_t channels() { return r_.of({1, 3, 8, 16, 17, 24, 32, 33, 48, 64, 96}); }
  const Shape& shape(TensorId id) const { return b_.tensor(id).shape; }
  TensorId input(Shape s) {
    return b_.add_input(fmt::format("x{}", inputs_++), DataType::kFloat32, std::move(s));
  }
  TensorId feature_map() { return input({r_.in(1, 2), channels(), r_.in(1, 20), r_.in(1, 40)}); }
  TensorId weight(Shape s) { return b_.add_constant(weights_of("w", std::move(s))); }
  TensorId fc(TensorId x, const char* name) {
    return b_.add_op(OpKind::kFullyConnected, {}, {x, weight({channels(), shape(x).back()})}, name);
  }
  TensorId pointwise(TensorId x, std::int64_t outputs, const char* name) {
    return b_.add_op(OpKind::kConv, ConvAttrs{}, {x, weight({outputs, shape(x).at(1), 1, 1})},
                     name);
  }

  Window window(const Shape& in, bool pool) {
    Window w;
    w.kernel_h = r_.in(1, std::min<std::int64_t>(5, in[2]));
    w.kernel_w = r_.in(1, std::min<std::int64_t>(5, in[3]));
    w.stride_h = r_.in(1, 3);
    w.stride_w = r_.in(1, 3);
    if (!pool && r_.chance(30)) {
      w.dilation_h =
          r_.in(1, w.kernel_h == 1 ? 1 : std::min<std::int64_t>(3, (in[2] - 1) / (w.kernel_h - 1)));
      w.dilation_w =
          r_.in(1, w.kernel_w == 1 ? 1 : std::min<std::int64_t>(3, (in[3] - 1) / (w.kernel_w - 1)));
    }
    const auto pad = [&](std::int64_t kernel) { return r_.in(0, kernel - 1); };
    w.pad_top = pad(w.kernel_h);
    w.pad_bottom = pad(w.kernel_h);
    w.pad_left = pad(w.kernel_w);
    w.pad_right = pad(w.kernel_w);
    return w;
  }

  TensorId conv(TensorId x, bool grouped) {
    ConvAttrs attrs{.window = window(shape(x), false)};
    std::int64_t outputs = channels();
    if (grouped) {
      attrs.groups = r_.of({2, 3, 4, 8});
      x = pointwise(x, attrs.groups * r_.in(1, 24), "to_groups");
      outputs = attrs.groups * r_.in(1, 24);
    }
    std::vector<TensorId> operands{x, weight({outputs, shape(x)[1] / attrs.groups,
                                              attrs.window.kernel_h, attrs.window.kernel_w})};
    if (r_.chance(50)) operands.push_back(weight({outputs}));
    TensorId y = b_.add_op(OpKind::kConv, attrs, operands, "conv");
    if (r_.chance(30)) y = b_.add_op(OpKind::kAdd, {}, {y, input(shape(y))}, "add");
    if (r_.chance(20)) y = b_.add_op(OpKind::kMul, {}, {y, input(shape(y))}, "mul");
    return y;
  }

  TensorId conv_1d() {
    const std::int64_t c = channels(), k = r_.in(1, 5);
    const TensorId x = input({1, c, r_.in(k, 60)});
    ConvAttrs attrs{.window = {.kernel_w = k, .stride_w = r_.in(1, 2), .pad_left = k / 2}};
    return b_.add_op(OpKind::kConv, attrs, {x, weight({channels(), c, k})}, "conv1d");
  }

  TensorId depthwise(TensorId x, std::int64_t multiplier) {
    ConvAttrs attrs{.window = window(shape(x), false), .groups = shape(x)[1]};
    return b_.add_op(
        OpKind::kDepthwiseConv, attrs,
        {x, weight({shape(x)[1] * multiplier, 1, attrs.window.kernel_h, attrs.window.kernel_w})},
        "depthwise");
  }

  TensorId transposed(TensorId x) {
    ConvAttrs attrs{.window = window(shape(x), false)};
    Window& w = attrs.window;
    w.dilation_h = w.dilation_w = 1;
    w.pad_top = w.pad_bottom = r_.in(0, (w.kernel_h - 1) / 2);
    w.pad_left = w.pad_right = r_.in(0, (w.kernel_w - 1) / 2);
    return b_.add_op(OpKind::kTransposedConv, attrs,
                     {x, weight({shape(x)[1], channels(), w.kernel_h, w.kernel_w})}, "transposed");
  }

  TensorId matmul(TensorId a) {
    const bool transpose_b = r_.chance(50), broadcast = r_.chance(30);
    const std::int64_t k = shape(a)[2], n = r_.in(1, 70);
    Shape b{broadcast ? 1 : shape(a)[0], transpose_b ? n : k, transpose_b ? k : n};
    if (r_.chance(20)) b[0] = shape(a)[0] == 1 ? 3 : b[0];  // many against one
    return b_.add_op(OpKind::kMatMul, MatMulAttrs{.transpose_b = transpose_b}, {a, input(b)},
                     "matmul");
  }

  TensorId binary(TensorId x) {
    Shape other = shape(x);
    for (std::int64_t& extent : other)
      if (r_.chance(30)) extent = 1;
    return b_.add_op(r_.chance(50) ? OpKind::kAdd : OpKind::kMul, {}, {x, input(other)}, "binary");
  }

  TensorId concat(TensorId x) {
    const std::int64_t axis = r_.in(1, 3);
    std::vector<TensorId> parts{x};
    for (std::int64_t i = r_.in(1, 2); i > 0; --i) {
      Shape s = shape(x);
      s[static_cast<std::size_t>(axis)] = axis == 1 ? channels() : r_.in(1, 9);
      TensorId part = input(s);
      if (r_.chance(50) && axis == 1) part = pointwise(part, channels(), "part");
      parts.push_back(part);
    }
    return b_.add_op(OpKind::kConcat, AxisAttrs{.axis = axis}, parts, "concat");
  }

  TensorId slice(TensorId x) {
    SliceAttrs attrs;
    for (const std::int64_t extent : shape(x)) {
      const std::int64_t begin = r_.chance(40) ? r_.in(0, extent - 1) : 0;
      attrs.begin.push_back(begin);
      attrs.size.push_back(r_.in(1, extent - begin));
      attrs.step.push_back(1);
      if (r_.chance(60)) attrs.begin.back() = 0, attrs.size.back() = extent;
    }
    return b_.add_op(OpKind::kSlice, attrs, {x}, "slice");
  }

  TensorId split(TensorId x) {
    const std::int64_t parts = r_.of({2, 3, 4});
    x = pointwise(x, parts * r_.in(1, 40), "to_split");
    std::vector<TensorDesc> outputs(static_cast<std::size_t>(parts));
    for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i].name = fmt::format("part{}", i);
    const std::vector<TensorId> made =
        b_.add_op_into(OpKind::kSplit, AxisAttrs{.axis = 1}, {x}, outputs, "split");
    for (std::size_t i = 1; i < made.size(); ++i)
      b_.mark_output(b_.add_op(OpKind::kSigmoid, {}, {made[i]}, "gate"));
    return made[0];
  }

  TensorId pad(TensorId x) {
    PadAttrs attrs{.before = {0, 0, r_.in(0, 6), r_.in(0, 6)},
                   .after = {0, 0, r_.in(0, 6), r_.in(0, 6)}};
    return b_.add_op(OpKind::kPad, attrs, {x}, "pad");
  }

  TensorId lstm() {
    const std::int64_t t = r_.in(1, 12), n = r_.in(1, 3), i = r_.in(1, 40), h = r_.in(1, 40),
                       d = r_.in(1, 2);
    const TensorId x = input({t, n, i});
    const RecurrentAttrs attrs{
        .hidden = h, .direction = d == 2 ? Direction::kBidirectional : Direction::kForward};
    std::vector<TensorDesc> outputs(2);
    outputs[0].name = std::string("y");  // a literal trips -Wrestrict in gcc 12
    outputs[1].name = std::string("y_h");
    const std::vector<TensorId> made = b_.add_op_into(
        OpKind::kLstm, attrs, {x, weight({d, 4 * h, i}), weight({d, 4 * h, h})}, outputs, "lstm");
    if (r_.chance(50)) b_.mark_output(made[1]);
    return r_.chance(30) ? made[1] : made[0];
  }

  TensorId middle(int kind, TensorId x) {
    switch (kind) {
      case 0:
      case 1:
        return conv(x, false);
      case 2:
        return conv(x, true);
      case 3:
        return conv_1d();
      case 4:
        return depthwise(x, 1);
      case 5:
        return depthwise(x, 2);
      case 6:
        return transposed(x);
      case 7:
        return b_.add_op(OpKind::kMaxPool, PoolAttrs{.window = window(shape(x), true)}, {x}, "max");
      case 8:
        return b_.add_op(OpKind::kGlobalAveragePool, {}, {x}, "global");
      case 9:
        return fc(x, "fc");
      case 10:
        return matmul(x);
      case 11:
        return binary(x);
      case 12:
        return concat(x);
      case 13:
        return slice(x);
      case 14:
        return split(x);
      case 15:
        return b_.add_op(OpKind::kTranspose, TransposeAttrs{.perm = {0, 2, 3, 1}}, {x},
                         "transpose");
      case 16:
        return b_.add_op(OpKind::kResizeBilinear,
                         ResizeAttrs{.out_h = r_.in(1, 30), .out_w = r_.in(1, 30)}, {x}, "resize");
      case 17:
        return b_.add_op(OpKind::kSoftmax, AxisAttrs{.axis = r_.in(1, 3)}, {x}, "softmax");
      case 18:
        return pad(x);
      case 19:
        return b_.add_op(OpKind::kSoftmax, AxisAttrs{.axis = r_.in(1, 2)}, {x}, "softmax");
      case 20:
        return b_.add_op(OpKind::kReduceMean, ReduceAttrs{.axes = {r_.in(1, 2)}}, {x}, "mean");
      default:
        return lstm();
    }
  }

  Random r_;
  GraphBuilder b_;
  int inputs_ = 0;
};

}  // namespace

Graph random_network(std::uint64_t seed, int number) { return Maker(seed, number).make(number); }

}  // namespace presil::testing
