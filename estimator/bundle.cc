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
  const bool seen = chip_hash.empty() || knows_chip(chip_hash);
  const ConformalTable& table =
      !seen && !parts_.groups_unseen.empty() ? parts_.groups_unseen : parts_.groups;
  const auto found = parts_.chip_factor.find(chip_hash);
  const double factor = found == parts_.chip_factor.end() ? 1 : found->second;
  for (std::size_t i = 0; i < rows.size(); ++i)
    out[i] = {.cycles = cycles[i] * factor,
              .energy_pj = energy[i],
              .spread = table.empty() ? 0 : std::exp(table.width(difficulty[i])),
              .out_of_range = parts_.ranges.misses({rows[i], parts_.ranges.ranges().size()})};
}

GroupPrediction Bundle::finished(const RowPrediction& row, const Prior& prior) const {
  GroupPrediction group{
      .cycles = times_prior(parts_.cycles) ? prior.cycles * row.cycles : row.cycles,
      .energy_pj = times_prior(parts_.energy) ? prior.energy_pj * row.energy_pj : row.energy_pj,
      .out_of_range = row.out_of_range};
  if (row.spread > 0) {
    group.low = group.cycles / row.spread;
    group.high = group.cycles * row.spread;
  }
  return group;
}

Interval Bundle::network_interval(double sum_cycles, std::size_t groups, bool seen_chip) const {
  const ConformalTable& table =
      !seen_chip && !parts_.networks_unseen.empty() ? parts_.networks_unseen : parts_.networks;
  return table.empty() ? Interval{0, 0} : table.around(sum_cycles, static_cast<double>(groups));
}

}  // namespace presil
