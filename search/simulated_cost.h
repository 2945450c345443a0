#pragma once
// What a network costs, simulated: the value that every search has to answer to at its end.

#include "search/cost_model.h"
#include "sim/run.h"

namespace presil {

class SimulatedCost final : public CostModel {
 public:
  /// Of the first inference, or with `options.compile.steady` of the steady state.
  explicit SimulatedCost(ChipSpec chip, RunOptions options = {});
  Cost cost(const Graph& graph, const PrecisionOptions& precision) const override;

 private:
  ChipSpec chip_;
  RunOptions options_;
};

}  // namespace presil
