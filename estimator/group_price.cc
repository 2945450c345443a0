#include "estimator/group_price.h"

#include <algorithm>
#include <cmath>

#include "estimator/group_terms.h"
#include "sim/stage_estimate.h"
#include "sim/tile_candidates.h"
#include "sim/tiles.h"

namespace presil {

namespace {

/// Cycles of all stages of a chain when the last one makes `stripe` rows at a time.
double chain_compute(const Surroundings& around, const FusionGroup& group, std::int64_t stripe,
                     std::int64_t cores) {
  const std::int64_t last_rows = group.stages.back().out.rows;
  double cycles = 0;
  for (const Stage& stage : group.stages) {
    StageMapping m = whole_stage(stage);
    m.rows = std::clamp<std::int64_t>(stripe * stage.out.rows / last_rows, 1, stage.out.rows);
    const std::int64_t rows = ceil_div(stage.out.rows, cores);
    m.rows = std::min(m.rows, rows);
    cycles += compute_cycles(around, stage, m, {0, rows}, {0, stage.out.channels});
  }
  return cycles;
}

/// The best of stripes of 1, 2, 4, ... rows that fit.
std::optional<double> best_chain_compute(const Surroundings& around, const FusionGroup& group) {
  const std::int64_t rows = group.stages.back().out.rows;
  const std::int64_t cores = std::min(around.chip.cores, rows);
  Mapping mapping{.chain = true, .split = cores > 1 ? CoreSplit::kRows : CoreSplit::kNone};
  for (const Stage& stage : group.stages) mapping.stages.push_back(whole_stage(stage));
  std::optional<double> best;
  for (std::int64_t stripe = 1; stripe <= ceil_div(rows, cores); stripe *= 2) {
    mapping.stripe_rows = stripe;
    if (stripe == 1 && !why_never_legal(around.chip, group, mapping).empty()) return {};
    if (footprint(around, group, mapping) > around.room) break;
    const double cycles = chain_compute(around, group, stripe, cores);
    if (!best || cycles < *best) best = cycles;
  }
  return best;
}

}  // namespace

GroupPrice closed_form_price(int weight_memory) {
  return [weight_memory](const Surroundings& around,
                         const FusionGroup& group) -> std::optional<double> {
    const GroupTerms t = terms_of(around, group, weight_memory);
    double compute = t.compute();
    if (!group.members.empty()) {
      const std::optional<double> chain = best_chain_compute(around, group);
      if (!chain) return {};
      compute = *chain;
    } else if (t.smallest > static_cast<double>(around.room)) {
      return {};
    }
    const double head = t.read_latency + t.first_row_port + t.weight_chunk;
    const double tail = t.writes > 0 ? t.write_latency + t.last_row_port : 0;
    return std::max(compute + head + tail, t.port + 0.25 * t.turnaround + t.read_latency);
  };
}

}  // namespace presil
