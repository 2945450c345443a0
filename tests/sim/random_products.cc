// Random convolutions, dense layers and matrix products.

#include "tests/sim/operand_maker.h"

namespace presil::testing {

namespace {

using Maker = OperandMaker;

TensorId conv(Maker& m, TensorId x, bool grouped) {
  ConvAttrs attrs{.window = m.window(m.shape(x), false)};
  std::int64_t outputs = m.channels();
  if (grouped) {
    attrs.groups = m.in(2, 4);
    x = m.pointwise(x, "to_groups", attrs.groups * m.in(1, 12));
    outputs = attrs.groups * m.in(1, 12);
  }
  const Window& w = attrs.window;
  TensorId y =
      m.op(OpKind::kConv, attrs,
           m.with_bias(
               {x, m.weights({outputs, m.shape(x)[1] / attrs.groups, w.kernel_h, w.kernel_w}, 0)},
               outputs),
           "conv");
  if (m.chance(30)) y = m.op(OpKind::kAdd, {}, {y, m.input(m.shape(y))}, "residual");
  return y;
}
TensorId dense_conv(Maker& m, TensorId x) { return conv(m, x, false); }
TensorId grouped_conv(Maker& m, TensorId x) { return conv(m, x, true); }

TensorId depthwise(Maker& m, TensorId x) {
  ConvAttrs attrs{.window = m.window(m.shape(x), false), .groups = m.shape(x)[1]};
  const std::int64_t outputs = m.shape(x)[1] * (m.chance(70) ? 1 : m.in(2, 3));
  return m.op(
      OpKind::kDepthwiseConv, attrs,
      m.with_bias({x, m.weights({outputs, 1, attrs.window.kernel_h, attrs.window.kernel_w}, 0)},
                  outputs),
      "depthwise");
}

TensorId transposed(Maker& m, TensorId x) {
  ConvAttrs attrs{.window = m.window(m.shape(x), false)};
  Window& w = attrs.window;
  w.dilation_h = w.dilation_w = 1;
  w.pad_top = w.pad_bottom = m.in(0, (w.kernel_h - 1) / 2);
  w.pad_left = w.pad_right = m.in(0, (w.kernel_w - 1) / 2);
  const std::int64_t outputs = m.channels();
  return m.op(
      OpKind::kTransposedConv, attrs,
      m.with_bias({x, m.weights({m.shape(x)[1], outputs, w.kernel_h, w.kernel_w}, 1)}, outputs),
      "transposed");
}

TensorId dense(Maker& m, TensorId x) { return m.dense(x, "dense"); }

TensorId matmul(Maker& m, TensorId x) {
  const bool transpose_b = m.chance(50), transpose_a = m.chance(25);
  const std::int64_t k = m.shape(x)[transpose_a ? 1 : 2], n = m.in(1, 40);
  const std::int64_t images = m.chance(30) ? 1 : m.shape(x)[0];
  const Shape b{images, transpose_b ? n : k, transpose_b ? k : n};
  return m.op(OpKind::kMatMul, MatMulAttrs{.transpose_a = transpose_a, .transpose_b = transpose_b},
              {x, m.chance(70) ? m.input(b) : m.weights(b, -1)}, "matmul");
}

}  // namespace

std::vector<RandomOp> random_products() {
  return {{"Conv", false, dense_conv},
          {"Conv", false, dense_conv},
          {"Conv", false, dense_conv},
          {"Conv", false, grouped_conv},
          {"DepthwiseConv", false, depthwise},
          {"DepthwiseConv", false, depthwise},
          {"TransposedConv", false, transposed},
          {"FullyConnected", true, dense},
          {"MatMul", true, matmul},
          {"MatMul", true, matmul}};
}

}  // namespace presil::testing
