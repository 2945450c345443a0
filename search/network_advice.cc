#include "search/network_advice.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/error.h"
#include "search/edit_choice.h"
#include "search/simulated_cost.h"
#include "sim/process_pool.h"

namespace presil {

namespace {

/// Edits that are tried behind each other.
constexpr std::size_t kMostTogether = 12;

Measured measure(const Network& network, const ChipSpec& chip, const AdviceOptions& options) {
  return {.cost = SimulatedCost(chip, options.run).cost(network.graph, network.precision),
          .macs = macs_of(network.graph).value,
          .accuracy = {}};
}

// -- Across the pool.

std::string text_of(const Measured& m) {
  const nlohmann::json json{m.cost.latency_us,
                            m.cost.energy_pj,
                            m.cost.parameter_bytes,
                            m.cost.peak_activation_bytes,
                            m.cost.peak_sram_bytes,
                            m.cost.memory_bytes,
                            m.macs};
  return json.dump();
}

Measured measured_of(const std::string& text) {
  const auto json = nlohmann::json::parse(text);
  return {.cost = {.latency_us = json[0],
                   .energy_pj = json[1],
                   .parameter_bytes = json[2],
                   .peak_activation_bytes = json[3],
                   .peak_sram_bytes = json[4],
                   .memory_bytes = json[5]},
          .macs = json[6],
          .accuracy = {}};
}

double gain_of(const Measured& before, const Measured& after, const Metric& metric) {
  const double old = metric.value(before);
  return old > 0 ? 1 - metric.value(after) / old : 0;
}

Verdict verdict_of(const Measured& before, const MeasuredEdit& edit) {
  if (edit.gain >= kPayingGain) return Verdict::kPays;
  const bool more = static_cast<double>(edit.after.macs) > 1.002 * static_cast<double>(before.macs);
  return more && edit.gain >= -kFreeLoss ? Verdict::kFree : Verdict::kNoGain;
}

/// Does `a` come before `b`?
bool ranks_before(const MeasuredEdit& a, const MeasuredEdit& b) {
  if (a.verdict != b.verdict) return a.verdict < b.verdict;
  if (a.verdict == Verdict::kFree && a.after.macs != b.after.macs)
    return a.after.macs > b.after.macs;
  const bool a_won = a.wins.count > 0, b_won = b.wins.count > 0;
  if (a.verdict == Verdict::kPays && a_won != b_won) return a_won;
  return a.gain > b.gain;
}

bool keeps_capacity(const Measured& before, const MeasuredEdit& edit) {
  return edit.edit.precision.empty() && edit.after.macs >= before.macs;
}

}  // namespace

NetworkAdvice advise(const Network& network, const ChipSpec& chip, const AdviceOptions& options) {
  RunOptions run_options = options.run;
  run_options.compile.precision = network.precision;
  const RunResult base = run(network.graph, chip, run_options);
  NetworkAdvice advice{.before = measure(network, chip, options)};
  Candidates candidates =
      candidate_edits(network, chip, base, options.patterns, options.metric->name);
  advice.refusals = std::move(candidates.refusals);
  advice.proposed = candidates.edits.size();
  const std::vector<Edit> chosen = choose_edits(std::move(candidates.edits), options.simulations);
  run_jobs(
      chosen.size(),
      [&](std::size_t i) {
        return text_of(measure(apply_edit(network, chosen[i]), chip, options));
      },
      [&](std::size_t i, const JobOutcome& outcome) {
        if (outcome.status != JobOutcome::Status::kDone) {
          advice.refusals.push_back({chosen[i].text, outcome.text});
          return;
        }
        MeasuredEdit edit{.edit = chosen[i], .after = measured_of(outcome.text)};
        edit.gain = gain_of(advice.before, edit.after, *options.metric);
        edit.verdict = verdict_of(advice.before, edit);
        if (options.patterns != nullptr)
          edit.wins = options.patterns->wins(edit.edit, options.metric->name);
        advice.edits.push_back(std::move(edit));
      },
      {.workers = options.workers, .progress = options.progress});
  std::stable_sort(advice.edits.begin(), advice.edits.end(), ranks_before);
  return advice;
}

Network apply_edits(const Network& network, const std::vector<const Edit*>& edits) {
  Network result = network;
  for (std::size_t i = 0; i < edits.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k)
      if (same_subject(*edits[i], *edits[k]))
        throw Error("'{}' decides what '{}' has decided already; choose one of them",
                    edits[i]->text, edits[k]->text);
    try {
      result = apply_edit(result, *edits[i]);
    } catch (const Error& error) {
      throw Error("'{}' does not fit behind the edits before it: {}", edits[i]->text, error.what());
    }
  }
  return result;
}

Combination measure_together(const Network& network, const ChipSpec& chip,
                             const AdviceOptions& options, const NetworkAdvice& advice,
                             const std::vector<std::size_t>& edits) {
  std::vector<const Edit*> applied;
  for (const std::size_t i : edits) applied.push_back(&advice.edits[i].edit);
  Combination together{.edits = edits,
                       .after = measure(apply_edits(network, applied), chip, options)};
  together.gain = gain_of(advice.before, together.after, *options.metric);
  return together;
}

namespace {

std::optional<Combination> greedy(const Network& network, const ChipSpec& chip,
                                  const AdviceOptions& options, const NetworkAdvice& advice,
                                  bool same_capacity) {
  std::optional<Combination> best;
  std::size_t tried = 0;
  for (std::size_t i = 0; i < advice.edits.size() && tried < kMostTogether; ++i) {
    const MeasuredEdit& edit = advice.edits[i];
    if (edit.verdict != Verdict::kPays || edit.edit.kind == "resolution") continue;
    if (same_capacity && !keeps_capacity(advice.before, edit)) continue;
    std::vector<std::size_t> edits = best ? best->edits : std::vector<std::size_t>{};
    edits.push_back(i);
    try {
      Combination together = measure_together(network, chip, options, advice, edits);
      ++tried;
      const bool better = together.gain >= (best ? best->gain : 0) + kPayingGain / 2;
      const bool fits = !same_capacity || together.after.macs >= advice.before.macs;
      if (better && fits) best = std::move(together);
    } catch (const Error&) {
      // It does not fit behind the others, which paid more.
    }
  }
  return best;
}

std::string text_of(const std::optional<Combination>& together) {
  if (!together) return "null";
  const nlohmann::json json{{"edits", together->edits}, {"after", text_of(together->after)}};
  return json.dump();
}

std::optional<Combination> combination_of(const NetworkAdvice& advice, const Metric& metric,
                                          const std::string& text) {
  const auto json = nlohmann::json::parse(text);
  if (json.is_null()) return std::nullopt;
  Combination together{.edits = json.at("edits").get<std::vector<std::size_t>>(),
                       .after = measured_of(json.at("after").get<std::string>())};
  together.gain = gain_of(advice.before, together.after, metric);
  return together;
}

}  // namespace

Together best_together(const Network& network, const ChipSpec& chip, const AdviceOptions& options,
                       const NetworkAdvice& advice) {
  Together together;
  run_jobs(
      2, [&](std::size_t job) { return text_of(greedy(network, chip, options, advice, job == 0)); },
      [&](std::size_t job, const JobOutcome& outcome) {
        if (outcome.status != JobOutcome::Status::kDone) throw InternalError(outcome.text);
        (job == 0 ? together.same_capacity : together.any) =
            combination_of(advice, *options.metric, outcome.text);
      },
      {.workers = std::min(2, options.workers)});
  return together;
}

}  // namespace presil
