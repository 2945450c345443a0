#include "estimator/train.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <iterator>
#include <map>
#include <numeric>
#include <set>

#include "core/error.h"
#include "estimator/calibration.h"
#include "estimator/judge.h"
#include "estimator/score.h"
#include "sim/simulator_version.h"

namespace presil {

namespace {

constexpr std::size_t kFewestRows = 50;

/// Rows as the learners take them.
struct Rows {
  FeatureRows features{feature_table().size()};
  std::vector<float> log_ratio, log_value, weights;
};

Rows rows_of(const Dataset& data, std::span<const RowRef> refs, Target target, double power) {
  Rows rows;
  for (const RowRef& ref : refs) {
    const GroupSample& group = data.group(ref);
    const double label = label_of(group, target);
    rows.features.add(group.features.values);
    rows.log_value.push_back(static_cast<float>(std::log(label)));
    rows.log_ratio.push_back(
        static_cast<float>(std::log(label / prior_value(group.features, target))));
    rows.weights.push_back(static_cast<float>(
        std::max(1e-4, std::pow(share_of(data.cases[ref.of_case], ref.group, target), power))));
  }
  return rows;
}

BoostOptions seeded(BoostOptions options, std::uint64_t seed) {
  options.seed = seed;
  return options;
}

/// log |log error| of each training row, by a forest that did not learn from it: what it is out of
/// the other half's forest.
Forest learn_difficulty(const Rows& rows, const TrainOptions& options) {
  BoostOptions quick = seeded(options.cycles, options.seed + 2);
  quick.rounds = std::max(1, options.cycles.rounds / 2);
  quick.learning_rate = std::min(0.3, 2 * options.cycles.learning_rate);
  std::vector<float> difficulty(rows.features.size());
  for (std::size_t half = 0; half < 2; ++half) {
    Rows part;
    for (std::size_t i = 0; i < rows.features.size(); ++i) {
      if (i % 2 == half) continue;
      part.features.add(rows.features.row(i));
      part.log_ratio.push_back(rows.log_ratio[i]);
      part.weights.push_back(rows.weights[i]);
    }
    const Forest other = boost(part.features, part.log_ratio, part.weights, quick);
    for (std::size_t i = half; i < rows.features.size(); i += 2) {
      const double error = std::abs(other.evaluate(rows.features.row(i).data()) -
                                    static_cast<double>(rows.log_ratio[i]));
      difficulty[i] = static_cast<float>(std::log(error + 1e-3));
    }
  }
  const std::vector<float> even(rows.features.size(), 1.0F);
  return boost(rows.features, difficulty, even,
               {.rounds = 30, .depth = 4, .learning_rate = 0.15, .seed = options.seed + 3});
}

Provenance provenance_of(const Dataset& data, std::uint64_t seed) {
  Provenance result{.simulator_version = kSimulatorVersion,
                    .feature_version = kFeatureVersion,
                    .seed = seed,
                    .rows = data.training.size()};
  std::set<std::size_t> cases;
  for (const RowRef& row : data.training) cases.insert(row.of_case);
  result.cases = cases.size();
  for (const std::size_t c : cases)
    result.chips.emplace(data.cases[c].chip_hash, data.cases[c].chip);
  return result;
}

Bundle learn(const Dataset& data, const TrainOptions& options) {
  if (data.training.size() < kFewestRows)
    throw Error("{} groups to learn from are too few; collect at least {} (presil collect)",
                data.training.size(), kFewestRows);
  const Rows cycles = rows_of(data, data.training, Target::kCycles, options.weight_power);
  const Rows energy = rows_of(data, data.training, Target::kEnergy, options.weight_power);
  // One thread a forest: sums over rows then never depend on how many there are.
  const auto policy = options.threads > 1 ? std::launch::async : std::launch::deferred;
  auto energy_forest = std::async(policy, [&] {
    return boost(energy.features, energy.log_ratio, energy.weights,
                 seeded(options.energy, options.seed + 1));
  });
  BundleParts parts;
  parts.provenance = provenance_of(data, options.seed);
  parts.cycles = BoostedRegressor{boost(cycles.features, cycles.log_ratio, cycles.weights,
                                        seeded(options.cycles, options.seed))};
  parts.difficulty = learn_difficulty(cycles, options);
  parts.energy = BoostedRegressor{energy_forest.get()};
  parts.ranges = FeatureRanges::of(cycles.features);
  Bundle bundle(std::move(parts));
  calibrate(bundle, data);
  return bundle;
}

Ridge learn_ridge(const Dataset& data, Target target, const TrainOptions& options) {
  const Rows rows = rows_of(data, data.training, target, options.weight_power);
  return fit_ridge(rows.features, rows.log_value, rows.weights, 1e-4);
}

}  // namespace

BoostOptions default_cycles_boost() {
  return {.rounds = 160,
          .depth = 6,
          .learning_rate = 0.12,
          .least_weight = 1,
          .column_share = 0.8,
          .huber = 0.05};
}

BoostOptions default_energy_boost() {
  return {.rounds = 60,
          .depth = 5,
          .learning_rate = 0.2,
          .least_weight = 1,
          .column_share = 0.8,
          .huber = 0.05};
}

Trained train(std::vector<CaseSample> cases, const EdgePairs& edge_pairs,
              const TrainOptions& options) {
  const Dataset data = split(std::move(cases), options.split, edge_pairs);
  Trained result{.bundle = learn(data, options), .accuracy = {}};
  const Regressor prior = PriorRegressor{};
  const Regressor ridge = learn_ridge(data, Target::kCycles, options);
  const Regressor ridge_energy = learn_ridge(data, Target::kEnergy, options);
  const Bundle& bundle = result.bundle;
  const auto add = [&](std::vector<AccuracyRow> rows) {
    std::move(rows.begin(), rows.end(), std::back_inserter(result.accuracy));
  };
  const auto judge_model = [&](const std::string& model, const Scorer& scorer) {
    add(judge(model, scorer, data, edge_pairs));
  };
  judge_model("boosted", [&](const CaseSample& sample) { return score(bundle, sample); });
  add(judge_adapted(bundle, data));
  add(judge_groups(bundle, data));
  judge_model("ridge",
              [&](const CaseSample& sample) { return score(ridge, ridge_energy, sample); });
  judge_model("prior", [&](const CaseSample& sample) { return score(prior, prior, sample); });
  for (const AccuracyRow& row : result.accuracy)
    if (row.chip.empty() && row.family.empty()) result.bundle.parts().accuracy.push_back(row);
  return result;
}

std::vector<CurvePoint> learning_curve(std::vector<CaseSample> cases,
                                       const std::vector<std::size_t>& sizes,
                                       const TrainOptions& options) {
  Dataset data = split(std::move(cases), options.split);
  std::map<std::size_t, std::vector<RowRef>> by_case;
  for (const RowRef& row : data.training) by_case[row.of_case].push_back(row);
  std::vector<std::pair<double, std::size_t>> order;  // by hash, so that sizes are nested
  for (const auto& [c, rows] : by_case)
    order.emplace_back(hash_share(data.cases[c].graph_hash + data.cases[c].chip_hash, 77), c);
  std::sort(order.begin(), order.end());
  std::vector<CurvePoint> points;
  for (const std::size_t size : sizes) {
    if (size > order.size()) break;
    data.training.clear();
    for (std::size_t i = 0; i < size; ++i)
      for (const RowRef& row : by_case[order[i].second]) data.training.push_back(row);
    if (data.training.size() < kFewestRows) continue;
    const Bundle bundle = learn(data, options);
    CurvePoint point{.samples = size};
    for (const AccuracyRow& row :
         judge("boosted", [&](const CaseSample& sample) { return score(bundle, sample); }, data,
               {})) {
      if (row.set != "test" || !row.family.empty() || !row.chip.empty()) continue;
      if (row.level == "operator") point.operators = row.mape;
      if (row.level == "subgraph") point.subgraphs = row.mape;
      if (row.level == "network") point.networks = row.mape;
    }
    points.push_back(point);
  }
  return points;
}

}  // namespace presil
