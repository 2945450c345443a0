#include "search/edit_choice.h"

#include <algorithm>
#include <deque>
#include <map>
#include <numeric>
#include <unordered_map>

#include "core/error.h"
#include "search/edits/rough_cost.h"

namespace presil {

namespace {

double sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

/// What guesses are made of.
struct Baseline {
  std::unordered_map<std::string, std::size_t> index;  ///< of an operator, by name
  std::vector<double> measured, rough;                 ///< cycles of each operator
};

double promise_of(const Baseline& base, const Edit& edit, const Network& after,
                  const ChipSpec& chip) {
  const PrecisionPlan plan = plan_precision(after.graph, chip, after.precision);
  const double saved = sum(base.rough) - sum(rough_cycles(after.graph, chip, plan));
  double measured = 0, rough = 0;
  for (const std::string& name : edit.ops) {
    const auto found = base.index.find(name);
    if (found == base.index.end()) continue;
    measured += base.measured[found->second];
    rough += base.rough[found->second];
  }
  if (edit.ops.empty()) {
    measured = sum(base.measured);
    rough = sum(base.rough);
  }
  return rough > 0 ? measured * saved / rough : 0;
}

/// More capacity for its price, where nothing can be saved.
bool promises_more(const PromisingEdit& a, const PromisingEdit& b) {
  if (a.promise != b.promise) return a.promise > b.promise;
  return a.more_macs > b.more_macs;
}

}  // namespace

std::vector<double> measured_cycles(const Graph& graph, const ChipSpec& chip,
                                    const RunResult& run) {
  const std::vector<double> rough = rough_cycles(graph, chip, run.compiled.precision);
  std::vector<double> cycles(graph.ops().size(), 0);
  const auto& groups = run.compiled.network.groups;
  for (std::size_t g = 0; g < groups.size() && g < run.groups.size(); ++g) {
    const std::vector<OpId> ops = groups[g].ops();
    double all = 0;
    for (const OpId op : ops) all += rough[static_cast<std::size_t>(op)] + 1;
    for (const OpId op : ops)
      cycles[static_cast<std::size_t>(op)] += static_cast<double>(run.groups[g].latency.value) *
                                              (rough[static_cast<std::size_t>(op)] + 1) / all;
  }
  return cycles;
}

Candidates candidate_edits(const Network& network, const ChipSpec& chip, const RunResult& base,
                           const PatternStore* patterns, const std::string& metric) {
  const PrecisionPlan& plan = base.compiled.precision;
  const std::vector<ChannelGroup> groups = channel_groups(network.graph);
  Proposals proposals = propose_edits({network, chip, plan, groups});
  Baseline baseline{.index = {},
                    .measured = measured_cycles(network.graph, chip, base),
                    .rough = rough_cycles(network.graph, chip, plan)};
  for (std::size_t i = 0; i < network.graph.ops().size(); ++i)
    baseline.index.emplace(network.graph.ops()[i].name, i);
  Candidates candidates{.edits = {}, .refusals = std::move(proposals.refusals)};
  const auto macs = static_cast<double>(macs_of(network.graph).value);
  for (Edit& edit : proposals.edits) {
    try {
      const Network after = apply_edit(network, edit);
      PromisingEdit one{
          .promise = promise_of(baseline, edit, after, chip),
          .more_macs = static_cast<double>(macs_of(after.graph).value) - macs,
          .won_before = patterns != nullptr && patterns->wins(edit, metric).count > 0};
      one.edit = std::move(edit);
      candidates.edits.push_back(std::move(one));
    } catch (const Error& error) {
      candidates.refusals.push_back({edit.text, error.what()});
    }
  }
  return candidates;
}

std::vector<Edit> choose_edits(std::vector<PromisingEdit> candidates, std::size_t most) {
  std::stable_sort(candidates.begin(), candidates.end(), promises_more);
  std::vector<Edit> chosen;
  const auto choose = [&](PromisingEdit& one) {
    if (chosen.size() < most) chosen.push_back(std::move(one.edit));
  };
  std::map<std::string_view, std::deque<PromisingEdit*>> by_kind;
  for (PromisingEdit& one : candidates) {
    if (one.won_before)
      choose(one);
    else
      for (const EditRule& rule : edit_rules())
        if (rule.kind == one.edit.kind) by_kind[rule.kind].push_back(&one);
  }
  for (bool any = true; any && chosen.size() < most;) {
    any = false;
    for (const EditRule& rule : edit_rules()) {
      auto& queue = by_kind[rule.kind];
      if (queue.empty()) continue;
      choose(*queue.front());
      queue.pop_front();
      any = true;
    }
  }
  return chosen;
}

}  // namespace presil
