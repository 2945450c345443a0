#pragma once
// Gradient-boosted trees, trained by XGBoost (Chen and Guestrin, 2016) and taken out as a Forest.

#include <cstdint>
#include <functional>
#include <span>

#include "estimator/feature_rows.h"
#include "estimator/forest.h"

namespace presil {

struct BoostOptions {
  int rounds = 150;
  int depth = 6;
  int leaves = 0;  ///< > 0: the best leaf is split first, up to so many
  double learning_rate = 0.1;
  double lambda = 1;           ///< L2 of leaf values
  double least_weight = 1e-3;  ///< hessian in a leaf, of 1 a row
  double row_share = 0.8;      ///< drawn for each tree
  double column_share = 0.5;   ///< drawn for each tree
  double huber = 0;            ///< residual above which the loss turns linear; 0: squared
  int bins = 256;
  std::uint64_t seed = 1;
};

/// First and second derivatives of a loss by each row's prediction.
using Loss = std::function<void(std::span<const float> predictions, std::span<float> gradient,
                                std::span<float> hessian)>;

/// Minimises `loss`, predictions start at 0. One thread: the same bytes on every machine with the
/// same XGBoost. Throws InternalError with XGBoost's message.
Forest boost(const FeatureRows& rows, const Loss& loss, const BoostOptions& options);

/// Weighted squared error, or pseudo-Huber (options.huber). Weights are scaled to a mean of 1.
Forest boost(const FeatureRows& rows, std::span<const float> targets,
             std::span<const float> weights, const BoostOptions& options);

}  // namespace presil
