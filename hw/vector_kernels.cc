// What the vector unit moves, pools, sums and resizes.

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "hw/kernels.h"

namespace presil::kernels {

Dense compute(const Context& context, const MoveFunction& f) {
  const Computation& c = context.computation;
  Dense in = gather(c.input, context.sram);
  if (f.direct) {
    const Box& a = in.box;
    const Box& b = c.output.box;
    PRESIL_CHECK(a.rows == b.rows && a.columns == b.columns && a.channels == b.channels,
                 "{}x{}x{} elements for {}x{}x{}", a.rows, a.columns, a.channels, b.rows, b.columns,
                 b.channels);
    in.box = b;
    if (f.rescale)
      for (std::int32_t& v : in.values) v = (*f.rescale)(v);
    return in;
  }
  Dense result = dense(c.output.box);
  for_each(result, [&](std::int64_t r, std::int64_t col, std::int64_t k, std::int32_t& v) {
    const std::int64_t at = f.index(c.image * context.function.out.rows + r, col, k);
    if (at < 0) {
      v = f.fill;
      return;
    }
    v = element_of(in, f.in, at);
    if (f.rescale) v = (*f.rescale)(v);
  });
  return result;
}

Dense compute(const Context& context, const PoolFunction& p) {
  const Computation& comp = context.computation;
  const Dense in = gather(comp.input, context.sram);
  Dense result = dense(comp.output.box);
  const Box& out = result.box;
  const bool real = is_float(p.element) || p.real_sum;
  const auto channels = static_cast<std::size_t>(out.channels);
  std::vector<std::int64_t> sums(channels);
  std::vector<double> reals(channels);
  std::int32_t* to = result.values.data();
  for (std::int64_t r = out.row; r < out.row + out.rows; ++r)
    for (std::int64_t c = out.column; c < out.column + out.columns; ++c, to += out.channels) {
      std::int64_t count = 0, padded = 0;
      std::fill(sums.begin(), sums.end(), p.average ? 0 : std::numeric_limits<std::int64_t>::min());
      std::fill(reals.begin(), reals.end(),
                p.average ? 0.0 : -std::numeric_limits<double>::infinity());
      for (std::int64_t y = 0; y < p.kernel_h; ++y)
        for (std::int64_t x = 0; x < p.kernel_w; ++x) {
          const std::int64_t row = r * p.stride_h - p.pad_top + y * p.dilation_h;
          const std::int64_t col = c * p.stride_w - p.pad_left + x * p.dilation_w;
          if (row < p.in_rows + p.pad_bottom && col < p.in_columns + p.pad_right) ++padded;
          if (row < 0 || row >= p.in_rows || col < 0 || col >= p.in_columns) continue;
          ++count;
          PRESIL_CHECK(row >= in.box.row && row < in.box.row + in.box.rows &&
                           col >= in.box.column && col < in.box.column + in.box.columns,
                       "a window reaches row {} column {}, which is not there", row, col);
          for (std::size_t k = 0; k < channels; ++k) {
            const std::int32_t v = in.at(row, col, out.channel + static_cast<std::int64_t>(k));
            if (real) {
              const double d = p.real_sum ? p.format.real(v) : real_of(p.element, v);
              reals[k] = p.average ? reals[k] + d : std::max(reals[k], d);
            } else {
              sums[k] = p.average ? sums[k] + v : std::max<std::int64_t>(sums[k], v);
            }
          }
        }
      const std::int64_t over = p.count_include_pad ? padded : count;
      for (std::size_t k = 0; k < channels; ++k) {
        // A window over nothing but padding.
        if (!p.average && count == 0 && !real) sums[k] = range_of(p.element).min;
        if (!p.average)
          to[k] = real ? float_bits(p.element, reals[k]) : static_cast<std::int32_t>(sums[k]);
        else
          to[k] = real ? p.average_reals(reals[k], over)
                       : p.average_integers(sums[k], over, over - count);
      }
    }
  return result;
}

namespace {

/// Sums, extremes or places of extremes, in the order of the results.
class Reducer {
 public:
  Reducer(const ReduceFunction& f, std::vector<std::int64_t>& sums, std::vector<double>& reals)
      : f_(f), sums_(sums), reals_(reals) {}

  void start(std::size_t count) {
    const bool adds = f_.reduction == Reduction::kSum || f_.reduction == Reduction::kMean;
    const bool least = f_.reduction == Reduction::kMin;
    const double far = std::numeric_limits<double>::infinity();
    sums_.assign(count, 0);
    reals_.assign(count, adds ? 0 : least ? far : -far);
  }

