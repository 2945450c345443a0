// Softmax and normalisations.

#include <algorithm>
#include <cmath>

#include "core/lookup_table.h"
#include "sim/reference/op_call.h"

namespace presil::reference {

namespace {

/// Calls `function` with each line along `axis`, in and out.
template <typename Value, typename Function>
std::vector<Value> by_line(const std::vector<Value>& in, const Lines& lines,
                           const Function& function) {
  std::vector<Value> out(in.size()), from(lines.extent), to(lines.extent);
  for (std::size_t o = 0; o < lines.outer; ++o)
    for (std::size_t i = 0; i < lines.inner; ++i) {
      for (std::size_t e = 0; e < lines.extent; ++e) from[e] = in[lines.at(o, e, i)];
      function(from, to);
      for (std::size_t e = 0; e < lines.extent; ++e) out[lines.at(o, e, i)] = to[e];
    }
  return out;
}

void softmax_of_integers(const OpCall& call, const Lines& lines) {
  const double in_scale = scale_of(call, call.in()).scale;
  const ScaleAndZero out = scale_of(call, call.out());
  const std::vector<std::int64_t> wide = stored_integers(call.in());
  const std::vector<std::int32_t> stored(wide.begin(), wide.end());
  const auto made = by_line(stored, lines, [&](const auto& from, auto& to) {
    softmax_row(from, to, in_scale, out, range_of(call.out().type));
  });
  store_integers(call.out(), std::vector<std::int64_t>(made.begin(), made.end()));
}

void softmax_of_reals(const OpCall& call, const Lines& lines) {
  const bool log = call.op.kind == OpKind::kLogSoftmax;
  const auto made = by_line(real_values(call.in()), lines, [&](const auto& from, auto& to) {
    const double largest = *std::max_element(from.begin(), from.end());
    double sum = 0;
    for (const double x : from) sum += std::exp(x - largest);
    for (std::size_t i = 0; i < from.size(); ++i)
      to[i] = log ? from[i] - largest - std::log(sum) : std::exp(from[i] - largest) / sum;
  });
  store_reals(call.out(), made);
}

std::vector<double> parameter(const OpCall& call, std::size_t operand, std::size_t count,
                              double missing) {
  return call.has(operand) ? real_values(call.in(operand)) : std::vector<double>(count, missing);
}

struct Moments {
  double mean = 0, variance = 0;
};
Moments moments_of(std::span<const double> values) {
  Moments result;
  for (const double value : values) result.mean += value;
  result.mean /= static_cast<double>(values.size());
  for (const double value : values)
    result.variance += (value - result.mean) * (value - result.mean);
  result.variance /= static_cast<double>(values.size());
  return result;
}

/// Groups of `size` elements, each normalised by its own moments. Element i has scale and bias
/// `parameter_of`(i).
template <typename ParameterOf>
void normalize(const OpCall& call, std::size_t size, std::size_t parameters,
               const ParameterOf& parameter_of) {
  const auto scale = parameter(call, 1, parameters, 1), bias = parameter(call, 2, parameters, 0);
  const double epsilon = call.op.as<NormAttrs>().epsilon;
  std::vector<double> values = real_values(call.in());
  for (std::size_t first = 0; first < values.size(); first += size) {
    const std::span<double> group(&values[first], size);
    const Moments moments = moments_of(group);
    const double deviation = std::sqrt(moments.variance + epsilon);
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t p = parameter_of(first + i);
      group[i] = (group[i] - moments.mean) / deviation * scale[p] + bias[p];
    }
  }
  store_reals(call.out(), values);
}

void layer_norm(const OpCall& call) {
  const std::int64_t axis = call.op.as<NormAttrs>().axis;
  std::size_t size = 1;
  for (auto i = static_cast<std::size_t>(axis); i < call.in().shape.size(); ++i)
    size *= static_cast<std::size_t>(call.in().shape[i]);
  normalize(call, size, size, [&](std::size_t i) { return i % size; });
}

void instance_norm(const OpCall& call) {
  const Lines lines = lines_of(call.in().shape, 1);
  normalize(call, lines.inner, lines.extent,
            [&](std::size_t i) { return i / lines.inner % lines.extent; });
}

void batch_norm(const OpCall& call) {
  const Lines lines = lines_of(call.in().shape, 1);
  const auto scale = parameter(call, 1, lines.extent, 1),
             bias = parameter(call, 2, lines.extent, 0), mean = parameter(call, 3, lines.extent, 0),
             variance = parameter(call, 4, lines.extent, 1);
  std::vector<double> values = real_values(call.in());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t c = i / lines.inner % lines.extent;
    const double deviation = std::sqrt(variance[c] + call.op.as<NormAttrs>().epsilon);
    values[i] = (values[i] - mean[c]) / deviation * scale[c] + bias[c];
  }
  store_reals(call.out(), values);
}

/// x / (bias + alpha / size * sum of the squares of `size` neighbouring channels) ^ beta, as ONNX.
void local_response(const OpCall& call) {
  const LrnAttrs& attrs = call.op.as<LrnAttrs>();
  const auto before = (attrs.size - 1) / 2, behind = attrs.size - 1 - before;
  const auto made = by_line(
      real_values(call.in()), lines_of(call.in().shape, 1), [&](const auto& from, auto& to) {
        const auto channels = static_cast<std::int64_t>(from.size());
        for (std::int64_t c = 0; c < channels; ++c) {
          double sum = 0;
          for (std::int64_t i = std::max<std::int64_t>(c - before, 0);
               i <= std::min(c + behind, channels - 1); ++i)
            sum += from[static_cast<std::size_t>(i)] * from[static_cast<std::size_t>(i)];
          const double base =
              attrs.bias + double{attrs.alpha} / static_cast<double>(attrs.size) * sum;
          to[static_cast<std::size_t>(c)] =
              from[static_cast<std::size_t>(c)] / std::pow(base, double{attrs.beta});
        }
      });
  store_reals(call.out(), made);
}

}  // namespace

void run_softmax(const OpCall& call) {
  const Lines lines = lines_of(call.in().shape, call.op.as<AxisAttrs>().axis);
  const bool table = call.op.kind == OpKind::kSoftmax && is_fixed_point(call.in()) &&
                     is_8_bit(call.in()) && is_fixed_point(call.out());
  table ? softmax_of_integers(call, lines) : softmax_of_reals(call, lines);
}

void run_norm(const OpCall& call) {
  switch (call.op.kind) {
    case OpKind::kLayerNorm:
      return layer_norm(call);
    case OpKind::kInstanceNorm:
      return instance_norm(call);
    case OpKind::kBatchNorm:
      return batch_norm(call);
    default:
      return local_response(call);
  }
}

}  // namespace presil::reference
