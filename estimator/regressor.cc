#include "estimator/regressor.h"

#include <algorithm>
#include <cmath>

namespace presil {

namespace {

/// Learned factors beyond e^20 are nonsense of an extrapolation, and would overflow.
constexpr double kMostLog = 20;

std::vector<const float*> rows_of(std::span<const GroupFeatures* const> groups) {
  std::vector<const float*> rows;
  rows.reserve(groups.size());
  for (const GroupFeatures* group : groups) rows.push_back(group->values.data());
  return rows;
}

double factor(double logarithm) { return std::exp(std::clamp(logarithm, -kMostLog, kMostLog)); }

struct Predict {
  Target target;
  std::span<const GroupFeatures* const> groups;
  std::span<double> out;

  void operator()(const PriorRegressor&) const {
    for (std::size_t i = 0; i < groups.size(); ++i) out[i] = prior_value(*groups[i], target);
  }
  void operator()(const Ridge& ridge) const {
    for (std::size_t i = 0; i < groups.size(); ++i)
      out[i] = std::exp(std::clamp(ridge.evaluate(groups[i]->values), -kMostLog, 2.5 * kMostLog));
  }
  void operator()(const BoostedRegressor& boosted) const {
    boosted.residual.evaluate(rows_of(groups), out);
    for (std::size_t i = 0; i < groups.size(); ++i)
      out[i] = prior_value(*groups[i], target) * factor(out[i]);
  }
  void operator()(const AdditiveRegressor& additive) const {
    additive.residual.evaluate(rows_of(groups), out);
    for (std::size_t i = 0; i < groups.size(); ++i)
      out[i] = additive.base(groups[i]->values) * factor(out[i]);
  }
};

}  // namespace

double AdditiveRegressor::base(std::span<const float> row) const {
  double sum = 0;
  for (std::size_t c = 0; c < weights.size(); ++c)
    if (weights[c] > 0) sum += weights[c] * std::max(0.0, static_cast<double>(row[c]));
  return std::max(sum, least);
}

std::string_view name_of(Target target) {
  switch (target) {
    case Target::kCycles:
      return "cycles";
    case Target::kEnergy:
      return "energy";
  }
  return "";
}

void predict(const Regressor& regressor, Target target,
             std::span<const GroupFeatures* const> groups, std::span<double> out) {
  std::visit(Predict{target, groups, out}, regressor);
}

}  // namespace presil
