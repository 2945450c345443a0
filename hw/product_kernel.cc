// Sums of products: convolutions, dense layers, matrix products.

#include <algorithm>
#include <type_traits>

#include "core/error.h"
#include "hw/kernels.h"

namespace presil::kernels {

namespace {

/// Sums of 16-bit products fit 32 bits in runs of this length when both sides have 9 bits.
constexpr std::int64_t kSafeRun = 16384;

template <bool kWide>
std::int64_t dot(const std::int16_t* a, const std::int16_t* b, std::int64_t count) {
  if constexpr (kWide) {
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i < count; ++i) sum += std::int32_t{a[i]} * b[i];
    return sum;
  } else {
    std::int64_t total = 0;
    for (std::int64_t from = 0; from < count; from += kSafeRun) {
      const std::int64_t to = std::min(count, from + kSafeRun);
      std::int32_t sum = 0;
      for (std::int64_t i = from; i < to; ++i) sum += std::int32_t{a[i]} * b[i];
      total += sum;
    }
    return total;
  }
}
template <bool kWide>
double dot(const double* a, const double* b, std::int64_t count) {
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

/// One command's product, of numbers of type X (16-bit integers or doubles) into sums of type A.
template <typename X, typename A, bool kWide>
class Product {
 public:
  Product(const Context& context, const ProductFunction& p, std::vector<A>& sums)
      : c_(context.computation), p_(p), sram_(context.sram), sums_(sums), out_(c_.output.box) {
    taps_ = p.kernel_h * p.kernel_w;
    channels_ = c_.sum_end - c_.sum_begin;
  }

  void run() {
    const auto count = static_cast<std::size_t>(out_.rows * out_.columns * out_.channels);
    if (c_.first) start(count);
    PRESIL_CHECK(sums_.size() == count, "{} sums wait in the accumulators, {} go on", sums_.size(),
                 count);
    read_weights();
    if constexpr (std::is_same_v<X, double>)
      input_ = gather_reals(c_.input, sram_);
    else
      input_ = gather_numbers(c_.input, sram_, p_.input_zero);
    if (p_.depthwise)
      depthwise();
    else
      dense_product();
  }

 private:
  void start(std::size_t count) {
    sums_.assign(count, A{});
    if (p_.bias_bytes == 0) return;
    for (std::int64_t k = 0; k < out_.channels; ++k) {
      const std::byte* at = sram_ + c_.weights + k * p_.bias_bytes;
      A bias;
      if constexpr (std::is_same_v<X, double>)
        bias = real_of(p_.bias_element, read_bits(p_.bias_element, at));
      else  // quantised, whatever the network said
        bias = read_bits(p_.bias_bytes >= 4 ? Element::kInt32 : Element::kInt16, at);
      for (std::size_t i = static_cast<std::size_t>(k); i < count;
           i += static_cast<std::size_t>(out_.channels))
        sums_[i] = bias;
    }
  }

  X weight_at(std::int64_t index, const std::byte* packed, std::int64_t output) const {
    const std::int32_t zero = p_.weight_zero.size() == 1
                                  ? p_.weight_zero[0]
                                  : p_.weight_zero[static_cast<std::size_t>(out_.channel + output)];
    std::int32_t bits = 0;
    if (p_.weight_bits == 4) {
      const auto byte = static_cast<std::int32_t>(packed[index / 2]);
      bits = ((byte >> (index % 2 * 4)) & 0xf);
      bits = bits >= 8 ? bits - 16 : bits;
    } else {
      bits = read_bits(p_.weight_element, packed + index * bytes_of(p_.weight_element));
    }
    if constexpr (std::is_same_v<X, double>)
      return real_of(p_.weight_element, bits);
    else
      return static_cast<X>(bits - zero);
  }

  /// [output][tap][channel] in the tile, behind the biases of the first run.
  void read_weights() {
    if (p_.weights_are_map) return read_map();
    const std::int64_t each = taps_ * (p_.depthwise ? 1 : channels_);
    weights_.resize(static_cast<std::size_t>(out_.channels * each));
    const std::byte* packed = sram_ + c_.weights + (c_.first ? out_.channels * p_.bias_bytes : 0);
    for (std::int64_t k = 0; k < out_.channels; ++k)
      for (std::int64_t i = 0; i < each; ++i)
        weights_[static_cast<std::size_t>(k * each + i)] = weight_at(k * each + i, packed, k);
  }

  /// [K,N] or, transposed, [N,K].
  void read_map() {
    std::vector<X> map;
    if constexpr (std::is_same_v<X, double>)
      map = gather_reals(c_.weight_map, sram_);
    else
      map = gather_numbers(c_.weight_map, sram_, p_.weight_zero[0]);
    if (p_.map_transposed) {
      weights_ = std::move(map);
      return;
    }
    weights_.resize(map.size());
    for (std::int64_t i = 0; i < channels_; ++i)
      for (std::int64_t k = 0; k < out_.channels; ++k)
        weights_[static_cast<std::size_t>(k * channels_ + i)] =
            map[static_cast<std::size_t>(i * out_.channels + k)];
  }

  /// Input row (or column) of a tap, if the window has one there.
  static std::int64_t source(bool transposed, std::int64_t out, std::int64_t tap,
                             std::int64_t stride, std::int64_t dilation, std::int64_t pad,
                             std::int64_t extent) {
    std::int64_t at = 0;
    if (transposed) {
      at = out + pad - tap * dilation;
      if (at < 0 || at % stride != 0) return -1;
      at /= stride;
    } else {
      at = out * stride - pad + tap * dilation;
    }
    return at >= 0 && at < extent ? at : -1;
  }

  const X* pixel(std::int64_t row, std::int64_t column) const {
    const Box& in = c_.input.box;
    PRESIL_CHECK(row >= in.row && row < in.row + in.rows && column >= in.column &&
                     column < in.column + in.columns,
                 "a window reaches row {} column {}, there are rows {}+{} columns {}+{}", row,
                 column, in.row, in.rows, in.column, in.columns);
    return input_.data() + ((row - in.row) * in.columns + (column - in.column)) * in.channels;
  }

  /// Input pixels of all taps of a place; null where the window hangs over.
  void reach(std::int64_t row, std::int64_t column, std::vector<const X*>& taps) const {
    taps.clear();
    for (std::int64_t y = 0; y < p_.kernel_h; ++y) {
      const std::int64_t r =
          source(p_.transposed, row, y, p_.stride_h, p_.dilation_h, p_.pad_top, p_.in_rows);
      for (std::int64_t x = 0; x < p_.kernel_w; ++x) {
        const std::int64_t c = source(p_.transposed, column, x, p_.stride_w, p_.dilation_w,
                                      p_.pad_left, p_.in_columns);
        taps.push_back(r < 0 || c < 0 ? nullptr : pixel(r, c));
      }
    }
  }

  void depthwise() {
    std::vector<X> by_tap(weights_.size());
    for (std::int64_t k = 0; k < out_.channels; ++k)
      for (std::int64_t t = 0; t < taps_; ++t)
        by_tap[static_cast<std::size_t>(t * out_.channels + k)] =
            weights_[static_cast<std::size_t>(k * taps_ + t)];
    const std::int64_t first = out_.channel / p_.multiplier - c_.input.box.channel;
    std::vector<const X*> taps;
    std::vector<X> spread(static_cast<std::size_t>(out_.channels));
    A* sum = sums_.data();
    for (std::int64_t r = out_.row; r < out_.row + out_.rows; ++r)
      for (std::int64_t c = out_.column; c < out_.column + out_.columns;
           ++c, sum += out_.channels) {
        reach(r, c, taps);
        for (std::int64_t t = 0; t < taps_; ++t) {
          const X* x = taps[static_cast<std::size_t>(t)];
          if (x == nullptr) continue;
          const X* w = by_tap.data() + t * out_.channels;
          if (p_.multiplier == 1) {
            x += first;
          } else {
            for (std::int64_t k = 0; k < out_.channels; ++k)
              spread[static_cast<std::size_t>(k)] =
                  x[(out_.channel + k) / p_.multiplier - c_.input.box.channel];
            x = spread.data();
          }
          for (std::int64_t k = 0; k < out_.channels; ++k)
            sum[k] += static_cast<A>(
                std::conditional_t<std::is_same_v<X, double>, double, std::int32_t>(x[k]) * w[k]);
        }
      }
  }

  void dense_product() {
    const std::int64_t length = taps_ * channels_;
    const std::int64_t per_group = p_.group_outputs > 0 ? p_.group_outputs : out_.channels;
    const std::int64_t in_channel = c_.input.box.channel;
    std::vector<X> patch(static_cast<std::size_t>(length));
    std::vector<const X*> taps;
    A* sum = sums_.data();
    for (std::int64_t r = out_.row; r < out_.row + out_.rows; ++r)
      for (std::int64_t c = out_.column; c < out_.column + out_.columns;
           ++c, sum += out_.channels) {
        if (!p_.input_transposed) reach(r, c, taps);
        for (std::int64_t k = 0; k < out_.channels;) {
          const std::int64_t group = p_.group_outputs > 0 ? (out_.channel + k) / per_group : 0;
          const std::int64_t end =
              p_.group_outputs > 0 ? std::min(out_.channels, (group + 1) * per_group - out_.channel)
                                   : out_.channels;
          const std::int64_t from = group * p_.group_inputs + c_.sum_begin - in_channel;
          const X* moving = patch.data();
          if (p_.input_transposed) {
            for (std::int64_t i = 0; i < channels_; ++i)
              patch[static_cast<std::size_t>(i)] = pixel(c_.sum_begin + i, 0)[r - in_channel];
          } else if (taps_ == 1 && taps[0] != nullptr) {
            moving = taps[0] + from;
          } else {
            for (std::int64_t t = 0; t < taps_; ++t) {
              X* to = patch.data() + t * channels_;
              const X* x = taps[static_cast<std::size_t>(t)];
              if (x == nullptr)
                std::fill(to, to + channels_, X{});
              else
                std::copy(x + from, x + from + channels_, to);
            }
          }
          for (; k < end; ++k) sum[k] += dot<kWide>(moving, weights_.data() + k * length, length);
        }
      }
  }

  const Computation& c_;
  const ProductFunction& p_;
  const std::byte* sram_;
  std::vector<A>& sums_;
  const Box out_;
  std::int64_t taps_ = 1, channels_ = 1;
  std::vector<X> weights_, input_;
};

}  // namespace

Dense compute(const Context& context, const ProductFunction& p) {
  const Computation& c = context.computation;
  MachineState::Sums& waiting = context.state.sums[context.core][c.sum_slot];
  std::vector<std::int64_t>& sums = waiting.integers;
  std::vector<double>& reals = waiting.reals;
  if (p.real)
    Product<double, double, false>(context, p, reals).run();
  else if (p.wide)
    Product<std::int16_t, std::int64_t, true>(context, p, sums).run();
  else
    Product<std::int16_t, std::int64_t, false>(context, p, sums).run();
  if (!c.last) return {};
  const MachineState::Sums done = std::move(waiting);  // they leave
  context.state.sums[context.core].erase(c.sum_slot);
  Dense result = dense(c.output.box);
  const std::size_t outputs = static_cast<std::size_t>(c.output.box.channels);
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    if (p.real) {
      result.values[i] = float_bits(p.made, done.reals[i]);
      continue;
    }
    if (!p.real_scales.empty()) {
      const std::size_t k = p.real_scales.size() == 1
                                ? 0
                                : static_cast<std::size_t>(c.output.box.channel) + i % outputs;
      result.values[i] =
          float_bits(p.made, static_cast<double>(done.integers[i]) * p.real_scales[k]);
      continue;
    }
    if (p.requantizers.empty()) {  // plain sums
      const IntegerRange range = range_of(p.made);
      result.values[i] =
          static_cast<std::int32_t>(std::clamp(done.integers[i], range.min, range.max));
      continue;
    }
    const Requantizer& r =
        p.requantizers.size() == 1
            ? p.requantizers[0]
            : p.requantizers[static_cast<std::size_t>(c.output.box.channel) + i % outputs];
    result.values[i] =
        p.wide ? r(done.integers[i]) : r(static_cast<std::int32_t>(done.integers[i]));
  }
  return result;
}

}  // namespace presil::kernels
