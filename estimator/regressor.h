#pragma once
// The one small interface of all regressors: groups in, a positive number a group out.

#include <span>
#include <string>
#include <variant>
#include <vector>

#include "estimator/features.h"
#include "estimator/forest.h"
#include "estimator/ridge.h"

namespace presil {

/// What is predicted.
enum class Target : std::uint8_t { kCycles, kEnergy };
/// "cycles", "energy".
std::string_view name_of(Target target);
/// Of the closed form, by target.
inline double prior_value(const GroupFeatures& group, Target target) {
  return target == Target::kCycles ? group.prior.cycles : group.prior.energy_pj;
}

/// The closed form of estimator/prior.h as it is.
struct PriorRegressor {};

/// prior x exp(residual): learns what the closed form leaves over.
struct BoostedRegressor {
  Forest residual;
};

/// base x exp(residual), base: weights . features, nothing of it negative: learned without a closed
/// form from sums over groups (estimator/measured.h).
struct AdditiveRegressor {
  std::vector<double> weights;  ///< one a feature
  double least = 0;             ///< of a group, > 0
  Forest residual;

  /// Features below 0 count as 0. At least `least`.
  double base(const float* row) const;
};

using Regressor = std::variant<PriorRegressor, Ridge, BoostedRegressor, AdditiveRegressor>;

/// One positive number a row, that depends on nothing else: the prediction, or where times_prior()
/// the factor of its prior. Pure.
void predict_rows(const Regressor& regressor, std::span<const float* const> rows,
                  std::span<double> out);
bool times_prior(const Regressor& regressor);

/// Each group's values.
std::vector<const float*> rows_of(std::span<const GroupFeatures* const> groups);
/// One positive number a group: the prediction. Pure.
void predict(const Regressor& regressor, Target target,
             std::span<const GroupFeatures* const> groups, std::span<double> out);

}  // namespace presil
