// What an estimate costs, part by part: MobileNetV2 on ne-base from plan to sum, with and without
// the cache of groups, a search's networks, and a forest by row. The forests learn from random
// rows, as large as training makes them: `presil_bench --benchmark_filter=estimate`.

#include <benchmark/benchmark.h>

#include <cmath>

#include "core/random.h"
#include "estimator/boosted_trees.h"
#include "estimator/bundle.h"
#include "estimator/estimate.h"
#include "estimator/train.h"
#include "models/import.h"
#include "search/space.h"
#include "search/variation.h"

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

const Bundle& made_bundle() {
  static const Bundle bundle = [] {
    BundleParts parts;
    parts.cycles = BoostedRegressor{made_forest(default_cycles_boost())};
    parts.energy = BoostedRegressor{made_forest(default_energy_boost())};
    parts.difficulty = made_forest({.rounds = 30, .depth = 4});
    parts.seen.groups.fill(ConformalTable({{0, 0.1}, {1, 0.2}}));
    parts.ranges =
        FeatureRanges(std::vector<FeatureRange>(feature_table().size(), {.low = 0, .high = 1}));
    return Bundle(std::move(parts));
  }();
  return bundle;
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
  const Bundle& bundle = made_bundle();
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

// ---- MobileNetV2 on ne-base ----

ChipSpec ne_base() {
  return load_chip(std::filesystem::path(PRESIL_SOURCE_DIR) / "chips" / "ne-base.yaml");
}

const PlannedNetwork& mobilenet(const ChipSpec& chip) {
  static const PlannedNetwork planned = plan_network(load_network("mobilenet_v2"), chip, {});
  return planned;
}

void count_networks(benchmark::State& state, std::size_t a_turn = 1) {
  state.counters["networks/s"] =
      benchmark::Counter(static_cast<double>(a_turn) * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate);
}

void estimate_plan(benchmark::State& state, const char* model) {
  const ChipSpec chip = ne_base();
  const Graph graph = load_network(model);
  for (auto _ : state) benchmark::DoNotOptimize(plan_network(graph, chip, {}));
  count_networks(state);
}
BENCHMARK_CAPTURE(estimate_plan, mobilenet_v2, "mobilenet_v2");
BENCHMARK_CAPTURE(estimate_plan, bert_tiny, "bert_tiny")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(estimate_plan, ssd_lite, "ssd_lite")->Unit(benchmark::kMicrosecond);

void estimate_features(benchmark::State& state) {
  const ChipSpec chip = ne_base();
  const PlannedNetwork& planned = mobilenet(chip);
  for (auto _ : state) benchmark::DoNotOptimize(unnamed_features_of(chip, planned));
  count_networks(state);
}
BENCHMARK(estimate_features);

void estimate_predict(benchmark::State& state) {
  const ChipSpec chip = ne_base();
  const Bundle& bundle = made_bundle();
  const std::vector<GroupFeatures> groups = unnamed_features_of(chip, mobilenet(chip));
  std::vector<const GroupFeatures*> pointers;
  for (const GroupFeatures& group : groups) pointers.push_back(&group);
  std::vector<GroupPrediction> out(groups.size());
  for (auto _ : state) {
    bundle.predict(pointers, out);
    benchmark::DoNotOptimize(out.data());
  }
  count_networks(state);
}
BENCHMARK(estimate_predict);

void estimate_uncached(benchmark::State& state) {
  const ChipSpec chip = ne_base();
  const Bundle& bundle = made_bundle();
  const PlannedNetwork& planned = mobilenet(chip);
  for (auto _ : state) benchmark::DoNotOptimize(quick_estimate(chip, planned, bundle));
  count_networks(state);
}
BENCHMARK(estimate_uncached);

void estimate_cached(benchmark::State& state) {
  const ChipSpec chip = ne_base();
  const Bundle& bundle = made_bundle();
  const PlannedNetwork& planned = mobilenet(chip);
  GroupCache cache(chip, bundle);
  for (auto _ : state) benchmark::DoNotOptimize(quick_estimate(planned, cache));
  count_networks(state);
}
BENCHMARK(estimate_cached);

// ---- a walk through a search space, each network a mutation of the one before ----

constexpr std::size_t kWalk = 300;

std::vector<PlannedNetwork> walk_of(const ChipSpec& chip) {
  const SearchSpace space = SearchSpace::load(std::filesystem::path(PRESIL_SOURCE_DIR) / "search" /
                                              "spaces" / "mobile_classifier.yaml");
  Random random(3);
  std::vector<PlannedNetwork> planned;
  Genome genome = space.random(random);
  while (planned.size() < kWalk) {
    const Genome next = mutated(space, genome, random);
    const Decoded decoded = space.decode(next);
    const Network* network = std::get_if<Network>(&decoded);
    if (network == nullptr) continue;
    genome = next;
    planned.push_back(plan_network(network->graph, chip, {.precision = network->precision}));
  }
  return planned;
}

void estimate_walk_uncached(benchmark::State& state) {
  const ChipSpec chip = ne_base();
  const Bundle& bundle = made_bundle();
  const std::vector<PlannedNetwork> walk = walk_of(chip);
  for (auto _ : state)
    for (const PlannedNetwork& planned : walk)
      benchmark::DoNotOptimize(quick_estimate(chip, planned, bundle));
  count_networks(state, kWalk);
}
BENCHMARK(estimate_walk_uncached)->Unit(benchmark::kMillisecond);

void estimate_walk_cached(benchmark::State& state) {
  const ChipSpec chip = ne_base();
  const Bundle& bundle = made_bundle();
  const std::vector<PlannedNetwork> walk = walk_of(chip);
  GroupCache::Counts counts;
  for (auto _ : state) {
    GroupCache cache(chip, bundle);  // empty at the start of each walk
    for (const PlannedNetwork& planned : walk)
      benchmark::DoNotOptimize(quick_estimate(planned, cache));
    counts = cache.counts();
  }
  count_networks(state, kWalk);
  const auto share = [&](std::uint64_t count) {
    return static_cast<double>(count) / static_cast<double>(counts.groups);
  };
  state.counters["groups_new"] = share(counts.new_groups);
  state.counters["rows_new"] = share(counts.predictions);
}
BENCHMARK(estimate_walk_cached)->Unit(benchmark::kMillisecond);

}  // namespace

}  // namespace presil
