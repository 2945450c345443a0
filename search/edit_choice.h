#pragma once
// Which edits are worth a simulation. Private to search/network_advice.

#include <string>
#include <vector>

#include "search/edits/edit.h"
#include "search/pattern_store.h"
#include "sim/run.h"

namespace presil {

/// An edit that fits.
struct PromisingEdit {
  Edit edit;
  /// Cycles that it may save: measured time of what it touches x the share that the closed form
  /// (edits/rough_cost.h) says goes away. Negative where it costs.
  double promise = 0;
  double more_macs = 0;  ///< that it adds
  bool won_before = false;
};

struct Candidates {
  std::vector<PromisingEdit> edits;
  std::vector<Refusal> refusals;
};

/// Every proposal that can be applied. `base`: the run of the network as it is.
Candidates candidate_edits(const Network& network, const ChipSpec& chip, const RunResult& base,
                           const PatternStore* patterns, const std::string& metric);

/// At most `most`: known patterns first, then the rules take turns, each with its most promising.
std::vector<Edit> choose_edits(std::vector<PromisingEdit> candidates, std::size_t most);

/// Of each operator: its share of its group's latency, by rough_cycles() where a group has several.
std::vector<double> measured_cycles(const Graph& graph, const ChipSpec& chip, const RunResult& run);

}  // namespace presil
