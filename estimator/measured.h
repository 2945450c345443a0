#pragma once
// Learning from latencies that somebody measured on a real device: operators, blocks or whole
// networks, of which only the sum over their groups is known. No closed form is asked.

#include <filesystem>
#include <string>
#include <vector>

#include "estimator/boosted_trees.h"
#include "estimator/bundle.h"
#include "hw/chip_spec.h"
#include "sim/compile.h"

namespace presil {

/// One measured network, as the planner cuts it for the chip that stands in for the device.
struct MeasuredCase {
  std::string name;
  std::vector<GroupFeatures> groups;
  double cycles = 0;  ///< measured, at the chip's clock; > 0
};

/// A CSV (core/csv.h) with a column `model` (built-in name, `nb201:ARCH`, or a file, also relative
/// to the CSV) or `arch_str` (NAS-Bench-201), and one of `latency_ms`, `latency_us`, `cycles`.
/// Throws Error with file and line.
std::vector<MeasuredCase> read_measured(const std::filesystem::path& file, const ChipSpec& chip,
                                        const CompileOptions& options = {});

struct MeasuredOptions {
  double penalty = 1e-3;  ///< L2 of the standardised weights
  BoostOptions boost{.rounds = 80, .depth = 3, .learning_rate = 0.1, .least_weight = 0.5};
  int folds = 5;
  std::uint64_t seed = 1;
};

/// Latency = sum over groups of (non-negative weights . features) x exp(trees): both fitted to the
/// relative error of the sums. Deterministic.
AdditiveRegressor fit_additive(const std::vector<const MeasuredCase*>& cases,
                               const MeasuredOptions& options);

struct TrainedMeasured {
  Bundle bundle;         ///< of all cases; intervals from the folds' errors
  AccuracyRow additive;  ///< of cases that their fold's model never saw
  AccuracyRow linear;    ///< the same without trees
};

/// Throws Error for fewer than 20 cases.
TrainedMeasured train_measured(const std::vector<MeasuredCase>& cases, const ChipSpec& chip,
                               const std::string& chip_hash, const MeasuredOptions& options = {});

}  // namespace presil
