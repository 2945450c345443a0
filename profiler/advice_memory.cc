#include "profiler/advice_memory.h"

#include <fmt/format.h>

#include <algorithm>

#include "profiler/group_traffic.h"
#include "profiler/quantity_text.h"

namespace presil {

namespace {

/// The largest activation that a group's stages read or write in a memory.
const Storage* largest_spilled(const AdviceInput& in, std::size_t g) {
  const CompiledNetwork& compiled = in.run.compiled;
  const Storage* largest = nullptr;
  const auto consider = [&](TensorId id) {
    if (id == kNoTensor) return;
    const int s = compiled.network.views[static_cast<std::size_t>(id)].storage;
    if (s < 0 || compiled.plan.resident[static_cast<std::size_t>(s)]) return;
    const Storage& storage = compiled.network.storages[static_cast<std::size_t>(s)];
    if (storage.is_input || storage.is_output) return;
    if (largest == nullptr || storage.bytes() > largest->bytes()) largest = &storage;
  };
  for (const Stage& stage : compiled.network.groups[g].stages) {
    consider(stage.input);
    consider(stage.output);
    for (const Operand& operand : stage.operands) consider(operand.tensor);
  }
  return largest;
}

std::string spill_advice(const AdviceInput& in, std::size_t g) {
  const Storage* storage = largest_spilled(in, g);
  if (storage == nullptr) return "More SRAM would keep the activations on chip.";
  if (in.chip.cores > 1)
    return fmt::format("'{}' ({}) goes through memory because the cores share activations there.",
                       in.graph.tensor(storage->root).name, bytes_text(storage->bytes()));
  const std::int64_t used = in.run.groups[g].sram_in_use.value;
  return fmt::format(
      "'{}' ({}) does not stay in SRAM, where the group uses {} of {}; more SRAM, a "
      "smaller map or fusion with its neighbour would save the way through memory.",
      in.graph.tensor(storage->root).name, bytes_text(storage->bytes()), bytes_text(used),
      bytes_text(in.chip.sram_bytes()));
}

}  // namespace

void advise_on_memory(const AdviceInput& in, std::size_t g, Advice& advice) {
  const GroupResult& group = in.run.groups[g];
  const GroupTraffic moved = traffic_of_groups(in.run)[g];
  const std::int64_t weights = moved.of(Traffic::kWeights), spilled = moved.of(Traffic::kSpill);
  const auto busiest = std::max_element(moved.memories.begin(), moved.memories.end());
  const MemorySpec& memory =
      in.chip.memories[static_cast<std::size_t>(busiest - moved.memories.begin())];
  const std::int64_t waits = group.critical[static_cast<std::size_t>(Bound::kMemory)];
  const auto at_full_rate =
      static_cast<std::int64_t>(static_cast<double>(moved.total()) / memory.bytes_per_cycle);
  std::vector<std::string> parts;
  const auto part = [&](std::int64_t bytes, std::string_view what) {
    if (bytes * 20 >= moved.total() && bytes > 0)
      parts.push_back(fmt::format("{} of {}", bytes_text(bytes), what));
  };
  part(weights, "weights");
  part(spilled, "activations that do not stay in SRAM");
  part(moved.of(Traffic::kInput), "the network's input");
  part(moved.of(Traffic::kOutput), "the network's output");
  advice.limit = fmt::format(
      "{} cross {} in {} cycles at its full {:.3g} GB/s; the path waits for bytes in {} of {} "
      "cycles.",
      parts.empty() ? "No bytes of its own" : fmt::format("{}", fmt::join(parts, " and ")),
      memory.name, with_thousands(at_full_rate), memory.bytes_per_cycle * in.chip.clock_mhz / 1000,
      with_thousands(waits), with_thousands(group.latency.value));
  const std::int64_t others = group.latency.value - waits;
  if (spilled > weights)
    advice.change = spill_advice(in, g);
  else if (weights > 0)
    advice.change = fmt::format(
        "Weights of half the width halve the transfer, and so does twice the bandwidth; a larger "
        "batch shares it. {}",
        others > waits ? fmt::format("The {} cycles of other work would hide it if the weights "
                                     "were loaded earlier: SRAM for them is what a prefetch needs.",
                                     with_thousands(others))
                       : "There is too little other work in its time to hide it.");
  else
    advice.change = "More bandwidth, or a prefetch further ahead, would hide it.";
  const auto spill =
      static_cast<std::int64_t>(static_cast<double>(spilled) / memory.bytes_per_cycle);
  advice.gain = Cycles(spilled > weights ? std::min(waits, spill) : waits / 2);
}

}  // namespace presil
