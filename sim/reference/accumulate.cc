#include "sim/reference/accumulate.h"

#include <algorithm>

namespace presil::reference {

namespace {

std::vector<double> bias_of(const OpCall& call, const Accumulators& a, double x_scale) {
  std::vector<double> bias(a.channels, 0);
  if (call.op.kind == OpKind::kMatMul || !call.has(2)) return bias;
  const Tensor& tensor = call.in(2);
  if (!is_integer_product(call)) return real_values(tensor);
  if (!is_float(tensor.type)) {
    const std::vector<std::int64_t> stored = stored_integers(tensor);
    return {stored.begin(), stored.end()};
  }
  // A bias that nobody quantised: to the scale of the accumulators.
  const std::vector<double> real = real_values(tensor);
  for (std::size_t k = 0; k < bias.size(); ++k) {
    const double scale = x_scale * a.weight_scales[a.weight_scales.size() == 1 ? 0 : k];
    bias[k] = static_cast<double>(quantize(real[k], scale, 0, range_of<std::int32_t>()));
  }
  return bias;
}

/// The accumulators of 8-bit activations have 32 bits and wrap around, those of wider ones 64.
class ChannelRequantizer {
 public:
  ChannelRequantizer(const Tensor& x, const Requantizer& requantizer)
      : wide_(x.type == DataType::kInt16 || x.type == DataType::kInt32 ||
              x.type == DataType::kInt64),
        requantizer_(requantizer) {}

  std::int64_t operator()(std::int64_t sum) const {
    return wide_ ? requantizer_(sum) : requantizer_(static_cast<std::int32_t>(sum));
  }

 private:
  bool wide_;
  Requantizer requantizer_;
};

void store_requantized(const OpCall& call, const Accumulators& a, double x_scale) {
  const ScaleAndZero y = scale_of(call, call.out());
  std::vector<ChannelRequantizer> by_channel;
  for (const double w_scale : a.weight_scales)
    by_channel.emplace_back(
        call.in(), Requantizer{quantize_multiplier(x_scale * w_scale / y.scale),
                               static_cast<std::int32_t>(y.zero_point), range_of(call.out().type)});
  const bool single = by_channel.size() == 1;
  std::vector<std::int64_t> stored(a.sums.size());
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const std::size_t channel = single ? 0 : i / a.inner % a.channels;
    stored[i] = by_channel[channel](static_cast<std::int64_t>(a.sums[i]));
  }
  store_integers(call.out(), stored);
}

}  // namespace

bool is_integer_product(const OpCall& call) {
  return !is_float(call.in(0).type) && !is_float(call.in(1).type);
}

std::vector<double> factors(const Tensor& tensor, bool integer) {
  if (!integer) return real_values(tensor);
  const std::vector<std::int64_t> stored = stored_integers(tensor);
  std::vector<double> values(stored.begin(), stored.end());
  if (!tensor.quantization) return values;
  const std::vector<std::int64_t>& zeros = tensor.quantization->zero_point;
  const Lines lines = lines_of(tensor.shape, tensor.quantization->axis);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] -= static_cast<double>(zeros.size() == 1 ? zeros.front()
                                                       : zeros[i / lines.inner % lines.extent]);
  return values;
}

std::vector<double> weight_scales(const Tensor& weights) {
  if (!weights.quantization) return {1.0};
  return {weights.quantization->scale.begin(), weights.quantization->scale.end()};
}

void store_accumulators(const OpCall& call, Accumulators a) {
  const bool integer = is_integer_product(call);
  const double x_scale = integer ? scale_of(call, call.in()).scale : 1;
  const std::vector<double> bias = bias_of(call, a, x_scale);
  for (std::size_t i = 0; i < a.sums.size(); ++i) a.sums[i] += bias[i / a.inner % a.channels];
  if (!integer) return store_reals(call.out(), a.sums);
  if (is_float(call.out().type)) {
    for (std::size_t i = 0; i < a.sums.size(); ++i)
      a.sums[i] *=
          x_scale * a.weight_scales[a.weight_scales.size() == 1 ? 0 : i / a.inner % a.channels];
    return store_reals(call.out(), a.sums);
  }
  if (call.out().quantization) return store_requantized(call, a, x_scale);
  const std::vector<std::int64_t> raw(a.sums.begin(), a.sums.end());
  store_integers(call.out(), raw);
}

}  // namespace presil::reference
