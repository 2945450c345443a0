#include "estimator/boosted_trees.h"

#include <xgboost/c_api.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "core/error.h"

namespace presil {

namespace {

void check(int status) {
  if (status != 0) throw InternalError(fmt::format("XGBoost: {}", XGBGetLastError()));
}

class Matrix {
 public:
  explicit Matrix(const FeatureRows& rows) {
    check(XGDMatrixCreateFromMat_omp(rows.values().data(), rows.size(), rows.columns(),
                                     std::numeric_limits<float>::quiet_NaN(), &handle_, 1));
  }
  ~Matrix() { XGDMatrixFree(handle_); }
  Matrix(const Matrix&) = delete;
  Matrix& operator=(const Matrix&) = delete;
  DMatrixHandle handle() const { return handle_; }

 private:
  DMatrixHandle handle_ = nullptr;
};

class Booster {
 public:
  explicit Booster(const Matrix& rows) {
    const DMatrixHandle handle = rows.handle();
    check(XGBoosterCreate(&handle, 1, &handle_));
  }
  ~Booster() { XGBoosterFree(handle_); }
  Booster(const Booster&) = delete;
  Booster& operator=(const Booster&) = delete;

  void set(const char* name, const std::string& value) {
    check(XGBoosterSetParam(handle_, name, value.c_str()));
  }
  std::span<const float> predictions(const Matrix& rows) {
    bst_ulong count = 0;
    const float* values = nullptr;
    // 1: the sums of leaves; training: as long as the rows are those of training, XGBoost keeps
    // them up to date instead of walking all trees again.
    check(XGBoosterPredict(handle_, rows.handle(), 1, 0, 1, &count, &values));
    return {values, static_cast<std::size_t>(count)};
  }
  void step(const Matrix& rows, std::vector<float>& gradient, std::vector<float>& hessian) {
    check(XGBoosterBoostOneIter(handle_, rows.handle(), gradient.data(), hessian.data(),
                                gradient.size()));
  }
  std::string model() {
    bst_ulong length = 0;
    const char* text = nullptr;
    check(XGBoosterSaveModelToBuffer(handle_, R"({"format":"json"})", &length, &text));
    return {text, static_cast<std::size_t>(length)};
  }

 private:
  BoosterHandle handle_ = nullptr;
};

void configure(Booster& booster, const BoostOptions& options) {
  booster.set("objective", "reg:squarederror");
  booster.set("base_score", "0");
  booster.set("booster", "gbtree");
  booster.set("tree_method", "hist");
  booster.set("nthread", "1");
  booster.set("verbosity", "1");
  booster.set("seed", std::to_string(options.seed));
  booster.set("max_depth", std::to_string(options.depth));
  booster.set("max_bin", std::to_string(options.bins));
  booster.set("eta", fmt::format("{}", options.learning_rate));
  booster.set("lambda", fmt::format("{}", options.lambda));
  booster.set("min_child_weight", fmt::format("{}", options.least_weight));
  booster.set("subsample", fmt::format("{}", options.row_share));
  booster.set("colsample_bytree", fmt::format("{}", options.column_share));
  if (options.leaves > 0) {
    booster.set("grow_policy", "lossguide");
    booster.set("max_leaves", std::to_string(options.leaves));
  }
}

}  // namespace

Forest boost(const FeatureRows& rows, const Loss& loss, const BoostOptions& options) {
  PRESIL_CHECK(rows.size() > 0, "no rows to learn from");
  const Matrix matrix(rows);
  Booster booster(matrix);
  configure(booster, options);
  std::vector<float> gradient(rows.size()), hessian(rows.size());
  for (int round = 0; round < options.rounds; ++round) {
    loss(booster.predictions(matrix), gradient, hessian);
    booster.step(matrix, gradient, hessian);
  }
  return Forest::from_xgboost(booster.model());
}

Forest boost(const FeatureRows& rows, std::span<const float> targets,
             std::span<const float> weights, const BoostOptions& options) {
  PRESIL_CHECK(rows.size() == targets.size() && rows.size() == weights.size(),
               "{} rows, {} targets, {} weights", rows.size(), targets.size(), weights.size());
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  const auto scale = static_cast<float>(static_cast<double>(rows.size()) / total);
  const auto turn = static_cast<float>(options.huber);
  return boost(
      rows,
      [&](std::span<const float> predictions, std::span<float> gradient, std::span<float> hessian) {
        for (std::size_t i = 0; i < predictions.size(); ++i) {
          const float residual = predictions[i] - targets[i];
          const float flat = turn > 0 ? std::sqrt(1 + residual * residual / (turn * turn)) : 1;
          gradient[i] = scale * weights[i] * residual / flat;
          hessian[i] = scale * weights[i] / flat;
        }
      },
      options);
}

}  // namespace presil
