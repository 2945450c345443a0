#pragma once
// What an expert would change in a network for a chip, each change simulated.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "search/edits/edit.h"
#include "search/metrics.h"
#include "search/pattern_store.h"
#include "sim/run.h"

namespace presil {

struct AdviceOptions {
  std::size_t simulations = 60;  ///< edits that are simulated, at most
  int workers = 1;
  /// Without a precision: that is the network's (Network::precision).
  RunOptions run;
  const Metric* metric = nullptr;  ///< by which edits are ranked; less is better
  const PatternStore* patterns = nullptr;
  std::function<void(std::size_t, std::size_t)> progress;  ///< simulations over, in all
};

enum class Verdict : std::uint8_t {
  kPays,    ///< the metric falls by kPayingGain or more
  kFree,    ///< more multiply-accumulates, and the metric rises by kFreeLoss at most
  kNoGain,  ///< neither
};
inline constexpr double kPayingGain = 0.002, kFreeLoss = 0.005;

struct MeasuredEdit {
  Edit edit;
  Measured after;
  double gain = 0;  ///< share of the metric that goes
  Verdict verdict = Verdict::kNoGain;
  Wins wins;  ///< earlier ones of the same pattern
};

/// Several edits together.
struct Combination {
  std::vector<std::size_t> edits;  ///< indices, in the order in which they were applied
  Measured after;
  double gain = 0;
};

struct NetworkAdvice {
  Measured before;
  /// Patterns that won earlier and pay here, then all that pay, by gain; then what is free, by
  /// multiply-accumulates; then the rest by gain.
  std::vector<MeasuredEdit> edits;
  std::vector<Refusal> refusals;  ///< what would not fit, or failed
  std::size_t proposed = 0;       ///< edits that fit; those beyond the budget were not simulated
};

/// Proposes the edits of every rule, picks those that promise most (measured time of the operators
/// that an edit touches x the share that a closed form says it saves; rule by rule in turn, known
/// patterns first), and simulates them in worker processes. Deterministic for any number of
/// workers. Throws Error if the network itself does not run.
NetworkAdvice advise(const Network& network, const ChipSpec& chip, const AdviceOptions& options);

/// Applies edits one after the other and simulates the result. Throws Error naming the edit that
/// does not fit behind those before it.
Network apply_edits(const Network& network, const std::vector<const Edit*>& edits);
Combination measure_together(const Network& network, const ChipSpec& chip,
                             const AdviceOptions& options, const NetworkAdvice& advice,
                             const std::vector<std::size_t>& edits);

/// Greedy: of the first edits that pay, in order, each that fits behind those before it and lowers
/// the metric further.
struct Together {
  /// Only edits of no lower precision that keep the number of multiply-accumulates or raise it.
  std::optional<Combination> same_capacity;
  std::optional<Combination> any;  ///< all but a smaller input
};
Together best_together(const Network& network, const ChipSpec& chip, const AdviceOptions& options,
                       const NetworkAdvice& advice);

}  // namespace presil
