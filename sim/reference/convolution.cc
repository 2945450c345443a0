// Convolutions: im2col and a matrix product, except depthwise ones.

#include <Eigen/Core>
#include <algorithm>

#include "sim/reference/accumulate.h"

namespace presil::reference {

namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ConstMap = Eigen::Map<const Matrix>;
using MutableMap = Eigen::Map<Matrix>;

/// Extents with a height of 1 where the tensors have none, and the window.
struct Geometry {
  std::int64_t batch, channels, height, width;  ///< of x
  std::int64_t outputs, out_height, out_width;
  std::int64_t groups, kernel_h, kernel_w;
  Window window;

  std::int64_t in_area() const { return height * width; }
  std::int64_t out_area() const { return out_height * out_width; }
  std::int64_t taps() const { return kernel_h * kernel_w; }
  std::int64_t row(std::int64_t oh, std::int64_t r) const {
    return oh * window.stride_h + r * window.dilation_h - window.pad_top;
  }
  std::int64_t column(std::int64_t ow, std::int64_t s) const {
    return ow * window.stride_w + s * window.dilation_w - window.pad_left;
  }
  bool pointwise() const {
    return taps() == 1 && window.stride_h == 1 && window.stride_w == 1 && window.pad_top == 0 &&
           window.pad_left == 0 && in_area() == out_area();
  }
};

Geometry geometry_of(const OpCall& call) {
  const ConvAttrs& attrs = call.op.as<ConvAttrs>();
  const Shape& x = call.in().shape;
  const Shape& y = call.out().shape;
  const bool map = x.size() == 4;
  return {.batch = x[0],
          .channels = x[1],
          .height = map ? x[2] : 1,
          .width = x.back(),
          .outputs = y[1],
          .out_height = map ? y[2] : 1,
          .out_width = y.back(),
          .groups = attrs.groups,
          .kernel_h = attrs.window.kernel_h,
          .kernel_w = attrs.window.kernel_w,
          .window = attrs.window};
}

/// Rows: channel, kernel row, kernel column. Columns: output positions [first, first + count).
void im2col(const Geometry& g, const double* x, std::int64_t channels, std::int64_t first,
            std::int64_t count, Matrix& columns) {
  columns.resize(channels * g.taps(), count);
  for (std::int64_t c = 0, at = 0; c < channels; ++c)
    for (std::int64_t r = 0; r < g.kernel_h; ++r)
      for (std::int64_t s = 0; s < g.kernel_w; ++s, ++at)
        for (std::int64_t p = 0; p < count; ++p) {
          const std::int64_t row = g.row((first + p) / g.out_width, r);
          const std::int64_t column = g.column((first + p) % g.out_width, s);
          const bool inside = row >= 0 && row < g.height && column >= 0 && column < g.width;
          columns(at, p) = inside ? x[(c * g.height + row) * g.width + column] : 0;
        }
}

void convolve(const Geometry& g, const std::vector<double>& x, const std::vector<double>& w,
              std::vector<double>& y) {
  const std::int64_t channels = g.channels / g.groups, outputs = g.outputs / g.groups;
  const std::int64_t depth = channels * g.taps();
  constexpr std::int64_t kMostColumns = 1 << 21;  // elements of a block of columns: 16 MiB
  const std::int64_t block = std::clamp<std::int64_t>(kMostColumns / depth, 1, g.out_area());
  Matrix columns;
  for (std::int64_t n = 0; n < g.batch; ++n)
    for (std::int64_t group = 0; group < g.groups; ++group) {
      const double* from =
          &x[static_cast<std::size_t>((n * g.channels + group * channels) * g.in_area())];
      const ConstMap weights(&w[static_cast<std::size_t>(group * outputs * depth)], outputs, depth);
      MutableMap to(&y[static_cast<std::size_t>((n * g.outputs + group * outputs) * g.out_area())],
                    outputs, g.out_area());
      if (g.pointwise()) {
        to.noalias() = weights * ConstMap(from, channels, g.in_area());
        continue;
      }
      for (std::int64_t first = 0; first < g.out_area(); first += block) {
        const std::int64_t count = std::min(block, g.out_area() - first);
        im2col(g, from, channels, first, count, columns);
        to.middleCols(first, count).noalias() = weights * columns;
      }
    }
}

/// One channel of x convolved with one kernel.
void convolve_plane(const Geometry& g, const double* x, const double* w, double* y) {
  for (std::int64_t r = 0; r < g.kernel_h; ++r)
    for (std::int64_t s = 0; s < g.kernel_w; ++s)
      for (std::int64_t oh = 0; oh < g.out_height; ++oh) {
        const std::int64_t row = g.row(oh, r);
        if (row < 0 || row >= g.height) continue;
        for (std::int64_t ow = 0; ow < g.out_width; ++ow) {
          const std::int64_t column = g.column(ow, s);
          if (column < 0 || column >= g.width) continue;
          y[oh * g.out_width + ow] += w[r * g.kernel_w + s] * x[row * g.width + column];
        }
      }
}

void convolve_depthwise(const Geometry& g, const std::vector<double>& x,
                        const std::vector<double>& w, std::vector<double>& y) {
  const std::int64_t multiplier = g.outputs / g.channels;
  for (std::int64_t n = 0; n < g.batch; ++n)
    for (std::int64_t k = 0; k < g.outputs; ++k)
      convolve_plane(g,
                     &x[static_cast<std::size_t>((n * g.channels + k / multiplier) * g.in_area())],
                     &w[static_cast<std::size_t>(k * g.taps())],
                     &y[static_cast<std::size_t>((n * g.outputs + k) * g.out_area())]);
}

/// Adds one output channel's products, by kernel tap and position of x, where they fall.
void scatter(const Geometry& g, const Matrix& products, std::int64_t first_row, double* y) {
  for (std::int64_t r = 0; r < g.kernel_h; ++r)
    for (std::int64_t s = 0; s < g.kernel_w; ++s)
      for (std::int64_t p = 0; p < g.in_area(); ++p) {
        const std::int64_t row = g.row(p / g.width, r), column = g.column(p % g.width, s);
        if (row < 0 || row >= g.out_height || column < 0 || column >= g.out_width) continue;
        y[row * g.out_width + column] += products(first_row + r * g.kernel_w + s, p);
      }
}

/// Every element of x is spread over a window of y.
void convolve_transposed(const Geometry& g, const std::vector<double>& x,
                         const std::vector<double>& w, std::vector<double>& y) {
  const std::int64_t channels = g.channels / g.groups, outputs = g.outputs / g.groups;
  const std::int64_t spread = outputs * g.taps();
  for (std::int64_t n = 0; n < g.batch; ++n)
    for (std::int64_t group = 0; group < g.groups; ++group) {
      const std::int64_t first = n * g.channels + group * channels;
      const ConstMap from(&x[static_cast<std::size_t>(first * g.in_area())], channels, g.in_area());
      const ConstMap weights(&w[static_cast<std::size_t>(group * channels * spread)], channels,
                             spread);
      const Matrix products = weights.transpose() * from;
      for (std::int64_t k = 0; k < outputs; ++k)
        scatter(g, products, k * g.taps(),
                &y[static_cast<std::size_t>((n * g.outputs + group * outputs + k) * g.out_area())]);
    }
}

/// The scales by output channel. Those of a transposed convolution in groups lie along an axis that
/// all groups share.
std::vector<double> output_scales(const Tensor& weights, std::int64_t outputs) {
  const std::vector<double> scales = weight_scales(weights);
  if (scales.size() == 1) return scales;
  std::vector<double> all;
  for (std::int64_t k = 0; k < outputs; ++k)
    all.push_back(scales[static_cast<std::size_t>(k) % scales.size()]);
  return all;
}

}  // namespace

void run_convolution(const OpCall& call) {
  const Geometry g = geometry_of(call);
  const bool integer = is_integer_product(call);
  const Tensor& weights = call.in(1);
  const int output_axis = call.op.kind == OpKind::kTransposedConv ? 1 : 0;
  if (integer && weights.quantization && weights.quantization->scale.size() > 1 &&
      weights.quantization->axis != output_axis)
    call.fail(fmt::format("the weights' scales are along axis {}; they must be by output channel",
                          weights.quantization->axis));
  const std::vector<double> x = factors(call.in(), integer), w = factors(weights, integer);
  Accumulators a{.sums = std::vector<double>(static_cast<std::size_t>(call.out().elements()), 0),
                 .channels = static_cast<std::size_t>(g.outputs),
                 .inner = static_cast<std::size_t>(g.out_area()),
                 .weight_scales = output_scales(weights, g.outputs)};
  if (call.op.kind == OpKind::kTransposedConv) {
    convolve_transposed(g, x, w, a.sums);
  } else if (call.op.kind == OpKind::kDepthwiseConv) {
    convolve_depthwise(g, x, w, a.sums);
  } else {
    convolve(g, x, w, a.sums);
  }
  store_accumulators(call, std::move(a));
}

}  // namespace presil::reference
