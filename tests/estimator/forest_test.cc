#include "estimator/forest.h"

#include <doctest/doctest.h>
#include <xgboost/c_api.h>

#include <cmath>
#include <limits>
#include <string>

#include "core/error.h"
#include "core/random.h"
#include "estimator/boosted_trees.h"

namespace presil {

namespace {

constexpr std::size_t kColumns = 7;

FeatureRows random_rows(std::size_t count) {
  Random random(3);
  FeatureRows rows(kColumns);
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<float> row;
    for (std::size_t c = 0; c < kColumns; ++c)
      row.push_back(c == 0 ? static_cast<float>(random.integer(0, 4))
                           : static_cast<float>(random.uniform()));
    rows.add(row);
  }
  return rows;
}

std::vector<float> targets_of(const FeatureRows& rows) {
  std::vector<float> targets;
  for (std::size_t i = 0; i < rows.size(); ++i)
    targets.push_back(rows.row(i)[0] + std::sin(6 * rows.row(i)[1]) * rows.row(i)[2]);
  return targets;
}

/// XGBoost's own model and predictions, with XGBoost's own loss.
struct Original {
  std::string json;
  std::vector<float> predictions;

  explicit Original(const FeatureRows& rows) {
    const std::vector<float> targets = targets_of(rows);
    DMatrixHandle matrix = nullptr;
    BoosterHandle booster = nullptr;
    XGDMatrixCreateFromMat(rows.values().data(), rows.size(), rows.columns(),
                           std::numeric_limits<float>::quiet_NaN(), &matrix);
    XGDMatrixSetFloatInfo(matrix, "label", targets.data(), targets.size());
    XGBoosterCreate(&matrix, 1, &booster);
    for (const auto& [key, value] : {std::pair{"tree_method", "hist"},
                                     {"max_depth", "5"},
                                     {"base_score", "0.75"},
                                     {"nthread", "1"}})
      XGBoosterSetParam(booster, key, value);
    for (int round = 0; round < 40; ++round) XGBoosterUpdateOneIter(booster, round, matrix);
    bst_ulong length = 0;
    const float* values = nullptr;
    XGBoosterPredict(booster, matrix, 0, 0, 0, &length, &values);
    predictions.assign(values, values + length);
    const char* text = nullptr;
    XGBoosterSaveModelToBuffer(booster, R"({"format":"json"})", &length, &text);
    json.assign(text, length);
    XGBoosterFree(booster);
    XGDMatrixFree(matrix);
  }
};

}  // namespace

TEST_CASE("a forest gives what XGBoost predicts, to rounding, one row or many at a time") {
  const FeatureRows rows = random_rows(501);
  const Original original(rows);
  const Forest forest = Forest::from_xgboost(original.json);
  CHECK(forest.trees() == 40);
  CHECK(forest.columns() <= kColumns);
  std::vector<const float*> pointers;
  for (std::size_t i = 0; i < rows.size(); ++i) pointers.push_back(rows.row(i).data());
  std::vector<double> many(rows.size());
  forest.evaluate(pointers, many);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CHECK(many[i] == doctest::Approx(original.predictions[i]).epsilon(1e-5));
    CHECK(forest.evaluate(pointers[i]) == many[i]);
  }
}

TEST_CASE("a forest read from its bytes is the same forest, and cut bytes are refused") {
  const FeatureRows rows = random_rows(200);
  const Forest forest = Forest::from_xgboost(Original(rows).json);
  const std::string bytes = forest.serialised();
  std::string_view view = bytes;
  const Forest again = Forest::parse(view);
  CHECK(view.empty());
  CHECK(again.serialised() == bytes);
  for (const std::size_t cut : {std::size_t{3}, std::size_t{20}, bytes.size() - 1}) {
    std::string_view part = std::string_view(bytes).substr(0, cut);
    CHECK_THROWS_WITH_AS(Forest::parse(part), doctest::Contains("ends too early"), Error);
  }
  std::string wrong = bytes;
  for (std::size_t i = 16; i < wrong.size(); i += 5) wrong[i] = static_cast<char>(0x5a);
  std::string_view view_of_wrong = wrong;
  CHECK_THROWS_AS(Forest::parse(view_of_wrong), Error);
}

TEST_CASE("boosting learns a smooth function, and twice the same bytes") {
  const FeatureRows rows = random_rows(2000);
  const std::vector<float> targets = targets_of(rows);
  const std::vector<float> weights(rows.size(), 0.01F);
  const BoostOptions options{.rounds = 80, .depth = 5, .learning_rate = 0.2};
  const Forest forest = boost(rows, targets, weights, options);
  double error = 0;
  for (std::size_t i = 0; i < rows.size(); ++i)
    error += std::abs(forest.evaluate(rows.row(i).data()) - static_cast<double>(targets[i]));
  CHECK(error / 2000 < 0.05);
  CHECK(boost(rows, targets, weights, options).serialised() == forest.serialised());
}

}  // namespace presil
