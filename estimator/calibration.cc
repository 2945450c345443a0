#include "estimator/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "estimator/score.h"

namespace presil {

namespace {

constexpr double kCovered = 0.9;
constexpr std::size_t kGroupBins = 8, kCaseBins = 4;
constexpr std::size_t kFewest = 40;  ///< scores of a bin

double log_error(double measured, double predicted) {
  return std::abs(std::log(measured / predicted));
}

using GroupScores = std::array<std::vector<Score>, kCompanies>;

GroupScores group_scores(const Bundle& bundle, const Dataset& data, std::span<const RowRef> refs) {
  std::vector<const GroupFeatures*> groups;
  for (const RowRef& ref : refs) groups.push_back(&data.group(ref).features);
  std::vector<GroupPrediction> predictions(groups.size());
  bundle.predict(groups, predictions);
  GroupScores scores;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const double label = label_of(data.group(refs[i]), Target::kCycles);
    scores[static_cast<std::size_t>(company_of(groups[i]->values.data()))].push_back(
        {.difficulty = predictions[i].difficulty,
         .error = log_error(label, predictions[i].cycles)});
  }
  return scores;
}

std::vector<Score> case_scores(const Bundle& bundle, const Dataset& data, Side side) {
  std::vector<Score> scores;
  for (const std::size_t c : data.cases_of(side)) {
    const CaseSample& sample = data.cases[c];
    if (sample.groups.size() < 2) continue;
    std::vector<GroupPrediction> groups(sample.groups.size());
    bundle.predict(features_of(sample), groups);
    double predicted = 0;
    for (const GroupPrediction& group : groups) predicted += group.cycles;
    scores.push_back(
        {.difficulty = difficulty_of(groups),
         .error = log_error(std::max(1.0, sample.latency_cycles - sample.link_cycles), predicted)});
  }
  return scores;
}

std::vector<RowRef> all_rows(const Dataset& data, Side side) {
  std::vector<RowRef> rows;
  for (const std::size_t c : data.cases_of(side))
    for (std::size_t g = 0; g < data.cases[c].groups.size(); ++g) rows.push_back({c, g});
  return rows;
}

IntervalTables tables_of(const Bundle& bundle, const Dataset& data, std::span<const RowRef> rows,
                         Side side) {
  const GroupScores by_company = group_scores(bundle, data, rows);
  std::vector<Score> all;
  for (const std::vector<Score>& scores : by_company)
    all.insert(all.end(), scores.begin(), scores.end());
  IntervalTables tables;
  for (std::size_t i = 0; i < kCompanies; ++i)  // who is too rare for a table has that of all
    tables.groups[i] = ConformalTable::fit(by_company[i].size() < kFewest ? all : by_company[i],
                                           kCovered, kGroupBins, kFewest);
  tables.networks =
      ConformalTable::fit(case_scores(bundle, data, side), kCovered, kCaseBins, kFewest);
  return tables;
}

}  // namespace

void calibrate(Bundle& bundle, const Dataset& data) {
  const IntervalTables seen = tables_of(bundle, data, data.calibration, Side::kCalibrate);
  bundle.parts().unseen = tables_of(bundle, data, all_rows(data, Side::kUnseenChipCalibrate),
                                    Side::kUnseenChipCalibrate);
  bundle.parts().seen = seen;
}

}  // namespace presil
