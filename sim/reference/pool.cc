// Pooling.

#include <algorithm>
#include <limits>

#include "sim/reference/op_call.h"

namespace presil::reference {

namespace {

/// Where windows lie over one plane.
struct Plane {
  Window window;
  std::int64_t height, width, out_height, out_width;
};

Plane plane_of(const OpCall& call) {
  const Shape& x = call.in().shape;
  const Shape& y = call.out().shape;
  const bool map = x.size() == 4;
  Plane plane{.window = {},
              .height = map ? x[2] : 1,
              .width = x.back(),
              .out_height = map ? y[2] : 1,
              .out_width = y.back()};
  if (const auto* attrs = std::get_if<PoolAttrs>(&call.op.attrs)) {
    plane.window = attrs->window;
  } else {  // a global one
    plane.window.kernel_h = plane.height;
    plane.window.kernel_w = plane.width;
  }
  return plane;
}

/// What is seen of one window.
struct Seen {
  double sum = 0, largest = -std::numeric_limits<double>::infinity();
  std::int64_t valid = 0;   ///< elements of the map
  std::int64_t padded = 0;  ///< and those of the pads
};

Seen look(const Plane& p, const double* x, std::int64_t oh, std::int64_t ow) {
  Seen seen;
  const Window& w = p.window;
  for (std::int64_t r = 0; r < w.kernel_h; ++r)
    for (std::int64_t s = 0; s < w.kernel_w; ++s) {
      const std::int64_t row = oh * w.stride_h + r * w.dilation_h - w.pad_top;
      const std::int64_t column = ow * w.stride_w + s * w.dilation_w - w.pad_left;
      // A window that ceil_mode lets reach behind the pads does not count what is there.
      if (row >= p.height + w.pad_bottom || column >= p.width + w.pad_right) continue;
      if (row < 0 || row >= p.height || column < 0 || column >= p.width) {
        ++seen.padded;
        continue;
      }
      const double value = x[row * p.width + column];
      seen.sum += value;
      seen.largest = std::max(seen.largest, value);
      ++seen.valid;
    }
  return seen;
}

/// result[i] = reduce(what the i-th window sees).
template <typename Reduce>
std::vector<double> pooled(const OpCall& call, const std::vector<double>& x, const Reduce& reduce) {
  const Plane p = plane_of(call);
  const std::int64_t planes = call.in().shape[0] * call.in().shape[1];
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(call.out().elements()));
  for (std::int64_t plane = 0; plane < planes; ++plane)
    for (std::int64_t oh = 0; oh < p.out_height; ++oh)
      for (std::int64_t ow = 0; ow < p.out_width; ++ow)
        values.push_back(
            reduce(look(p, &x[static_cast<std::size_t>(plane * p.height * p.width)], oh, ow)));
  return values;
}

void max_pool(const OpCall& call) {
  const bool integer = !is_float(call.in().type);
  const auto lowest = [&](const Seen& seen) { return seen.largest; };
  if (!integer) return store_reals(call.out(), pooled(call, real_values(call.in()), lowest));
  const double least = static_cast<double>(range_of(call.in().type).min);
  const std::vector<std::int64_t> stored = rescaled_integers(call, call.in(), call.out());
  const auto made = pooled(call, {stored.begin(), stored.end()},
                           [&](const Seen& seen) { return std::max(seen.largest, least); });
  store_integers(call.out(), std::vector<std::int64_t>(made.begin(), made.end()));
}

void average_pool(const OpCall& call) {
  const auto* attrs = std::get_if<PoolAttrs>(&call.op.attrs);
  const bool with_pads = attrs != nullptr && attrs->count_include_pad;
  const auto count = [&](const Seen& seen) {
    return std::max<std::int64_t>(seen.valid + (with_pads ? seen.padded : 0), 1);
  };
  if (!is_fixed_point(call.in()) || !is_fixed_point(call.out()) ||
      !same_quantization(call.in(), call.out())) {
    const auto mean = [&](const Seen& seen) { return seen.sum / static_cast<double>(count(seen)); };
    return store_reals(call.out(), pooled(call, real_values(call.in()), mean));
  }
  const std::int64_t zero = scale_of(call, call.in()).zero_point;  // what pads hold
  const std::vector<std::int64_t> stored = stored_integers(call.in());
  const auto made = pooled(call, {stored.begin(), stored.end()}, [&](const Seen& seen) {
    const std::int64_t pads = with_pads ? seen.padded * zero : 0;
    return static_cast<double>(
        rounded_average(static_cast<std::int64_t>(seen.sum) + pads, count(seen)));
  });
  store_integers(call.out(), std::vector<std::int64_t>(made.begin(), made.end()));
}

}  // namespace

void run_pool(const OpCall& call) {
  const bool max = call.op.kind == OpKind::kMaxPool || call.op.kind == OpKind::kGlobalMaxPool;
  max ? max_pool(call) : average_pool(call);
}

}  // namespace presil::reference
