// Reductions.

#include <algorithm>
#include <limits>

#include "sim/reference/op_call.h"

namespace presil::reference {

namespace {

/// For each element of x the element of the result that it goes into.
std::vector<std::size_t> targets_of(const Shape& shape, const std::vector<std::int64_t>& axes) {
  Shape kept = shape;
  for (const std::int64_t axis : axes) kept[static_cast<std::size_t>(axis)] = 1;
  return broadcast_sources(kept, shape);
}

void sum_of_integers(const OpCall& call, const std::vector<std::size_t>& targets, double count) {
  const ScaleAndZero in = scale_of(call, call.in()), out = scale_of(call, call.out());
  const std::vector<std::int64_t> stored = stored_integers(call.in());
  std::vector<std::int64_t> sums(static_cast<std::size_t>(call.out().elements()), 0);
  for (std::size_t i = 0; i < stored.size(); ++i) sums[targets[i]] += stored[i] - in.zero_point;
  const Requantizer requantize{quantize_multiplier(in.scale / (out.scale * count)),
                               static_cast<std::int32_t>(out.zero_point),
                               range_of(call.out().type)};
  const bool wide = call.in().type == DataType::kInt16;  // as accumulators of that type
  for (std::int64_t& sum : sums)
    sum = wide ? requantize(sum) : requantize(static_cast<std::int32_t>(sum));
  store_integers(call.out(), sums);
}

void sum(const OpCall& call, const std::vector<std::size_t>& targets) {
  const double count =
      call.op.kind == OpKind::kReduceMean
          ? static_cast<double>(call.in().elements()) / static_cast<double>(call.out().elements())
          : 1;
  if (is_fixed_point(call.in()) && is_fixed_point(call.out()))
    return sum_of_integers(call, targets, count);
  const std::vector<double> values = real_values(call.in());
  std::vector<double> sums(static_cast<std::size_t>(call.out().elements()), 0);
  for (std::size_t i = 0; i < values.size(); ++i) sums[targets[i]] += values[i];
  for (double& value : sums) value /= count;
  store_reals(call.out(), sums);
}

/// The first element of x that is the largest (smallest), for each element of the result.
std::vector<std::size_t> extreme_elements(const OpCall& call,
                                          const std::vector<std::size_t>& targets) {
  const bool smallest = call.op.kind == OpKind::kReduceMin;
  const std::vector<double> values = real_values(call.in());
  std::vector<std::size_t> found(static_cast<std::size_t>(call.out().elements()), kNoSource);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::size_t& best = found[targets[i]];
    if (best == kNoSource || (smallest ? values[i] < values[best] : values[i] > values[best]))
      best = i;
  }
  return found;
}

}  // namespace

void run_reduction(const OpCall& call) {
  const std::vector<std::int64_t>& axes = call.op.as<ReduceAttrs>().axes;
  const std::vector<std::size_t> targets = targets_of(call.in().shape, axes);
  if (call.op.kind == OpKind::kReduceMean || call.op.kind == OpKind::kReduceSum)
    return sum(call, targets);
  const std::vector<std::size_t> found = extreme_elements(call, targets);
  if (call.op.kind != OpKind::kArgMax) return take_elements(call, call.in(), found, call.out());
  const Lines lines = lines_of(call.in().shape, axes.front());
  std::vector<std::int64_t> indices;
  for (const std::size_t element : found)
    indices.push_back(static_cast<std::int64_t>(element / lines.inner % lines.extent));
  store_integers(call.out(), indices);
}

}  // namespace presil::reference
