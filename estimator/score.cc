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
          .cycles = {.measured = std::max(1.0, sample.latency_cycles)},
          .energy = {.measured = sample.energy_pj}};
}

std::vector<GroupPrediction> predicted(const Bundle& bundle, const CaseSample& sample) {
  std::vector<GroupPrediction> out(sample.groups.size());
  bundle.predict(features_of(sample), out, sample.chip_hash);
  return out;
}

}  // namespace

ScoredCase score(const Regressor& cycles, const Regressor& energy, const CaseSample& sample) {
  ScoredCase result = unpredicted(sample);
  result.cycles.predicted = predicted_latency(cycles, sample);
  std::vector<double> picojoules(sample.groups.size());
  predict(energy, Target::kEnergy, features_of(sample), picojoules);
  result.energy.predicted = std::accumulate(picojoules.begin(), picojoules.end(), 0.0);
  return result;
}

ScoredCase score(const Bundle& bundle, const CaseSample& sample) {
  ScoredCase result = unpredicted(sample);
  const std::vector<GroupPrediction> groups = predicted(bundle, sample);
  result.cycles.predicted = sample.link_cycles;
  for (const GroupPrediction& each : groups) {
    result.cycles.predicted += each.cycles;
    result.energy.predicted += each.energy_pj;
  }
  const Interval interval = bundle.network_interval(groups, bundle.knows_chip(sample.chip_hash));
  if (interval.high > 0) {
    result.low = interval.low + sample.link_cycles;
    result.high = interval.high + sample.link_cycles;
  }
  return result;
}

std::vector<ScoredCase> score_groups(const Bundle& bundle, const CaseSample& sample) {
  const std::vector<GroupPrediction> groups = predicted(bundle, sample);
  std::vector<ScoredCase> scored;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const GroupPrediction& group = groups[g];
    scored.push_back({.level = "group",
                      .family = sample.family,
                      .chip = sample.chip,
                      .cycles = {.measured = label_of(sample.groups[g], Target::kCycles),
                                 .predicted = group.cycles},
                      .low = group.low,
                      .high = group.high,
                      .energy = {.measured = label_of(sample.groups[g], Target::kEnergy),
                                 .predicted = group.energy_pj}});
  }
  return scored;
}

}  // namespace presil
