#include "estimator/compare.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <map>

#include "core/error.h"
#include "estimator/group_terms.h"
#include "estimator/sample.h"
#include "sim/run.h"

namespace presil {

namespace {

using WallClock = std::chrono::steady_clock;

double seconds_since(WallClock::time_point start) {
  return std::chrono::duration<double>(WallClock::now() - start).count();
}

/// The shortest of three: an estimate is over in less than a turn of the system's scheduler.
Estimate timed_estimate(const Graph& graph, const ChipSpec& chip, const CompileOptions& options,
                        const Bundle& bundle, double& seconds) {
  Estimate result;
  for (int turn = 0; turn < 3; ++turn) {
    const WallClock::time_point start = WallClock::now();
    result = estimate(graph, chip, options, bundle);
    const double taken = seconds_since(start);
    seconds = turn == 0 ? taken : std::min(seconds, taken);
  }
  return result;
}

bool formed_alike(const FusionGroup& a, const FusionGroup& b) {
  return a.stages.size() == b.stages.size() && (a.stripe_rows > 0) == (b.stripe_rows > 0);
}

/// "Conv+DepthwiseConv": an expanding and a projecting convolution are one kind.
std::string family_of(const Graph& graph, const FusionGroup& group) {
  std::vector<std::string_view> kinds;
  for (const Stage& stage : group.stages) {
    const std::string_view kind = op_info(graph.op(stage.op).kind).name;
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) kinds.push_back(kind);
  }
  return fmt::format("{}", fmt::join(kinds, "+"));
}

Bound longest(const GroupTerms& terms) {
  const std::array<std::pair<double, Bound>, 6> parts = {{{terms.array, Bound::kCompute},
                                                          {terms.vector, Bound::kVector},
                                                          {terms.port, Bound::kMemory},
                                                          {terms.banks, Bound::kBanks},
                                                          {terms.output_stage, Bound::kOutput},
                                                          {terms.host, Bound::kHost}}};
  return std::max_element(parts.begin(), parts.end(),
                          [](const auto& a, const auto& b) { return a.first < b.first; })
      ->second;
}

bool in_sram(const FusedNetwork& network, const std::vector<bool>& resident, TensorId tensor) {
  if (tensor == kNoTensor) return false;
  const int storage = network.views[static_cast<std::size_t>(tensor)].storage;
  return storage >= 0 && resident[static_cast<std::size_t>(storage)];
}

/// Holds the planner's groups against those of the compiler.
class GroupMatch {
 public:
  GroupMatch(const Graph& graph, const ChipSpec& chip, const RunResult& run,
             const PlannedNetwork& planned, const Bundle& bundle)
      : graph_(graph),
        chip_(chip),
        run_(run),
        planned_(planned),
        bundle_(bundle),
        features_(features_of(chip, planned)) {
    for (std::size_t g = 0; g < run.compiled.network.groups.size(); ++g)
      compiled_[run.compiled.network.groups[g].name] = g;
  }

  /// The planner's group as `estimate` has it; nothing if the compiler formed no such group.
  std::optional<GroupComparison> match(std::size_t g, const GroupPrediction& predicted) const {
    const FusionGroup& group = planned_.network.groups[g];
    const auto found = compiled_.find(group.name);
    if (found == compiled_.end() ||
        !formed_alike(group, run_.compiled.network.groups[found->second]))
      return {};
    const GroupResult& simulated = run_.groups[found->second];
    const GroupTerms terms = terms_of(planned_.around(chip_, g), group, planned_.weight_memory);
    const int missed = bundle_.ranges().first_missed(features_[g].values);
    return GroupComparison{
        .name = group.name,
        .family = family_of(graph_, group),
        .stages = group.stages.size(),
        .simulated = static_cast<double>(simulated.latency.value),
        .estimated = predicted.cycles,
        .interval = {predicted.low, predicted.high},
        .prior = features_[g].prior.cycles,
        .bound = std::string(name_of(simulated.bound)),
        .prior_bound = std::string(name_of(longest(terms))),
        .own_work = std::max(terms.compute(), terms.port),
        .placed_alike = placed_alike(group),
        .out_of_range = missed < 0 ? "" : feature_table()[static_cast<std::size_t>(missed)].name};
  }

 private:
  bool placed_alike(const FusionGroup& group) const {
    const auto alike = [&](TensorId tensor) {
      return in_sram(planned_.network, planned_.resident, tensor) ==
             in_sram(run_.compiled.network, run_.compiled.plan.resident, tensor);
    };
    return std::all_of(group.stages.begin(), group.stages.end(), [&](const Stage& stage) {
      return alike(stage.input) && alike(stage.output) &&
             std::all_of(stage.operands.begin(), stage.operands.end(),
                         [&](const Operand& operand) { return alike(operand.tensor); });
    });
  }

