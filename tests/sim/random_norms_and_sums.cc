// Random operators that take many elements together: softmax, norms, pools, sums, resizes.

#include "tests/sim/operand_maker.h"

namespace presil::testing {

namespace {

using Maker = OperandMaker;
using enum OpKind;

TensorId softmax(Maker& m, TensorId x) {
  const auto last = static_cast<std::int64_t>(m.shape(x).size()) - 1;
  return m.op(m.chance(70) ? kSoftmax : kLogSoftmax, AxisAttrs{.axis = m.in(0, last)}, {x},
              "softmax");
}
TensorId layer_norm(Maker& m, TensorId x) {
  const std::int64_t last = static_cast<std::int64_t>(m.shape(x).size()) - 1;
  const std::int64_t axis = m.chance(60) ? last : m.in(0, last);
  std::vector<TensorId> operands{x};
  const Shape s = m.shape(x);
  const Shape features(s.begin() + axis, s.end());
  const auto parameter = [&](double low, double high) {
    return features.size() == 1 ? m.reals(features, low, high) : m.constant_like(features);
  };
  if (m.chance(80)) operands.push_back(parameter(0.5, 1.5));
  if (operands.size() == 2 && m.chance(80)) operands.push_back(parameter(-1, 1));
  return m.op(kLayerNorm, NormAttrs{.axis = axis}, operands, "layer_norm");
}
TensorId batch_norm(Maker& m, TensorId x) {
  const Shape c{m.shape(x)[1]};
  return m.op(kBatchNorm, NormAttrs{.axis = 1},
              {x, m.reals(c, 0.5, 1.5), m.reals(c, -1, 1), m.reals(c, -1, 1), m.reals(c, 0.2, 2)},
              "batch_norm");
}
TensorId instance_norm(Maker& m, TensorId x) {
  const Shape c{m.shape(x)[1]};
  return m.op(kInstanceNorm, NormAttrs{.axis = 1}, {x, m.reals(c, 0.5, 1.5), m.reals(c, -1, 1)},
              "instance_norm");
}
TensorId lrn(Maker& m, TensorId x) {
  return m.op(kLrn, LrnAttrs{.size = m.in(1, 7), .alpha = 0.1f, .beta = 0.75f, .bias = 1}, {x},
              "lrn");
}

TensorId max_pool(Maker& m, TensorId x) {
  return m.op(kMaxPool, PoolAttrs{.window = m.window(m.shape(x), true)}, {x}, "max", m.chance(70));
}
TensorId average_pool(Maker& m, TensorId x) {
  return m.op(kAveragePool,
              PoolAttrs{.window = m.window(m.shape(x), true), .count_include_pad = m.chance(40)},
              {x}, "average", m.chance(70));
}
TensorId global_pool(Maker& m, TensorId x) {
  return m.op(m.chance(60) ? kGlobalAveragePool : kGlobalMaxPool, {}, {x}, "global", m.chance(70));
}

TensorId reduce(Maker& m, TensorId x) {
  const auto last = static_cast<std::int64_t>(m.shape(x).size()) - 1;
  ReduceAttrs attrs{.axes = {}, .keep_dims = m.chance(60)};
  for (std::int64_t axis = 0; axis <= last; ++axis)
    if (m.chance(axis == 0 ? 10 : 40)) attrs.axes.push_back(axis);
  if (attrs.axes.empty()) attrs.axes.push_back(last);
  return m.op(m.of<OpKind>({kReduceMean, kReduceMean, kReduceSum, kReduceMax, kReduceMin}), attrs,
              {x}, "reduce", m.chance(50));
}
TensorId arg_max(Maker& m, TensorId x) {
  const auto last = static_cast<std::int64_t>(m.shape(x).size()) - 1;
  const ReduceAttrs attrs{.axes = {m.in(0, last)}, .keep_dims = m.chance(50)};
  return m.op_into(kArgMax, attrs, {x}, m.chance(50) ? DataType::kInt64 : DataType::kInt32,
                   "arg_max");
}

TensorId resize(Maker& m, TensorId x) {
  ResizeAttrs attrs{.out_h = m.in(1, 20), .out_w = m.in(1, 20)};
  attrs.align_corners = m.chance(30);
  attrs.half_pixel = !attrs.align_corners && m.chance(60);
  return m.op(m.chance(50) ? kResizeNearest : kResizeBilinear, attrs, {x}, "resize", m.chance(70));
}

}  // namespace

std::vector<RandomOp> random_norms_and_sums() {
  return {{"Softmax", true, softmax},
          {"Softmax", false, softmax},
          {"LayerNorm", true, layer_norm},
          {"LayerNorm", false, layer_norm},
          {"BatchNorm", false, batch_norm},
          {"InstanceNorm", false, instance_norm},
          {"Lrn", false, lrn},
          {"MaxPool", false, max_pool},
          {"AveragePool", false, average_pool},
          {"GlobalAveragePool", false, global_pool},
          {"ReduceMean", false, reduce},
          {"ReduceMean", true, reduce},
          {"ArgMax", false, arg_max},
          {"ArgMax", true, arg_max},
          {"ResizeNearest", false, resize}};
}

}  // namespace presil::testing
