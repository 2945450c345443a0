#include "estimator/bundle.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace presil {

void Bundle::predict(std::span<const GroupFeatures* const> groups, std::span<GroupPrediction> out,
                     const std::string& chip_hash) const {
  PRESIL_CHECK(groups.size() == out.size(), "{} groups for {} results", groups.size(), out.size());
  std::vector<RowPrediction> rows(groups.size());
  predict_rows(rows_of(groups), rows, chip_hash);
  for (std::size_t i = 0; i < groups.size(); ++i) out[i] = finished(rows[i], groups[i]->prior);
}

void Bundle::predict_rows(std::span<const float* const> rows, std::span<RowPrediction> out,
                          const std::string& chip_hash) const {
  std::vector<double> cycles(rows.size()), energy(rows.size()), difficulty(rows.size());
  presil::predict_rows(parts_.cycles, rows, cycles);
  presil::predict_rows(parts_.energy, rows, energy);
  parts_.difficulty.evaluate(rows, difficulty);
  const IntervalTables& widths = tables(chip_hash.empty() || knows_chip(chip_hash));
  const auto found = parts_.chip_factor.find(chip_hash);
  const double factor = found == parts_.chip_factor.end() ? 1 : found->second;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const ConformalTable& table = widths.of(company_of(rows[i]));
    out[i] = {.cycles = cycles[i] * factor,
              .energy_pj = energy[i],
              .spread = table.empty() ? 0 : std::exp(table.width(difficulty[i])),
              .out_of_range = parts_.ranges.misses({rows[i], parts_.ranges.ranges().size()}),
              .difficulty = difficulty[i]};
  }
}

GroupPrediction Bundle::finished(const RowPrediction& row, const Prior& prior) const {
  GroupPrediction group{
      .cycles = row.cycles * (times_prior(parts_.cycles) ? prior.cycles : 1),
      .energy_pj = row.energy_pj * (times_prior(parts_.energy) ? prior.energy_pj : 1),
      .out_of_range = row.out_of_range,
      .difficulty = row.difficulty};
  if (row.spread > 0) {
    group.low = group.cycles / row.spread;
    group.high = group.cycles * row.spread;
  }
  return group;
}

double difficulty_of(std::span<const GroupPrediction> groups) {
  double cycles = 0, off = 0;
  for (const GroupPrediction& group : groups) {
    cycles += group.cycles;
    off += group.cycles * std::exp(group.difficulty);
  }
  return std::log(off / cycles);
}

const IntervalTables& Bundle::tables(bool seen_chip) const {
  return seen_chip || parts_.unseen.networks.empty() ? parts_.seen : parts_.unseen;
}

Interval Bundle::network_interval(std::span<const GroupPrediction> groups, bool seen_chip) const {
  if (groups.empty()) return {};
  if (groups.size() == 1) return {groups.front().low, groups.front().high};
  const ConformalTable& table = tables(seen_chip).networks;
  if (table.empty()) return {};
  double cycles = 0;
  for (const GroupPrediction& group : groups) cycles += group.cycles;
  return table.around(cycles, difficulty_of(groups));
}

}  // namespace presil
