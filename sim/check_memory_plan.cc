#include <algorithm>

#include "core/error.h"
#include "sim/memory_plan.h"

namespace presil {

void check_memory_plan(const ChipSpec& chip, const FusedNetwork& network, const MemoryPlan& plan) {
  const std::vector<Lifetime> lives = lifetimes(network);
  for (std::size_t g = 0; g < network.groups.size(); ++g) {
    const Surroundings around = plan.around(chip, network, g);
    const std::string reason = why_illegal(around, network.groups[g], plan.mappings[g]);
    PRESIL_CHECK(reason.empty(), "group {}: {}", network.groups[g].name, reason);
    std::vector<std::pair<std::int64_t, std::int64_t>> taken;
    const std::vector<Buffer> buffers = buffers_of(around, network.groups[g], plan.mappings[g]);
    PRESIL_CHECK(buffers.size() == plan.buffer_address[g].size(), "group {}: buffers without place",
                 network.groups[g].name);
    for (std::size_t b = 0; b < buffers.size(); ++b)
      taken.emplace_back(plan.buffer_address[g][b], plan.buffer_address[g][b] + buffers[b].bytes());
    for (std::size_t s = 0; s < network.storages.size(); ++s)
      if (plan.resident[s] && lives[s].first <= static_cast<int>(g) &&
          static_cast<int>(g) <= lives[s].last)
        taken.emplace_back(plan.sram_address[s],
                           plan.sram_address[s] + network.storages[s].map.bytes());
    for (std::size_t other = 0; other < network.groups.size(); ++other)
      if (plan.weights_stay[other])
        taken.emplace_back(plan.kept_weights[other],
                           plan.kept_weights[other] + weight_total(network.groups[other]));
    std::sort(taken.begin(), taken.end());
    for (std::size_t i = 0; i < taken.size(); ++i) {
      PRESIL_CHECK(taken[i].first >= 0 && taken[i].second <= chip.sram_bytes(),
                   "group {}: SRAM bytes {}..{} of {}", network.groups[g].name, taken[i].first,
                   taken[i].second, chip.sram_bytes());
      PRESIL_CHECK(i == 0 || taken[i - 1].second <= taken[i].first,
                   "group {}: SRAM bytes {}..{} are taken twice", network.groups[g].name,
                   taken[i].first, taken[i - 1].second);
    }
  }
}

}  // namespace presil
