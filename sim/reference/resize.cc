// Resizing of feature maps.
//
// Coordinates and fixed point as TFLite reference/resize_nearest_neighbor.h and
// reference/resize_bilinear.h (ResizeBilinearInteger: 10 fractional bits an axis).

#include <algorithm>
#include <cmath>

#include "sim/reference/op_call.h"

namespace presil::reference {

namespace {

/// The element of one axis that is nearest to position `i` of the resized one. Exact: TFLite
/// multiplies by a float.
std::int64_t nearest_element(const ResizeAttrs& attrs, std::int64_t i, std::int64_t in,
                             std::int64_t out) {
  if (attrs.align_corners && out > 1) {
    const std::int64_t last = out - 1;
    return std::min((2 * i * (in - 1) + last) / (2 * last), in - 1);  // round half up
  }
  if (attrs.half_pixel) return std::min((2 * i + 1) * in / (2 * out), in - 1);
  return std::min(i * in / out, in - 1);
}

void resize_nearest(const OpCall& call) {
  const ResizeAttrs& attrs = call.op.as<ResizeAttrs>();
  const Shape& x = call.in().shape;
  const Shape& y = call.out().shape;
  std::vector<std::size_t> sources;
  sources.reserve(static_cast<std::size_t>(call.out().elements()));
  for (std::int64_t plane = 0; plane < x[0] * x[1]; ++plane)
    for (std::int64_t h = 0; h < y[2]; ++h)
      for (std::int64_t w = 0; w < y[3]; ++w) {
        const std::int64_t row = nearest_element(attrs, h, x[2], y[2]);
        const std::int64_t column = nearest_element(attrs, w, x[3], y[3]);
        sources.push_back(static_cast<std::size_t>((plane * x[2] + row) * x[3] + column));
      }
  take_elements(call, call.in(), sources, call.out());
}

/// Two neighbours on one axis and the weight of the second.
template <typename Number>
struct Between {
  std::int64_t low, high;
  Number weight;
};

Between<double> between_reals(const ResizeAttrs& attrs, std::int64_t i, std::int64_t in,
                              std::int64_t out) {
  double at;
  const auto position = static_cast<double>(i);
  if (attrs.align_corners && out > 1) {
    at = position * static_cast<double>(in - 1) / static_cast<double>(out - 1);
  } else {
    const double scale = static_cast<double>(in) / static_cast<double>(out);
    at = attrs.half_pixel ? (position + 0.5) * scale - 0.5 : position * scale;
  }
  const double low = std::floor(at);
  const auto clamped = [&](double v) {
    return static_cast<std::int64_t>(std::clamp(v, 0.0, static_cast<double>(in - 1)));
  };
  return {clamped(low), clamped(low + 1), at - low};
}

constexpr std::int64_t kOne = 1 << 10;

Between<std::int64_t> between_fixed(const ResizeAttrs& attrs, std::int64_t i, std::int64_t in,
                                    std::int64_t out) {
  const bool aligned = attrs.align_corners && out > 1;
  const std::int64_t from = aligned ? in - 1 : in, to = aligned ? out - 1 : out;
  const std::int64_t scale = (kOne * from + to / 2) / to;
  const std::int64_t at =
      attrs.half_pixel && !aligned ? i * scale + scale / 2 - kOne / 2 : i * scale;
  const std::int64_t low = std::max<std::int64_t>(at / kOne, 0);
  const std::int64_t high = std::min((at + kOne - 1) / kOne, in - 1);
  return {std::min(low, in - 1), std::max<std::int64_t>(high, 0), at - kOne * low};
}

/// value(i) = sum of four neighbours, each weighted by both axes; `one` is the weight that is 1.
template <typename Number, typename Neighbours, typename Finish>
auto interpolated(const OpCall& call, const std::vector<Number>& x, const Neighbours& neighbours,
                  Number one, const Finish& finish) {
  const ResizeAttrs& attrs = call.op.as<ResizeAttrs>();
  const Shape& from = call.in().shape;
  const Shape& to = call.out().shape;
  std::vector<Number> values;
  values.reserve(static_cast<std::size_t>(call.out().elements()));
  for (std::int64_t plane = 0; plane < from[0] * from[1]; ++plane) {
    const Number* map = &x[static_cast<std::size_t>(plane * from[2] * from[3])];
    for (std::int64_t h = 0; h < to[2]; ++h) {
      const auto v = neighbours(attrs, h, from[2], to[2]);
      for (std::int64_t w = 0; w < to[3]; ++w) {
        const auto u = neighbours(attrs, w, from[3], to[3]);
        const Number top = map[v.low * from[3] + u.low] * (one - u.weight) +
                           map[v.low * from[3] + u.high] * u.weight;
        const Number bottom = map[v.high * from[3] + u.low] * (one - u.weight) +
                              map[v.high * from[3] + u.high] * u.weight;
        values.push_back(finish(top * (one - v.weight) + bottom * v.weight));
      }
    }
  }
  return values;
}

void resize_bilinear(const OpCall& call) {
  const bool fixed = is_fixed_point(call.in()) && same_quantization(call.in(), call.out());
  if (!fixed)
    return store_reals(call.out(), interpolated(call, real_values(call.in()), between_reals, 1.0,
                                                [](double value) { return value; }));
  store_integers(
      call.out(),
      interpolated(call, stored_integers(call.in()), between_fixed, kOne, [](std::int64_t sum) {
        constexpr std::int64_t kHalf = kOne * kOne / 2;
        return (sum > 0 ? sum + kHalf : sum - kHalf) / (kOne * kOne);
      }));
}

}  // namespace

void run_resize(const OpCall& call) {
  call.op.kind == OpKind::kResizeNearest ? resize_nearest(call) : resize_bilinear(call);
}

}  // namespace presil::reference
