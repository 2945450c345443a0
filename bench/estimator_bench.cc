// What a prediction costs once features are known: a network of 50 groups, and a forest by row.

#include <benchmark/benchmark.h>

#include <cmath>

#include "core/random.h"
#include "estimator/boosted_trees.h"
#include "estimator/bundle.h"
#include "estimator/train.h"

namespace presil {

namespace {

constexpr std::size_t kGroups = 50;

std::vector<float> random_row(Random& random) {
  std::vector<float> row;
  for (std::size_t c = 0; c < feature_table().size(); ++c)
    row.push_back(static_cast<float>(random.uniform()));
  return row;
}

/// As large as training makes it: every tree finds something to split.
Forest made_forest(const BoostOptions& options) {
  Random random(1);
  FeatureRows rows(feature_table().size());
  std::vector<float> targets;
  for (int i = 0; i < 4000; ++i) {
    const std::vector<float> row = random_row(random);
    rows.add(row);
    targets.push_back(row[1] * row[2] + std::sin(9 * row[3]) + row[4] * row[5]);
  }
  return boost(rows, targets, std::vector<float>(targets.size(), 1.0F), options);
}

std::vector<GroupFeatures> made_groups() {
  Random random(2);
  std::vector<GroupFeatures> groups;
  for (std::size_t g = 0; g < kGroups; ++g)
    groups.push_back({.hash = "", .values = random_row(random), .prior = {1000, 1000}});
  return groups;
}

Bundle made_bundle() {
  BundleParts parts;
  parts.cycles = BoostedRegressor{made_forest(default_cycles_boost())};
  parts.energy = BoostedRegressor{made_forest(default_energy_boost())};
  parts.difficulty = made_forest({.rounds = 30, .depth = 4});
  parts.groups = ConformalTable({{0, 0.1}, {1, 0.2}});
  parts.ranges =
      FeatureRanges(std::vector<FeatureRange>(feature_table().size(), {.low = 0, .high = 1}));
  return Bundle(std::move(parts));
}

void forest_of_50_rows(benchmark::State& state) {
  const Forest forest = made_forest(default_cycles_boost());
  const std::vector<GroupFeatures> groups = made_groups();
  std::vector<const float*> rows;
  for (const GroupFeatures& group : groups) rows.push_back(group.values.data());
  std::vector<double> out(kGroups);
  for (auto _ : state) {
    forest.evaluate(rows, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kGroups));
}
BENCHMARK(forest_of_50_rows);

void forest_of_one_row(benchmark::State& state) {
  const Forest forest = made_forest(default_cycles_boost());
  const std::vector<GroupFeatures> groups = made_groups();
  for (auto _ : state) benchmark::DoNotOptimize(forest.evaluate(groups.front().values.data()));
}
BENCHMARK(forest_of_one_row);

void predict_network_of_50_groups(benchmark::State& state) {
  const Bundle bundle = made_bundle();
  const std::vector<GroupFeatures> groups = made_groups();
  std::vector<const GroupFeatures*> pointers;
  for (const GroupFeatures& group : groups) pointers.push_back(&group);
  std::vector<GroupPrediction> out(kGroups);
  for (auto _ : state) {
    bundle.predict(pointers, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kGroups));
}
BENCHMARK(predict_network_of_50_groups);

}  // namespace

}  // namespace presil
