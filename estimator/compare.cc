#include "estimator/compare.h"

#include <chrono>
#include <cmath>
#include <map>

#include "sim/run.h"

namespace presil {

namespace {

using WallClock = std::chrono::steady_clock;

double seconds_since(WallClock::time_point start) {
  return std::chrono::duration<double>(WallClock::now() - start).count();
}

void find_worst_group(Comparison& result, const RunResult& run, const Estimate& estimated) {
  std::map<std::string, double> simulated;
  for (const GroupResult& group : run.groups)
    simulated[group.name] = static_cast<double>(group.latency.value);
  double worst = 0;
  for (const GroupEstimate& group : estimated.groups) {
    const auto found = simulated.find(group.name);
    if (found == simulated.end()) continue;
    ++result.groups_alike;
    const double off = std::abs(group.predicted.cycles - found->second);
    if (off < worst) continue;
    worst = off;
    result.worst_group = group.name;
    result.worst_simulated = found->second;
    result.worst_estimated = group.predicted.cycles;
  }
}

}  // namespace

Comparison compare(const Graph& graph, const ChipSpec& chip, const CompileOptions& options,
                   const Bundle& bundle) {
  Comparison result{.model = graph.name(), .chip = chip.name};
  WallClock::time_point start = WallClock::now();
  const RunResult run = presil::run(graph, chip, {.compile = options});
  result.simulate_seconds = seconds_since(start);
  start = WallClock::now();
  const Estimate estimated = estimate(graph, chip, options, bundle);
  result.estimate_seconds = seconds_since(start);
  result.simulated = static_cast<double>(run.latency.value);
  result.estimated = estimated.latency_cycles;
  result.interval = estimated.latency;
  result.simulated_pj = run.energy.total.total().value;
  result.estimated_pj = estimated.energy_pj;
  result.groups = run.compiled.network.groups.size();
  result.out_of_range = estimated.out_of_range;
  find_worst_group(result, run, estimated);
  return result;
}

std::vector<ScoredCase> scored(const std::vector<Comparison>& comparisons) {
  std::vector<ScoredCase> cases;
  for (const Comparison& c : comparisons)
    cases.push_back({.level = "network",
                     .family = c.model,
                     .chip = c.chip,
                     .cycles = {.measured = c.simulated, .predicted = c.estimated},
                     .low = c.interval.low,
                     .high = c.interval.high});
  return cases;
}

}  // namespace presil
