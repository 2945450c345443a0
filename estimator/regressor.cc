#include "estimator/regressor.h"

#include <algorithm>
#include <cmath>

namespace presil {

namespace {

/// Learned factors beyond e^20 are nonsense of an extrapolation, and would overflow.
constexpr double kMostLog = 20;

double factor(double logarithm) { return std::exp(std::clamp(logarithm, -kMostLog, kMostLog)); }

struct PredictRows {
  std::span<const float* const> rows;
  std::span<double> out;

  void operator()(const PriorRegressor&) const { std::fill(out.begin(), out.end(), 1.0); }
  void operator()(const Ridge& ridge) const {
    for (std::size_t i = 0; i < rows.size(); ++i)
      out[i] = std::exp(std::clamp(ridge.evaluate(rows[i]), -kMostLog, 2.5 * kMostLog));
  }
  void operator()(const BoostedRegressor& boosted) const {
    boosted.residual.evaluate(rows, out);
    for (double& value : out) value = factor(value);
  }
  void operator()(const AdditiveRegressor& additive) const {
    additive.residual.evaluate(rows, out);
    for (std::size_t i = 0; i < rows.size(); ++i) out[i] = additive.base(rows[i]) * factor(out[i]);
  }
};

}  // namespace

double AdditiveRegressor::base(const float* row) const {
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

void predict_rows(const Regressor& regressor, std::span<const float* const> rows,
                  std::span<double> out) {
  std::visit(PredictRows{rows, out}, regressor);
}

bool times_prior(const Regressor& regressor) {
  return std::holds_alternative<PriorRegressor>(regressor) ||
         std::holds_alternative<BoostedRegressor>(regressor);
}

std::vector<const float*> rows_of(std::span<const GroupFeatures* const> groups) {
  std::vector<const float*> rows;
  rows.reserve(groups.size());
  for (const GroupFeatures* group : groups) rows.push_back(group->values.data());
  return rows;
}

void predict(const Regressor& regressor, Target target,
             std::span<const GroupFeatures* const> groups, std::span<double> out) {
  predict_rows(regressor, rows_of(groups), out);
  if (!times_prior(regressor)) return;
  for (std::size_t i = 0; i < groups.size(); ++i) out[i] *= prior_value(*groups[i], target);
}

}  // namespace presil
