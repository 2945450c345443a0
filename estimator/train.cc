#include "estimator/train.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <map>
#include <numeric>
#include <set>

#include "core/error.h"
#include "estimator/score.h"
#include "sim/simulator_version.h"

namespace presil {

namespace {

constexpr double kCovered = 0.9;
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

std::vector<Score> group_scores(const Bundle& bundle, const Dataset& data,
                                std::span<const RowRef> refs) {
  std::vector<Score> scores;
  for (const RowRef& ref : refs) {
    const GroupSample& group = data.group(ref);
    const GroupFeatures* features = &group.features;
    GroupPrediction prediction;
    bundle.predict({&features, 1}, {&prediction, 1});
    scores.push_back(
        {.difficulty = bundle.parts().difficulty.evaluate(features->values.data()),
         .error = std::abs(std::log(label_of(group, Target::kCycles) / prediction.cycles))});
  }
  return scores;
}

std::vector<Score> case_scores(const Bundle& bundle, const Dataset& data, Side side) {
  std::vector<Score> scores;
  for (const std::size_t c : data.cases_of(side)) {
    const CaseSample& sample = data.cases[c];
    if (sample.groups.size() < 2) continue;
    const double measured = std::max(1.0, sample.latency_cycles - sample.link_cycles);
    const double predicted = predicted_latency(bundle.parts().cycles, sample) - sample.link_cycles;
    scores.push_back({.difficulty = static_cast<double>(sample.groups.size()),
                      .error = std::abs(std::log(measured / predicted))});
  }
  return scores;
}

std::vector<RowRef> all_rows(const Dataset& data, Side side) {
  std::vector<RowRef> rows;
  for (const std::size_t c : data.cases_of(side))
    for (std::size_t g = 0; g < data.cases[c].groups.size(); ++g) rows.push_back({c, g});
  return rows;
}

void calibrate(Bundle& bundle, const Dataset& data) {
  BundleParts& parts = bundle.parts();
  constexpr std::size_t kBins = 8, kFewest = 40;
  parts.groups =
      ConformalTable::fit(group_scores(bundle, data, data.calibration), kCovered, kBins, kFewest);
  parts.networks =
      ConformalTable::fit(case_scores(bundle, data, Side::kCalibrate), kCovered, 4, kFewest);
  parts.groups_unseen =
      ConformalTable::fit(group_scores(bundle, data, all_rows(data, Side::kUnseenChipCalibrate)),
                          kCovered, kBins, kFewest);
  parts.networks_unseen = ConformalTable::fit(case_scores(bundle, data, Side::kUnseenChipCalibrate),
                                              kCovered, 4, kFewest);
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

Ridge learn_ridge(const Dataset& data, const TrainOptions& options) {
  const Rows rows = rows_of(data, data.training, Target::kCycles, options.weight_power);
  return fit_ridge(rows.features, rows.log_value, rows.weights, 1e-4);
}

// ---- judging ----

using Scorer = std::function<ScoredCase(const CaseSample&)>;

std::vector<AccuracyRow> judge(const std::string& model, const Scorer& scorer, const Dataset& data,
                               const EdgePairs& edge_pairs) {
  std::vector<AccuracyRow> rows;
  for (const auto& [side, set] :
       {std::pair{Side::kTest, "test"}, std::pair{Side::kUnseenChipTest, "unseen chip"}}) {
    std::vector<ScoredCase> scored;
    for (const std::size_t c : data.cases_of(side)) scored.push_back(scorer(data.cases[c]));
    for (AccuracyRow& row : accuracy_table(model, set, scored)) rows.push_back(std::move(row));
  }
  std::vector<std::pair<Paired, Paired>> pairs;
  std::vector<ScoredCase> members;
  for (const auto& [less, more] : edge_pairs) {
    if (data.sides[less] != Side::kTest || data.sides[more] != Side::kTest) continue;
    members.push_back(scorer(data.cases[less]));
    members.push_back(scorer(data.cases[more]));
    pairs.emplace_back(members[members.size() - 2].cycles, members.back().cycles);
  }
  if (!pairs.empty()) {
    AccuracyRow row = accuracy_of(members);
    row.model = model;
    row.set = "step edges";
    row.level = "operator";
    row.near_pairs = ordered_share(pairs);
    rows.push_back(std::move(row));
  }
  return rows;
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
  const Regressor ridge = learn_ridge(data, options);
  const Bundle& bundle = result.bundle;
  const std::vector<std::pair<std::string, Scorer>> models = {
      {"boosted", [&](const CaseSample& sample) { return score(bundle, sample); }},
      {"ridge", [&](const CaseSample& sample) { return score(ridge, sample); }},
      {"prior",
       [](const CaseSample& sample) { return score(Regressor(PriorRegressor{}), sample); }}};
  for (const auto& [name, scorer] : models)
    for (AccuracyRow& row : judge(name, scorer, data, edge_pairs))
      result.accuracy.push_back(std::move(row));
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
