#pragma once
// Cases without a simulation: random features, a prior that misses a smooth factor, and noise.

#include <cmath>
#include <vector>

#include "core/random.h"
#include "estimator/sample.h"
#include "sim/simulator_version.h"

namespace presil::test {

inline CaseSample made_case(Random& random, int number) {
  const int groups = number % 5 == 0 ? 6 : 1;
  CaseSample made{.graph_hash = fmt::format("graph{}", number),
                  .chip_hash = fmt::format("chip{}", number % 20),
                  .chip = fmt::format("chip{}", number % 20),
                  .simulator_version = kSimulatorVersion,
                  .level = groups == 1 ? Level::kOperator : Level::kNetwork,
                  .family = number % 2 == 0 ? "even" : "odd"};
  for (int g = 0; g < groups; ++g) {
    GroupSample group{.name = "g", .kind = "conv"};
    for (std::size_t c = 0; c < feature_table().size(); ++c)
      group.features.values.push_back(static_cast<float>(random.integer(0, 63)));
    group.features.hash = fmt::format("{:016x}", random.next());
    group.features.prior = {.cycles = 1000 + 100 * group.features.values[3],
                            .energy_pj = 5000 + group.features.values[4]};
    const double factor = 1 + 0.01 * group.features.values[5] + (group.features.values[6] > 31);
    group.cycles = group.features.prior.cycles * factor * std::exp(0.01 * random.normal());
    group.energy_pj = group.features.prior.energy_pj * factor;
    made.latency_cycles += group.cycles;
    made.energy_pj += group.energy_pj;
    made.groups.push_back(std::move(group));
  }
  return made;
}

inline std::vector<CaseSample> made_cases(int count, std::uint64_t seed = 7) {
  Random random(seed);
  std::vector<CaseSample> cases;
  for (int i = 0; i < count; ++i) cases.push_back(made_case(random, i));
  return cases;
}

}  // namespace presil::test
