#pragma once
// What a network costs by a trained estimator, where a search wants thousands a second. Here, not
// in search/: the two layers do not know each other.

#include "estimator/estimate.h"
#include "search/cost_model.h"

namespace presil::cli {

class LearnedCost final : public CostModel {
 public:
  LearnedCost(ChipSpec chip, Bundle bundle)
      : chip_(std::move(chip)), bundle_(std::move(bundle)), groups_(chip_, bundle_) {}
  LearnedCost(const LearnedCost&) = delete;  // groups_ looks at the other members
  LearnedCost& operator=(const LearnedCost&) = delete;
  /// Latency and energy are learned, parameters and activations computed. Those that only a
  /// compiled Program has (peak_sram_bytes, memory_bytes) are 0: check_metric() refuses them.
  Cost cost(const Graph& graph, const PrecisionOptions& precision) const override;

  /// Throws Error if `metric` is one that needs a simulation.
  static void check_metric(const std::string& metric);

 private:
  ChipSpec chip_;
  Bundle bundle_;
  mutable GroupCache groups_;  ///< the networks of a search share most of theirs
};

}  // namespace presil::cli
