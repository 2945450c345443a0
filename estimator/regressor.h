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
  double base(std::span<const float> row) const;
};

using Regressor = std::variant<PriorRegressor, Ridge, BoostedRegressor, AdditiveRegressor>;

/// One positive number a group. Pure.
void predict(const Regressor& regressor, Target target,
             std::span<const GroupFeatures* const> groups, std::span<double> out);

}  // namespace presil