  const Graph& graph_;
  const ChipSpec& chip_;
  const RunResult& run_;
  const PlannedNetwork& planned_;
  const Bundle& bundle_;
  std::vector<GroupFeatures> features_;
  std::map<std::string, std::size_t> compiled_;
};

void compare_groups(Comparison& result, const GroupMatch& match, const Estimate& estimated,
                    const RunResult& run) {
  result.compiled_groups = run.compiled.network.groups.size();
  double alike = 0, all = 0;
  for (std::size_t g = 0; g < result.compiled_groups; ++g)
    all += static_cast<double>(run.groups[g].latency.value);
  for (std::size_t g = 0; g < estimated.groups.size(); ++g)
    if (std::optional<GroupComparison> group = match.match(g, estimated.groups[g].predicted)) {
      alike += group->simulated;
      result.groups.push_back(std::move(*group));
    }
  result.planned_otherwise = all - alike;
}

}  // namespace

const GroupComparison* Comparison::worst_group() const {
  const auto off = [](const GroupComparison& group) {
    return std::abs(group.estimated - group.simulated);
  };
  const auto worst = std::max_element(
      groups.begin(), groups.end(),
      [&](const GroupComparison& a, const GroupComparison& b) { return off(a) < off(b); });
  return worst == groups.end() ? nullptr : &*worst;
}

double Comparison::misplaced() const {
  double sum = 0;
  for (const GroupComparison& group : groups) sum += std::abs(group.estimated - group.simulated);
  return sum / simulated;
}

Comparison compare(const Graph& graph, const ChipSpec& chip, const CompileOptions& options,
                   const Bundle& bundle) {
  Comparison result{.model = graph.name(), .chip = chip.name, .family = graph.name()};
  const WallClock::time_point start = WallClock::now();
  const RunResult run = presil::run(graph, chip, {.compile = options});
  result.simulate_seconds = seconds_since(start);
  const Estimate estimated = timed_estimate(graph, chip, options, bundle, result.estimate_seconds);
  result.simulated = static_cast<double>(run.latency.value);
  result.estimated = estimated.latency_cycles;
  result.interval = estimated.latency;
  result.estimated_as_compiled =
      quick_estimate(chip, planned(chip, run.compiled), bundle).latency_cycles;
  result.simulated_pj = run.energy.total.total().value;
  result.estimated_pj = estimated.energy_pj;
  result.out_of_range = estimated.out_of_range;
  const PlannedNetwork planned = plan_network(graph, chip, options);
  PRESIL_CHECK(planned.network.groups.size() == estimated.groups.size(), "{} groups and {}",
               planned.network.groups.size(), estimated.groups.size());
  compare_groups(result, GroupMatch(graph, chip, run, planned, bundle), estimated, run);
  return result;
}

std::vector<ScoredCase> scored(const std::vector<Comparison>& comparisons) {
  std::vector<ScoredCase> cases;
  for (const Comparison& c : comparisons) {
    cases.push_back({.level = std::string(name_of(Level::kNetwork)),
                     .family = c.family,
                     .chip = c.chip,
                     .cycles = {.measured = c.simulated, .predicted = c.estimated},
                     .low = c.interval.low,
                     .high = c.interval.high,
                     .energy = {.measured = c.simulated_pj, .predicted = c.estimated_pj}});
    for (const GroupComparison& g : c.groups)
      if (g.judged())
        cases.push_back(
            {.level = std::string(name_of(g.stages > 1 ? Level::kSubgraph : Level::kOperator)),
             .family = g.family,
             .chip = c.chip,
             .cycles = {.measured = std::max(1.0, g.simulated), .predicted = g.estimated},
             .low = g.interval.low,
             .high = g.interval.high});
  }
  return cases;
}

AccuracyRow energy_accuracy(const std::vector<Comparison>& comparisons) {
  std::vector<ScoredCase> cases;
  for (const Comparison& c : comparisons)
    cases.push_back({.cycles = {.measured = c.simulated_pj, .predicted = c.estimated_pj}});
  return accuracy_of(cases);
}

SpeedUp speed_up(const std::vector<Comparison>& comparisons) {
  if (comparisons.empty()) return {};
  std::vector<double> all;
  for (const Comparison& c : comparisons) all.push_back(c.speed_up());
  std::sort(all.begin(), all.end());
  return {.least = all.front(), .median = all[all.size() / 2], .most = all.back()};
}

}  // namespace presil
