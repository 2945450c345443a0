#pragma once
// The random choices of which cases are made, distributed as networks have them.

#include <initializer_list>

#include "core/random.h"
#include "hw/chip_spec.h"
#include "models/layer_builder.h"

namespace presil {

/// What a case may be: part of a plan (sample_plan.h).
struct CaseRanges {
  std::int64_t channels_min = 1, channels_max = 2048;
  std::int64_t extent_min = 1, extent_max = 320;  ///< rows and columns of a feature map
  double operator_macs = 4e8, subgraph_macs = 8e8, network_macs = 3e9;
  double operator_bytes = 6e6, subgraph_bytes = 2e7, network_bytes = 1e8;  ///< all tensors, int8
};

/// One case's choices, in the order in which they are asked for.
class CaseDraw {
 public:
  /// `upper`: the case is the one just above a step edge. `mode` is the chip's that the case runs
  /// in. Both have to outlive this.
  CaseDraw(Random random, const CaseRanges& ranges, const ChipSpec& chip, const PrecisionMode& mode,
           bool upper)
      : random_(random), ranges_(ranges), chip_(chip), mode_(mode), upper_(upper) {}

  bool chance(double probability) { return random_.uniform() < probability; }
  std::int64_t integer(std::int64_t low, std::int64_t high) { return random_.integer(low, high); }
  /// Whole, its logarithm uniform.
  std::int64_t log_integer(std::int64_t low, std::int64_t high);
  /// One of them; write likely ones several times.
  template <typename T>
  T of(std::initializer_list<T> values) {
    return values.begin()[random_.integer(0, static_cast<std::int64_t>(values.size()) - 1)];
  }

  /// Log-uniform in the plan's range and at most `max`: half of them multiples of 8, 16 or 32, a
  /// fifth at or beside a multiple of what the array takes in a step.
  std::int64_t channels(std::int64_t max);
  std::int64_t channels() { return channels(ranges_.channels_max); }
  /// Rows or columns: half of them as classifiers have them (7, 14, 28, ...).
  std::int64_t extent(std::int64_t max);
  std::int64_t extent() { return extent(ranges_.extent_max); }
  std::int64_t kernel();  ///< odd ones mostly
  /// A multiple of `block` below a step edge; one more when this is the upper case of its pair.
  std::int64_t at_edge(std::int64_t block);
  Activation activation();
  Padding padding();

  /// [1,C,H,W]: square mostly.
  Shape map_shape(std::int64_t max_channels);
  Shape map_shape() { return map_shape(ranges_.channels_max); }

  const ChipSpec& chip() const { return chip_; }
  const PrecisionMode& mode() const { return mode_; }

 private:
  Random random_;
  const CaseRanges& ranges_;
  const ChipSpec& chip_;
  const PrecisionMode& mode_;
  bool upper_;
};

}  // namespace presil
