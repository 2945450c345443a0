#include "estimator/measured.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/csv.h"
#include "core/error.h"
#include "estimator/dataset.h"
#include "estimator/planned_network.h"
#include "models/import.h"
#include "sim/simulator_version.h"

namespace presil {

namespace {

constexpr std::size_t kFewest = 20;

Graph network_of(const CsvTable& table, std::size_t row, const std::filesystem::path& file) {
  if (!table.has("model")) return load_network("nb201:" + table.text(row, "arch_str"));
  const std::string model = table.text(row, "model");
  const std::filesystem::path beside = file.parent_path() / model;
  std::error_code ignored;
  return load_network(std::filesystem::exists(beside, ignored) ? beside.string() : model);
}

double cycles_of(const CsvTable& table, std::size_t row, const ChipSpec& chip) {
  if (table.has("cycles")) return table.real(row, "cycles");
  if (table.has("latency_us")) return table.real(row, "latency_us") * chip.clock_mhz;
  return table.real(row, "latency_ms") * 1000 * chip.clock_mhz;
}

/// Relative least squares of sums, weights >= 0: coordinate descent on the normal equations.
std::vector<double> fit_weights(const std::vector<const MeasuredCase*>& cases, double penalty) {
  const std::size_t columns = cases.front()->groups.front().values.size();
  std::vector<std::vector<double>> sums;  // of each case, over its latency
  std::vector<double> scale(columns, 0);
  for (const MeasuredCase* each : cases) {
    std::vector<double> sum(columns, 0);
    for (const GroupFeatures& group : each->groups)
      for (std::size_t c = 0; c < columns; ++c)
        sum[c] += std::max(0.0, static_cast<double>(group.values[c])) / each->cycles;
    for (std::size_t c = 0; c < columns; ++c) scale[c] += sum[c] * sum[c];
    sums.push_back(std::move(sum));
  }
  const auto count = static_cast<double>(cases.size());
  for (double& s : scale) s = s > 0 ? std::sqrt(count / s) : 0;
  std::vector<std::vector<double>> gram(columns, std::vector<double>(columns, 0));
  std::vector<double> target(columns, 0), weights(columns, 0);
  for (const std::vector<double>& sum : sums)
    for (std::size_t a = 0; a < columns; ++a) {
      const double value = sum[a] * scale[a] / count;
      target[a] += value;
      for (std::size_t b = 0; value != 0 && b < columns; ++b)
        gram[a][b] += value * sum[b] * scale[b];
    }
  constexpr int kSweeps = 3000;
  for (int sweep = 0; sweep < kSweeps; ++sweep)
    for (std::size_t a = 0; a < columns; ++a) {
      if (scale[a] == 0) continue;
      double rest = target[a];
      for (std::size_t b = 0; b < columns; ++b)
        if (b != a) rest -= gram[a][b] * weights[b];
      weights[a] = std::max(0.0, rest / (gram[a][a] + penalty));
    }
  for (std::size_t c = 0; c < columns; ++c) weights[c] *= scale[c];
  return weights;
}

/// Half the squared log error of sums; its second derivatives are bounded by each group's share
/// (Jensen), so that all groups of a network may move at once.
Forest fit_trees(const std::vector<const MeasuredCase*>& cases, const AdditiveRegressor& linear,
                 const BoostOptions& options) {
  FeatureRows rows(cases.front()->groups.front().values.size());
  std::vector<double> base;
  for (const MeasuredCase* each : cases)
    for (const GroupFeatures& group : each->groups) {
      rows.add(group.values);
      base.push_back(linear.base(group.values.data()));
    }
  const Loss loss = [&](std::span<const float> predictions, std::span<float> gradient,
                        std::span<float> hessian) {
    std::size_t first = 0;
    for (const MeasuredCase* each : cases) {
      const std::size_t end = first + each->groups.size();
      double sum = 0;
      for (std::size_t i = first; i < end; ++i)
        sum += base[i] * std::exp(static_cast<double>(predictions[i]));
      const double residual = std::log(sum / each->cycles);
      for (; first < end; ++first) {
        const double share = base[first] * std::exp(static_cast<double>(predictions[first])) / sum;
        gradient[first] = static_cast<float>(residual * share);
        hessian[first] = static_cast<float>(share);
      }
    }
  };
  return boost(rows, loss, options);
}

double predicted_cycles(const AdditiveRegressor& model, const MeasuredCase& each) {
  std::vector<const GroupFeatures*> groups;
  for (const GroupFeatures& group : each.groups) groups.push_back(&group);
  std::vector<double> out(groups.size());
  predict(Regressor(model), Target::kCycles, groups, out);
  return std::accumulate(out.begin(), out.end(), 0.0);
}

/// Each case by a model that never saw its fold.
std::vector<ScoredCase> cross_validated(const std::vector<MeasuredCase>& cases,
                                        const MeasuredOptions& options, bool trees) {
  std::vector<ScoredCase> scored;
  for (int fold = 0; fold < options.folds; ++fold) {
    std::vector<const MeasuredCase*> seen, held_out;
    for (const MeasuredCase& each : cases) {
      const bool out =
          static_cast<int>(hash_share(each.name, options.seed) * options.folds) == fold;
      (out ? held_out : seen).push_back(&each);
    }
    if (seen.empty()) continue;
    MeasuredOptions fold_options = options;
    if (!trees) fold_options.boost.rounds = 0;
    const AdditiveRegressor model = fit_additive(seen, fold_options);
    for (const MeasuredCase* each : held_out)
      scored.push_back(
          {.level = "network",
           .cycles = {.measured = each->cycles, .predicted = predicted_cycles(model, *each)}});
  }
  return scored;
}

AccuracyRow named(AccuracyRow row, const char* model) {
  row.model = model;
  row.set = "folds";
  row.level = "network";
  return row;
}

}  // namespace

std::vector<MeasuredCase> read_measured(const std::filesystem::path& file, const ChipSpec& chip,
                                        const CompileOptions& options) {
  const CsvTable table = CsvTable::read(file);
  if (!table.has("model") && !table.has("arch_str"))
    throw Error("{}: has neither a column `model` nor `arch_str` to name the networks",
                file.string());
  if (!table.has("cycles") && !table.has("latency_us") && !table.has("latency_ms"))
    throw Error("{}: has no column `latency_ms`, `latency_us` or `cycles`", file.string());
  std::vector<MeasuredCase> cases;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    MeasuredCase each{.name = table.text(row, table.has("model") ? "model" : "arch_str"),
                      .groups = {},
                      .cycles = cycles_of(table, row, chip)};
    if (!(each.cycles > 0) || !std::isfinite(each.cycles))
      throw Error("{}: the latency of {} must be > 0", file.string(), each.name);
    const Graph graph = network_of(table, row, file);
    each.groups = features_of(chip, planned(chip, compile(graph, chip, options)));
    if (!each.groups.empty()) cases.push_back(std::move(each));
  }
  return cases;
}

