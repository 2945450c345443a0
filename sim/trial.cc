#include "sim/trial.h"

#include "hw/simulate.h"
#include "sim/lower.h"

namespace presil {

std::optional<Cycles> trial_run(const TrialContext& context, const Surroundings& around,
                                const FusionGroup& group, const Mapping& mapping) {
  const ChipSpec& chip = around.chip;
  FusedNetwork alone{
      .groups = {group}, .storages = around.network.storages, .views = around.network.views};
  MemoryPlan plan;
  plan.resident = around.resident;
  plan.memory = around.memory;
  plan.mappings = {mapping};
  plan.room = {around.room};
  plan.weights_stay = {around.weights_stay};
  plan.kept_weights = {0};
  std::int64_t at = 0;
  plan.buffer_address.emplace_back();
  for (const Buffer& buffer : buffers_of(around, group, mapping)) {
    plan.buffer_address[0].push_back(at);
    at += round_up(buffer.bytes(), kBufferAlignment);
  }
  plan.sram_address.assign(alone.storages.size(), -1);
  plan.memory_address.assign(alone.storages.size(), -1);
  std::vector<std::int64_t> memory_end(chip.memories.size(), 0);
  const std::vector<Lifetime> lives = lifetimes(alone);
  for (std::size_t s = 0; s < alone.storages.size(); ++s) {
    if (lives[s].last < 0) continue;
    const std::int64_t bytes = alone.storages[s].map.bytes();
    if (plan.resident[s]) {
      plan.sram_address[s] = at;
      at += round_up(bytes, kBufferAlignment);
    } else {
      std::int64_t& end = memory_end[static_cast<std::size_t>(plan.memory[s])];
      plan.memory_address[s] = end;
      end += round_up(bytes, chip.dma.burst_bytes);
    }
  }
  if (at > chip.sram_bytes()) return {};
  for (std::size_t m = 0; m < memory_end.size(); ++m)
    if (chip.memories[m].kib > 0 &&
        static_cast<double>(memory_end[m]) > chip.memories[m].kib * 1024)
      return {};
  const Program program = lower(chip, *context.graph, alone, plan, *context.precision, {});
  return simulate(chip, program).total;
}

}  // namespace presil
