#include "estimator/score.h"

#include <algorithm>
#include <numeric>

#include "estimator/dataset.h"

namespace presil {

std::vector<const GroupFeatures*> features_of(const CaseSample& sample) {
  std::vector<const GroupFeatures*> groups;
  groups.reserve(sample.groups.size());
  for (const GroupSample& group : sample.groups) groups.push_back(&group.features);
  return groups;
}

double predicted_latency(const Regressor& regressor, const CaseSample& sample) {
  std::vector<double> cycles(sample.groups.size());
  predict(regressor, Target::kCycles, features_of(sample), cycles);
  return std::accumulate(cycles.begin(), cycles.end(), sample.link_cycles);
}

namespace {

ScoredCase unpredicted(const CaseSample& sample) {
  return {.level = std::string(name_of(sample.level)),
          .family = sample.family,
          .chip = sample.chip,
          .cycles = {.measured = std::max(1.0, sample.latency_cycles)}};
}

}  // namespace

ScoredCase score(const Regressor& regressor, const CaseSample& sample) {
  ScoredCase result = unpredicted(sample);
  result.cycles.predicted = predicted_latency(regressor, sample);
  return result;
}

ScoredCase score(const Bundle& bundle, const CaseSample& sample) {
  ScoredCase result = unpredicted(sample);
  std::vector<GroupPrediction> out(sample.groups.size());
  bundle.predict(features_of(sample), out, sample.chip_hash);
  double sum = 0;
  for (const GroupPrediction& each : out) sum += each.cycles;
  result.cycles.predicted = sum + sample.link_cycles;
  const Interval interval =
      out.size() == 1
          ? Interval{out.front().low, out.front().high}
          : bundle.network_interval(sum, out.size(), bundle.knows_chip(sample.chip_hash));
  if (interval.high > 0) {
    result.low = interval.low + sample.link_cycles;
    result.high = interval.high + sample.link_cycles;
  }
  return result;
}

double group_coverage(const Bundle& bundle, std::span<const CaseSample* const> cases,
                      std::size_t& groups) {
  groups = 0;
  std::size_t covered = 0;
  for (const CaseSample* sample : cases) {
    std::vector<GroupPrediction> out(sample->groups.size());
    bundle.predict(features_of(*sample), out, sample->chip_hash);
    for (std::size_t g = 0; g < out.size(); ++g) {
      const double label = label_of(sample->groups[g], Target::kCycles);
      covered += out[g].low <= label && label <= out[g].high;
    }
    groups += out.size();
  }
  return groups == 0 ? 0 : static_cast<double>(covered) / static_cast<double>(groups);
}

}  // namespace presil