AdditiveRegressor fit_additive(const std::vector<const MeasuredCase*>& cases,
                               const MeasuredOptions& options) {
  AdditiveRegressor model;
  model.weights = fit_weights(cases, options.penalty);
  double least = std::numeric_limits<double>::max();
  for (const MeasuredCase* each : cases)
    least = std::min(least, each->cycles / static_cast<double>(each->groups.size()));
  model.least = 1e-3 * least;
  BoostOptions trees = options.boost;
  trees.seed = options.seed;
  if (trees.rounds > 0) model.residual = fit_trees(cases, model, trees);
  return model;
}

TrainedMeasured train_measured(const std::vector<MeasuredCase>& cases, const ChipSpec& chip,
                               const std::string& chip_hash, const MeasuredOptions& options) {
  if (cases.size() < kFewest)
    throw Error("{} measurements are too few to learn from; give at least {}", cases.size(),
                kFewest);
  std::vector<ScoredCase> scored = cross_validated(cases, options, true);
  const std::vector<ScoredCase> linear = cross_validated(cases, options, false);
  std::vector<Score> errors;
  for (const ScoredCase& each : scored)
    errors.push_back({.difficulty = 0,
                      .error = std::abs(std::log(each.cycles.measured / each.cycles.predicted))});
  std::vector<const MeasuredCase*> all;
  FeatureRows rows(feature_table().size());
  for (const MeasuredCase& each : cases) {
    all.push_back(&each);
    for (const GroupFeatures& group : each.groups) rows.add(group.values);
  }
  BundleParts parts;
  parts.provenance = {.simulator_version = kSimulatorVersion,
                      .feature_version = kFeatureVersion,
                      .source = "measured",
                      .seed = options.seed,
                      .cases = cases.size(),
                      .rows = rows.size(),
                      .chips = {{chip_hash, chip.name}}};
  parts.cycles = fit_additive(all, options);
  parts.energy = PriorRegressor{};
  // A group's own time was never measured: it gets the relative width of the networks.
  const ConformalTable width = ConformalTable::fit(std::move(errors), 0.9, 1, 1);
  parts.seen.groups.fill(width);
  parts.seen.networks = width;
  parts.ranges = FeatureRanges::of(rows);
  TrainedMeasured result{.bundle = Bundle(std::move(parts)),
                         .additive = named(accuracy_of(scored), "additive"),
                         .linear = named(accuracy_of(linear), "linear")};
  result.bundle.parts().accuracy = {result.additive, result.linear};
  return result;
}

}  // namespace presil
