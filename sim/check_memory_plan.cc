#include <algorithm>

#include "core/error.h"
#include "sim/memory_plan.h"

namespace presil {

namespace {

/// From the first byte of the shared buffers to their last.
Region shared_region(const std::vector<Buffer>& buffers, const std::vector<std::int64_t>& at) {
  Region region;
  std::int64_t end = 0;
  for (std::size_t b = 0; b < buffers.size(); ++b) {
    if (!buffers[b].shared) continue;
    region.address = end == 0 ? at[b] : std::min(region.address, at[b]);
    end = std::max(end, at[b] + buffers[b].bytes());
  }
  region.run_bytes = end - region.address;
  return end == 0 ? Region{} : region;
}

/// Shared buffers of one stage do not overlap.
void check_shared(const FusionGroup& group, const std::vector<Buffer>& buffers,
                  const std::vector<std::int64_t>& at) {
  for (std::size_t a = 0; a < buffers.size(); ++a)
    for (std::size_t b = 0; b < a; ++b)
      if (buffers[a].shared && buffers[b].shared && buffers[a].stage == buffers[b].stage)
        PRESIL_CHECK(at[a] >= at[b] + buffers[b].bytes() || at[b] >= at[a] + buffers[a].bytes(),
                     "group {}: two buffers of '{}' overlap", group.name,
                     group.stages[static_cast<std::size_t>(buffers[a].stage)].name);
}

/// Storages that live at the same time lie apart in their memory.
void check_memories(const FusedNetwork& network, const MemoryPlan& plan,
                    const std::vector<Lifetime>& lives) {
  const auto& storages = network.storages;
  for (std::size_t a = 0; a < storages.size(); ++a)
    for (std::size_t b = 0; b < a; ++b) {
      const std::int64_t at_a = plan.memory_address[a], at_b = plan.memory_address[b];
      if (at_a < 0 || at_b < 0 || plan.memory[a] != plan.memory[b] || !lives[a].meets(lives[b]))
        continue;
      PRESIL_CHECK(at_a + storages[a].bytes() <= at_b || at_b + storages[b].bytes() <= at_a,
                   "tensors {} and {} share bytes of a memory while both live", storages[a].root,
                   storages[b].root);
    }
}

}  // namespace

void check_memory_plan(const ChipSpec& chip, const FusedNetwork& network, const MemoryPlan& plan) {
  const std::vector<Lifetime> lives = lifetimes(network);
  check_memories(network, plan, lives);
  for (std::size_t g = 0; g < network.groups.size(); ++g) {
    const Surroundings around = plan.around(chip, network, g);
    const std::string reason = why_illegal(around, network.groups[g], plan.mappings[g]);
    PRESIL_CHECK(reason.empty(), "group {}: {}", network.groups[g].name, reason);
    std::vector<std::pair<std::int64_t, std::int64_t>> taken;
    const std::vector<Buffer> buffers = buffers_of(around, network.groups[g], plan.mappings[g]);
    PRESIL_CHECK(buffers.size() == plan.buffer_address[g].size(), "group {}: buffers without place",
                 network.groups[g].name);
    check_shared(network.groups[g], buffers, plan.buffer_address[g]);
    for (std::size_t b = 0; b < buffers.size(); ++b)
      if (!buffers[b].shared)
        taken.emplace_back(plan.buffer_address[g][b],
                           plan.buffer_address[g][b] + buffers[b].bytes());
    if (const Region shared = shared_region(buffers, plan.buffer_address[g]); shared.run_bytes > 0)
      taken.emplace_back(shared.address, shared.address + shared.run_bytes);
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
