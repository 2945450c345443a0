// Single operators of the vector unit and of data movement.

#include <fmt/format.h>

#include "estimator/case_family.h"
#include "estimator/case_layers.h"

namespace presil {

namespace {

Graph finish(LayerBuilder& b, TensorId y) {
  b.output(y);
  return std::move(b).finish();
}

/// [1,T,F].
TensorId sequence(CaseDraw& d, LayerBuilder& b) {
  return b.input("x", {1, d.log_integer(1, 400), d.channels()});
}

Graph elementwise(CaseDraw& d) {
  LayerBuilder b("elementwise", Padding::kSame);
  const TensorId x = d.chance(0.8) ? b.input("x", d.map_shape()) : sequence(d, b);
  Shape other = b.shape(x);
  if (other.size() == 4 && d.chance(0.3)) other[2] = other[3] = 1;  // a gate per channel
  const TensorId y = b.input("y", other);
  return finish(b, b.op(d.of<OpKind>({OpKind::kAdd, OpKind::kAdd, OpKind::kMul, OpKind::kMul,
                                      OpKind::kSub, OpKind::kMax}),
                        {}, {x, y}, "elementwise"));
}

Graph activation(CaseDraw& d) {
  LayerBuilder b("activation", Padding::kSame);
  const TensorId x = d.chance(0.7) ? b.input("x", d.map_shape()) : sequence(d, b);
  Activation kind = d.activation();
  if (kind == Activation::kNone) kind = Activation::kSigmoid;
  return finish(b, b.activate(x, kind));
}

Graph pool(CaseDraw& d) {
  LayerBuilder b("pool", d.padding());
  Shape shape = d.map_shape();
  if (shape[2] == 1) shape[2] = shape[3];
  const TensorId x = b.input("x", shape);
  const WindowLayer window{.kernel = d.of<std::int64_t>({2, 2, 2, 3, 3, 3, 5}),
                           .stride = d.of<std::int64_t>({1, 2, 2, 2, 3})};
  return finish(b, d.chance(0.5) ? b.max_pool(x, window) : b.average_pool(x, window));
}

Graph global_pool(CaseDraw& d) {
  LayerBuilder b("global_pool", Padding::kSame);
  const std::int64_t extent = d.extent(112);
  return finish(b, b.global_average_pool(b.input("x", {1, d.channels(), extent, extent})));
}

Graph softmax(CaseDraw& d) {
  LayerBuilder b("softmax", Padding::kSame);
  if (d.chance(0.3)) return finish(b, b.softmax(b.input("x", {1, d.channels()}), 1));
  const Shape scores{1, d.of<std::int64_t>({1, 2, 4, 8, 12}), d.log_integer(1, 300),
                     d.channels(512)};
  return finish(b, b.softmax(b.input("x", scores), 3));
}

Graph layer_norm(CaseDraw& d) {
  LayerBuilder b("layer_norm", Padding::kSame);
  return finish(b, b.layer_norm(sequence(d, b)));
}

Graph resize(CaseDraw& d) {
  LayerBuilder b("resize", Padding::kSame);
  const std::int64_t extent = d.extent(96);
  const TensorId x = b.input("x", {1, d.channels(512), extent, extent});
  const std::int64_t out = extent * d.of<std::int64_t>({2, 2, 2, 3, 4});
  if (d.chance(0.5)) return finish(b, b.resize_bilinear(x, out, out));
  return finish(
      b, b.op(OpKind::kResizeNearest, ResizeAttrs{.out_h = out, .out_w = out}, {x}, "nearest"));
}

Graph concat(CaseDraw& d) {
  LayerBuilder b("concat", Padding::kSame);
  Shape shape = d.map_shape(512);
  std::vector<TensorId> parts{b.input("x0", shape)};
  for (std::int64_t i = d.integer(1, 3); i > 0; --i) {
    shape[1] = d.channels(512);
    parts.push_back(b.input(fmt::format("x{}", i), shape));
  }
  return finish(b, b.concat(parts, 1));
}

Graph movement(CaseDraw& d) {
  LayerBuilder b("movement", Padding::kSame);
  const Shape shape = d.map_shape(512);
  const TensorId x = b.input("x", shape);
  switch (d.integer(0, 3)) {
    case 0:
      return finish(b, b.transpose(x, {0, 2, 3, 1}));
    case 1: {
      const std::int64_t first = d.integer(0, shape[1] - 1);
      return finish(b, b.op(OpKind::kSlice,
                            SliceAttrs{.begin = {0, first, 0, 0},
                                       .size = {1, shape[1] - first, shape[2], shape[3]},
                                       .step = {1, 1, 1, 1}},
                            {x}, "slice"));
    }
    case 2: {
      const std::int64_t pad = d.integer(1, 3);
      return finish(
          b, b.op(OpKind::kPad, PadAttrs{.before = {0, 0, pad, pad}, .after = {0, 0, pad, pad}},
                  {x}, "pad"));
    }
    default:
      return finish(b, b.op(OpKind::kReduceMean, ReduceAttrs{.axes = {2, 3}}, {x}, "mean"));
  }
}

constexpr CaseFamily kFamilies[] = {
    {"elementwise", Level::kOperator, "sum, product, difference or maximum of two maps",
     elementwise},
    {"activation", Level::kOperator, "an activation that no layer absorbs", activation},
    {"pool", Level::kOperator, "maximum or average over windows", pool},
    {"global_pool", Level::kOperator, "average over a whole map", global_pool},
    {"softmax", Level::kOperator, "softmax of classes or attention scores", softmax},
    {"layer_norm", Level::kOperator, "layer normalisation of a sequence", layer_norm},
    {"resize", Level::kOperator, "bilinear or nearest, to 2 to 4 times the size", resize},
    {"concat", Level::kOperator, "2 to 4 maps along the channels", concat},
    {"movement", Level::kOperator, "transpose, slice, padding, mean", movement},
};

}  // namespace

std::span<const CaseFamily> vector_families() { return kFamilies; }

}  // namespace presil
