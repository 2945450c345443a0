// The rules between keys of a chip file.

#include <algorithm>
#include <set>

#include "core/error.h"
#include "hw/chip_spec.h"

namespace presil {

namespace {

void validate_array(const MacArraySpec& array, const std::string& where) {
  if (array.stripe_length < array.stripe_min)
    throw Error("{}: mac_array.stripe.length: must be >= stripe.min ({}), is {}", where,
                array.stripe_min, array.stripe_length);
  if (array.stripe_last_max < array.stripe_length)
    throw Error("{}: mac_array.stripe.last_max: must be >= stripe.length ({}), is {}", where,
                array.stripe_length, array.stripe_last_max);
  std::set<std::pair<Precision, Precision>> seen;
  for (const PrecisionMode& mode : array.modes) {
    if (!seen.insert({mode.weights, mode.activations}).second)
      throw Error("{}: mac_array.modes: {} x {} stands twice; keep one", where,
                  name_of(mode.weights), name_of(mode.activations));
    const double needed = static_cast<double>(array.stripe_length * mode.parallelism_factor *
                                              array.accumulator_bits) /
                          8 / 1024;
    if (array.accumulators_kib < needed)
      throw Error(
          "{}: mac_array.accumulators.kib: must hold one pass of mode {} x {} (stripe.length x "
          "parallelism_factor x bits = {} KiB), is {}",
          where, name_of(mode.weights), name_of(mode.activations), needed, array.accumulators_kib);
  }
}

void validate_memories(const ChipSpec& chip, const std::string& where) {
  std::vector<std::string> names;
  for (const MemorySpec& memory : chip.memories) {
    if (std::find(names.begin(), names.end(), memory.name) != names.end())
      throw Error("{}: memories: '{}' stands twice; names must differ", where, memory.name);
    names.push_back(memory.name);
    if (memory.kind == MemoryKind::kBanked && memory.row_bytes % chip.dma.burst_bytes != 0)
      throw Error("{}: memories.{}.row_bytes: must be a multiple of dma.burst_bytes ({}), is {}",
                  where, memory.name, chip.dma.burst_bytes, memory.row_bytes);
  }
  const PlacementSpec& p = chip.placement;
  const std::pair<const char*, const std::string*> places[] = {{"weights", &p.weights},
                                                               {"activations", &p.activations},
                                                               {"inputs", &p.inputs},
                                                               {"outputs", &p.outputs},
                                                               {"spill", &p.spill}};
  for (const auto& [key, name] : places)
    if (std::find(names.begin(), names.end(), *name) == names.end())
      throw Error("{}: placement.{}: must name one of memories ({}), is '{}'", where, key,
                  fmt::join(names, ", "), *name);
}

}  // namespace

void validate(const ChipSpec& chip, const std::string& where) {
  validate_array(chip.mac_array, where);
  validate_memories(chip, where);
  if (chip.dma.burst_bytes > chip.sram_bytes())
    throw Error("{}: dma.burst_bytes: must fit sram.kib ({} bytes), is {}", where,
                chip.sram_bytes(), chip.dma.burst_bytes);
  if (chip.sram_bytes() % chip.sram.banks != 0)
    throw Error("{}: sram.banks: must divide sram.kib ({} bytes) evenly, is {}", where,
                chip.sram_bytes(), chip.sram.banks);
}

}  // namespace presil
