#include "estimator/ridge.h"

#include <Eigen/Dense>
#include <cmath>

#include "core/error.h"

namespace presil {

double log_feature(float value) {
  const double v = value;
  return v < 0 ? -std::log1p(-v) : std::log1p(v);
}

double Ridge::evaluate(const float* row) const {
  double sum = offset;
  for (std::size_t c = 0; c < slopes.size(); ++c)
    if (slopes[c] != 0) sum += slopes[c] * log_feature(row[c]);
  return sum;
}

Ridge fit_ridge(const FeatureRows& rows, std::span<const float> targets,
                std::span<const float> weights, double penalty) {
  PRESIL_CHECK(rows.size() == targets.size() && rows.size() == weights.size(),
               "{} rows, {} targets, {} weights", rows.size(), targets.size(), weights.size());
  const auto n = static_cast<Eigen::Index>(rows.size());
  const auto columns = static_cast<Eigen::Index>(rows.columns());
  Eigen::MatrixXd x(n, columns);
  Eigen::VectorXd y(n), w(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    for (Eigen::Index c = 0; c < columns; ++c)
      x(i, c) = log_feature(rows.row(at)[static_cast<std::size_t>(c)]);
    y(i) = targets[at];
    w(i) = weights[at];
  }
  w /= w.sum();
  const Eigen::RowVectorXd mean = w.transpose() * x;
  const double y_mean = w.dot(y);
  x.rowwise() -= mean;
  const Eigen::RowVectorXd deviation = (w.transpose() * x.cwiseAbs2()).cwiseSqrt();
  Eigen::VectorXd scale = Eigen::VectorXd::Zero(columns);
  for (Eigen::Index c = 0; c < columns; ++c)
    if (deviation(c) > 1e-9) scale(c) = 1 / deviation(c);
  x = x * scale.asDiagonal();
  Eigen::MatrixXd gram = x.transpose() * w.asDiagonal() * x;
  gram.diagonal().array() += penalty;
  const Eigen::VectorXd slopes =
      gram.ldlt().solve(x.transpose() * (w.asDiagonal() * (y.array() - y_mean).matrix()));
  Ridge ridge;
  ridge.offset = y_mean;
  for (Eigen::Index c = 0; c < columns; ++c) {
    ridge.slopes.push_back(slopes(c) * scale(c));
    ridge.offset -= ridge.slopes.back() * mean(c);
  }
  return ridge;
}

}  // namespace presil