  void take(std::size_t at, std::int32_t bits, std::int32_t position) {
    const double value =
        f_.finish_integer && !is_float(f_.format.element) ? bits : f_.format.real(bits);
    switch (f_.reduction) {
      case Reduction::kSum:
      case Reduction::kMean:
        sums_[at] += bits;
        reals_[at] += value;
        return;
      case Reduction::kMax:
        reals_[at] = std::max(reals_[at], value);
        return;
      case Reduction::kMin:
        reals_[at] = std::min(reals_[at], value);
        return;
      case Reduction::kArgMax:
        if (value > reals_[at]) reals_[at] = value, sums_[at] = position;
        return;
    }
  }

  std::int32_t result(std::size_t at) const {
    if (f_.reduction == Reduction::kArgMax) return static_cast<std::int32_t>(sums_[at]);
    const bool adds = f_.reduction == Reduction::kSum || f_.reduction == Reduction::kMean;
    if (!f_.finish_integer || is_float(f_.format.element)) return f_.finish_real(reals_[at]);
    return f_.finish_integer(adds ? sums_[at] : static_cast<std::int64_t>(reals_[at]));
  }

 private:
  const ReduceFunction& f_;
  std::vector<std::int64_t>& sums_;
  std::vector<double>& reals_;
};

}  // namespace

Dense compute(const Context& context, const ReduceFunction& f) {
  const Computation& c = context.computation;
  Dense in = gather(c.input, context.sram);
  MachineState::Sums& waiting = context.state.vector_sums[context.core][c.output.address];
  Reducer reducer(f, waiting.integers, waiting.reals);
  const Box& out = c.output.box;
  const auto results = static_cast<std::size_t>(out.elements());
  if (c.first) reducer.start(results);
  PRESIL_CHECK(waiting.integers.size() == results, "{} sums wait in the vector unit, {} go on",
               waiting.integers.size(), results);
  for_each(in, [&](std::int64_t r, std::int64_t col, std::int64_t k, std::int32_t v) {
    if (f.over_rows) {
      const std::int64_t column = out.columns == 1 ? 0 : col - out.column;
      reducer.take(static_cast<std::size_t>(column * out.channels + (k - out.channel)), v,
                   static_cast<std::int32_t>(f.column_counts ? col : r));
      return;
    }
    const std::int64_t merged = c.input_image * f.in.rows + r;
    const auto at = static_cast<std::size_t>((merged * f.in.columns + col) * f.in.channels + k);
    const std::int64_t target = f.target[at];
    const std::int64_t tk = target % f.out.channels;
    const std::int64_t tc = target / f.out.channels % f.out.columns;
    const std::int64_t tr = target / (f.out.channels * f.out.columns) - c.image * f.out.rows;
    if (tr < out.row || tr >= out.row + out.rows || tc < out.column ||
        tc >= out.column + out.columns || tk < out.channel || tk >= out.channel + out.channels)
      return;
    reducer.take(
        static_cast<std::size_t>(((tr - out.row) * out.columns + (tc - out.column)) * out.channels +
                                 (tk - out.channel)),
        v, f.position.empty() ? 0 : f.position[at]);
  });
  if (!c.last) return {};
  Dense result = dense(out);
  for (std::size_t i = 0; i < results; ++i) result.values[i] = reducer.result(i);
  return result;
}

Dense compute(const Context& context, const ResizeFunction& f) {
  const Computation& c = context.computation;
  const Dense in = gather(c.input, context.sram);
  Dense result = dense(c.output.box);
  const Extents extents{f.in_rows, f.in_columns, in.box.channel + in.box.channels};
  const auto at = [&](std::int64_t r, std::int64_t col, std::int64_t k) {
    return element_of(in, extents, (r * extents.columns + col) * extents.channels + k);
  };
  for_each(result, [&](std::int64_t r, std::int64_t col, std::int64_t k, std::int32_t& v) {
    const auto y = static_cast<std::size_t>(r), x = static_cast<std::size_t>(col);
    v = f.mix({at(f.row_low[y], f.column_low[x], k), at(f.row_low[y], f.column_high[x], k),
               at(f.row_high[y], f.column_low[x], k), at(f.row_high[y], f.column_high[x], k)},
              r, col);
  });
  return result;
}

}  // namespace presil::kernels
