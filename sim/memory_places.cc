#include "sim/memory_places.h"

#include <algorithm>

#include "core/error.h"

namespace presil {

namespace {

class MemoryPlaces {
 public:
  MemoryPlaces(const ChipSpec& chip, const FusedNetwork& network, const Graph& graph,
               const std::vector<Lifetime>& lives, MemoryPlan& plan)
      : chip_(chip), network_(network), graph_(graph), lives_(lives), plan_(plan) {}

  void place() {
    const int spill = chip_.memory_index(chip_.placement.spill);
    plan_.memory_address.assign(network_.storages.size(), -1);
    for (std::size_t m = 0; m < chip_.memories.size(); ++m) {
      const auto capacity = static_cast<std::int64_t>(chip_.memories[m].kib * 1024);
      while (true) {
        std::vector<PlacedItem> items;
        std::vector<std::size_t> which;
        for (std::size_t s = 0; s < network_.storages.size(); ++s)
          if (!plan_.resident[s] && plan_.memory[s] == static_cast<int>(m) &&
              lives_[s].last >= lives_[s].first) {
            items.push_back({network_.storages[s].bytes(), lives_[s]});
            which.push_back(s);
          }
        std::int64_t peak = 0;
        const std::vector<std::int64_t> at = place_items(items, chip_.dma.burst_bytes, &peak);
        for (std::size_t i = 0; i < which.size(); ++i) plan_.memory_address[which[i]] = at[i];
        if (capacity == 0 || peak <= capacity) break;
        const auto largest = *std::max_element(which.begin(), which.end(), [&](auto a, auto b) {
          return network_.storages[a].bytes() < network_.storages[b].bytes();
        });
        if (spill == static_cast<int>(m)) too_small(m, which, peak);
        plan_.memory[largest] = spill;
        if (static_cast<int>(m) > spill) m = static_cast<std::size_t>(spill);  // place it there
      }
    }
  }

 private:
  /// Names the layer at which most of `storages` live, and the largest of them then.
  [[noreturn]] void too_small(std::size_t memory, const std::vector<std::size_t>& storages,
                              std::int64_t peak) const {
    std::size_t worst = 0, largest = storages.front();
    std::int64_t most = -1;
    for (std::size_t g = 0; g < network_.groups.size(); ++g) {
      std::int64_t bytes = 0;
      std::size_t big = storages.front();
      std::int64_t biggest = -1;
      for (const std::size_t s : storages) {
        const int at = static_cast<int>(g);
        if (lives_[s].first > at || at > lives_[s].last) continue;
        bytes += network_.storages[s].bytes();
        if (network_.storages[s].bytes() > biggest) biggest = network_.storages[s].bytes(), big = s;
      }
      if (bytes > most) most = bytes, worst = g, largest = big;
    }
    const MemorySpec& spec = chip_.memories[memory];
    throw Error(
        "activations need {} bytes of memory '{}' of {} KiB, most of them at layer '{}', where the "
        "largest is '{}' {}; memories.{}.kib of at least {} or another placement.spill would do",
        peak, spec.name, spec.kib, network_.groups[worst].name,
        graph_.tensor(network_.storages[largest].root).name,
        to_string(graph_.tensor(network_.storages[largest].root).shape), spec.name,
        ceil_div(peak, 1024));
  }

  const ChipSpec& chip_;
  const FusedNetwork& network_;
  const Graph& graph_;
  const std::vector<Lifetime>& lives_;
  MemoryPlan& plan_;
};

}  // namespace

void place_in_memories(const ChipSpec& chip, const FusedNetwork& network, const Graph& graph,
                       const std::vector<Lifetime>& lives, MemoryPlan& plan) {
  MemoryPlaces(chip, network, graph, lives, plan).place();
}

}  // namespace presil
