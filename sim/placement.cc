#include "sim/placement.h"

#include <algorithm>
#include <numeric>

#include "sim/chain.h"
#include "sim/tile_candidates.h"

namespace presil {

namespace {

int storage_of(const FusedNetwork& network, TensorId id) {
  return network.views[static_cast<std::size_t>(id)].storage;
}

/// Every storage that a group reads or writes.
template <typename F>
void each_storage(const FusedNetwork& network, const FusionGroup& group, bool chained, F&& f) {
  for (std::size_t i = 0; i < group.stages.size(); ++i) {
    const Stage& stage = group.stages[i];
    if (!chained || i == 0) f(storage_of(network, stage.input), false);
    if (stage.weights_are_activations) f(storage_of(network, stage.weights), false);
    for (const Operand& operand : stage.operands) f(storage_of(network, operand.tensor), false);
    if (!chained || i + 1 == group.stages.size()) f(storage_of(network, stage.output), true);
    for (const TensorId other : stage.also_makes)
      if (storage_of(network, other) >= 0) f(storage_of(network, other), true);
  }
}

}  // namespace

std::int64_t comfortable(const ChipSpec& chip, std::int64_t smallest) {
  return std::min(chip.sram_bytes(), std::max(2 * smallest, chip.sram_bytes() / 4));
}

std::int64_t weight_total(const FusionGroup& group) {
  std::int64_t total = 0;
  for (const Stage& s : group.stages) total += weight_total_of(s);
  return total;
}

std::int64_t weight_total_of(const Stage& s) {
  std::int64_t total = aligned(s.constant_bytes);
  if (s.kind == StageKind::kMac && !s.weights_are_activations)
    total += aligned(s.weight_bytes(s.out.channels, s.reduction) * s.weight_copies());
  if (s.kind == StageKind::kRecurrent)
    total += aligned(s.weight_bytes(s.gates * s.hidden, s.reduction + s.hidden) * s.directions);
  return total;
}

std::vector<Lifetime> lifetimes(const FusedNetwork& network) {
  std::vector<Lifetime> lives(network.storages.size(),
                              {static_cast<int>(network.groups.size()), -1});
  for (std::size_t g = 0; g < network.groups.size(); ++g) {
    const FusionGroup& group = network.groups[g];
    each_storage(network, group, is_chain(group), [&](int storage, bool) {
      Lifetime& life = lives[static_cast<std::size_t>(storage)];
      life.first = std::min(life.first, static_cast<int>(g));
      life.last = std::max(life.last, static_cast<int>(g));
    });
  }
  for (std::size_t s = 0; s < lives.size(); ++s) {
    const Storage& storage = network.storages[s];
    const bool from_start = storage.is_input || storage.is_constant;
    const bool is_read = lives[s].last >= lives[s].first;
    if (from_start) lives[s].first = -1;
    if (storage.is_output || (from_start && is_read && network.runs_again))
      lives[s].last = static_cast<int>(network.groups.size());
  }
  return lives;
}

std::vector<std::int64_t> place_items(const std::vector<PlacedItem>& items, std::int64_t alignment,
                                      std::int64_t* peak) {
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return items[a].bytes > items[b].bytes; });
  std::vector<std::int64_t> at(items.size(), -1);
  *peak = 0;
  std::vector<std::size_t> placed;
  for (const std::size_t i : order) {
    const std::int64_t bytes = round_up(std::max<std::int64_t>(1, items[i].bytes), alignment);
    std::vector<std::pair<std::int64_t, std::int64_t>> taken;
    for (const std::size_t other : placed)
      if (items[other].life.meets(items[i].life))
        taken.emplace_back(
            at[other],
            at[other] + round_up(std::max<std::int64_t>(1, items[other].bytes), alignment));
    std::sort(taken.begin(), taken.end());
    std::int64_t address = 0;
    for (const auto& [begin, end] : taken) {
      if (begin - address >= bytes) break;
      address = std::max(address, end);
    }
    at[i] = address;
    *peak = std::max(*peak, address + bytes);
    placed.push_back(i);
  }
  return at;
}

std::vector<int> choose_memories(const ChipSpec& chip, const FusedNetwork& network) {
  std::vector<int> memory;
  for (const Storage& storage : network.storages) {
    const PlacementSpec& p = chip.placement;
    memory.push_back(chip.memory_index(storage.is_constant ? p.weights
                                       : storage.is_input  ? p.inputs
                                       : storage.is_output ? p.outputs
                                                           : p.activations));
  }
  return memory;
}

std::vector<bool> choose_residents(const ChipSpec& chip, const FusedNetwork& network,
                                   const std::vector<int>& memory) {
  std::vector<bool> resident(network.storages.size(), false);
  if (chip.cores > 1 || !chip.sram.across_layers) return resident;
  const std::vector<Lifetime> lives = lifetimes(network);
  std::vector<std::int64_t> free(network.groups.size());
  for (std::size_t g = 0; g < free.size(); ++g)
    free[g] = chip.sram_bytes() -
              comfortable(chip, smallest_footprint({chip, network, resident, memory, 0, false},
                                                   network.groups[g]));
  std::vector<std::size_t> order;
  for (std::size_t s = 0; s < network.storages.size(); ++s) {
    const Storage& storage = network.storages[s];
    if (storage.ring_rows == 0 && !storage.is_input && !storage.is_output && !storage.is_constant &&
        !storage.on_host && lives[s].last >= lives[s].first && lives[s].first >= 0)
      order.push_back(s);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const int la = lives[a].last - lives[a].first, lb = lives[b].last - lives[b].first;
    return la != lb ? la < lb : lives[a].first < lives[b].first;
  });
  for (const std::size_t s : order) {
    const std::int64_t bytes = aligned(network.storages[s].map.bytes());
    bool fits = true;
    for (int g = lives[s].first; g <= lives[s].last; ++g)
      fits &= free[static_cast<std::size_t>(g)] >= bytes;
    if (!fits) continue;
    resident[s] = true;
    for (int g = lives[s].first; g <= lives[s].last; ++g)
      free[static_cast<std::size_t>(g)] -= bytes;
  }
  return resident;
}

std::vector<std::int64_t> free_sram(const ChipSpec& chip, const FusedNetwork& network,
                                    const std::vector<bool>& resident,
                                    const std::vector<bool>& weights_stay) {
  std::int64_t kept = 0;
  for (std::size_t g = 0; g < network.groups.size(); ++g)
    if (weights_stay[g]) kept += weight_total(network.groups[g]);
  std::vector<std::int64_t> free(network.groups.size(), chip.sram_bytes() - kept);
  const std::vector<Lifetime> lives = lifetimes(network);
  for (std::size_t s = 0; s < resident.size(); ++s) {
    if (!resident[s]) continue;
    const int end = std::min(lives[s].last, static_cast<int>(free.size()) - 1);
    for (int g = std::max(0, lives[s].first); g <= end; ++g)
      free[static_cast<std::size_t>(g)] -= aligned(network.storages[s].map.bytes());
  }
  for (std::int64_t& bytes : free) bytes = std::max<std::int64_t>(0, bytes);
  return free;
}

}  // namespace presil
