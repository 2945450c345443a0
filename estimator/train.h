#pragma once
// From samples to a bundle: split, learn, calibrate, judge.

#include <string>
#include <utility>
#include <vector>

#include "estimator/boosted_trees.h"
#include "estimator/bundle.h"
#include "estimator/dataset.h"

namespace presil {

/// Of the forests. The defaults were chosen on rows of training databases that were held out for
/// it, never on test cases (docs/estimator_learning.md).
BoostOptions default_cycles_boost();
BoostOptions default_energy_boost();

struct TrainOptions {
  SplitOptions split;
  BoostOptions cycles = default_cycles_boost(), energy = default_energy_boost();
  double weight_power = 0.7;  ///< of a group's share of its case, in the loss
  std::uint64_t seed = 1;
  int threads = 1;  ///< how many forests grow at once; no result depends on it
};

/// A bundle and the whole table of how it did (the bundle has the short one).
struct Trained {
  Bundle bundle;
  std::vector<AccuracyRow> accuracy;  ///< boosted, ridge and prior on the test cases (judge.h)
};

/// `edge_pairs`: indices in `cases`, fewer channels first (SampleStore::edge_pairs()); they are
/// only judged. Deterministic. Throws Error where there is too little to learn from.
Trained train(std::vector<CaseSample> cases, const EdgePairs& edge_pairs,
              const TrainOptions& options = {});

/// One size of the learning curve.
struct CurvePoint {
  std::size_t samples = 0;                            ///< training cases
  double operators = 0, subgraphs = 0, networks = 0;  ///< MAPE on the whole test set
};
/// Trains on ever more of the training cases (chosen by hash); judged on the same test cases.
std::vector<CurvePoint> learning_curve(std::vector<CaseSample> cases,
                                       const std::vector<std::size_t>& sizes,
                                       const TrainOptions& options = {});

}  // namespace presil
