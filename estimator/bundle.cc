#include "estimator/bundle.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace presil {

void Bundle::predict(std::span<const GroupFeatures* const> groups, std::span<GroupPrediction> out,
                     const std::string& chip_hash) const {
  PRESIL_CHECK(groups.size() == out.size(), "{} groups for {} results", groups.size(), out.size());
  std::vector<double> cycles(groups.size()), energy(groups.size()), difficulty(groups.size());
  presil::predict(parts_.cycles, Target::kCycles, groups, cycles);
  presil::predict(parts_.energy, Target::kEnergy, groups, energy);
  std::vector<const float*> rows;
  rows.reserve(groups.size());
  for (const GroupFeatures* group : groups) rows.push_back(group->values.data());
  parts_.difficulty.evaluate(rows, difficulty);
  const bool seen = chip_hash.empty() || knows_chip(chip_hash);
  const ConformalTable& table =
      !seen && !parts_.groups_unseen.empty() ? parts_.groups_unseen : parts_.groups;
  const auto found = parts_.chip_factor.find(chip_hash);
  const double factor = found == parts_.chip_factor.end() ? 1 : found->second;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const double value = cycles[i] * factor;
    const Interval interval = table.empty() ? Interval{0, 0} : table.around(value, difficulty[i]);
    out[i] = {.cycles = value,
              .low = interval.low,
              .high = interval.high,
              .energy_pj = energy[i],
              .out_of_range = parts_.ranges.misses(groups[i]->values)};
  }
}

Interval Bundle::network_interval(double sum_cycles, std::size_t groups, bool seen_chip) const {
  const ConformalTable& table =
      !seen_chip && !parts_.networks_unseen.empty() ? parts_.networks_unseen : parts_.networks;
  return table.empty() ? Interval{0, 0} : table.around(sum_cycles, static_cast<double>(groups));
}

}  // namespace presil
