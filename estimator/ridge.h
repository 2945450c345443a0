#pragma once
// The linear baseline: ridge regression on standardised logarithms of the features.

#include <span>
#include <vector>

#include "estimator/feature_rows.h"

namespace presil {

/// offset + sum of slope x (transformed feature): the logarithm of what is predicted.
struct Ridge {
  double offset = 0;
  std::vector<double> slopes;  ///< standardisation folded in

  double evaluate(const float* row) const;
};

/// Sign-keeping log(1 + |x|): counts and bytes span decades.
double log_feature(float value);

/// Least squares with `penalty` x (sum of squared slopes of standardised columns), rows weighted
/// (Hoerl and Kennard, 1970). Columns that do not vary get slope 0. Deterministic.
Ridge fit_ridge(const FeatureRows& rows, std::span<const float> targets,
                std::span<const float> weights, double penalty);

}  // namespace presil
