#include "hw/chip_validate.h"

#include <algorithm>
#include <set>

#include "core/error.h"

namespace presil {

namespace {

using Problem = std::optional<ChipProblem>;

std::string mode_name(const PrecisionMode& mode) {
  return fmt::format("{} x {}", name_of(mode.weights), name_of(mode.activations));
}

Problem stripe_problem(const MacArraySpec& array) {
  if (array.stripe_length < array.stripe_min)
    return ChipProblem{
        "mac_array.stripe.length",
        fmt::format("must be >= stripe.min ({}), is {}", array.stripe_min, array.stripe_length)};
  if (array.stripe_last_max < array.stripe_length)
    return ChipProblem{"mac_array.stripe.last_max",
                       fmt::format("must be >= stripe.length ({}), is {}", array.stripe_length,
                                   array.stripe_last_max)};
  return std::nullopt;
}

Problem mode_problem(const MacArraySpec& array) {
  if (array.part_kernel_channels > 0 && array.dot_packing != DotPacking::kNone)
    return ChipProblem{"mac_array.part_kernel_channels",
                       "must be 0 with dot_packing: taps, which leaves nothing to choose"};
  std::set<std::pair<Precision, Precision>> seen;
  for (const PrecisionMode& mode : array.modes) {
    if (!seen.insert({mode.weights, mode.activations}).second)
      return ChipProblem{"mac_array.modes",
                         fmt::format("{} stands twice; keep one", mode_name(mode))};
    if (array.part_kernel_channels > 0 && mode.dot_length % array.part_kernel_channels != 0)
      return ChipProblem{"mac_array.part_kernel_channels",
                         fmt::format("must divide dot_length of mode {} ({}), is {}",
                                     mode_name(mode), mode.dot_length, array.part_kernel_channels)};
    const double needed = static_cast<double>(array.stripe_length) *
                          static_cast<double>(mode.parallelism_factor) * array.accumulator_bits /
                          8 / 1024;
    if (array.accumulators_kib < needed)
      return ChipProblem{
          "mac_array.accumulators.kib",
          fmt::format("must hold one pass of mode {} (stripe.length x parallelism_factor x bits = "
                      "{} KiB), is {}",
                      mode_name(mode), needed, array.accumulators_kib)};
  }
  return std::nullopt;
}

Problem sram_problem(const ChipSpec& chip) {
  const std::int64_t bytes = chip.sram_bytes();
  if (chip.dma.burst_bytes > bytes)
    return ChipProblem{"dma.burst_bytes", fmt::format("must fit sram.kib ({} bytes), is {}", bytes,
                                                      chip.dma.burst_bytes)};
  if (bytes % chip.sram.banks != 0)
    return ChipProblem{"sram.banks", fmt::format("must divide sram.kib ({} bytes) evenly, is {}",
                                                 bytes, chip.sram.banks)};
  if (chip.sram.interleave_bytes > 0 && bytes / chip.sram.banks % chip.sram.interleave_bytes != 0)
    return ChipProblem{"sram.interleave_bytes",
                       fmt::format("must divide a bank ({} bytes) evenly, is {}",
                                   bytes / chip.sram.banks, chip.sram.interleave_bytes)};
  const std::int64_t atom = chip.activation_atom_bytes, burst = chip.dma.burst_bytes;
  if (atom % burst != 0 && burst % atom != 0)
    return ChipProblem{
        "activation_atom_bytes",
        fmt::format("must be a multiple or a divisor of dma.burst_bytes ({}), is {}", burst, atom)};
  return std::nullopt;
}

Problem memory_problem(const ChipSpec& chip, std::size_t index) {
  const MemorySpec& memory = chip.memories[index];
  const std::string key = fmt::format("memories.{}.", index);
  if (memory.name.empty() || memory.name.find('.') != std::string::npos)
    return ChipProblem{key + "name",
                       fmt::format("must be a word without dots, is '{}'", memory.name)};
  for (std::size_t i = 0; i < index; ++i)
    if (chip.memories[i].name == memory.name)
      return ChipProblem{key + "name",
                         fmt::format("'{}' stands twice; names must differ", memory.name)};
  if (memory.beat_bytes > 0 && chip.dma.burst_bytes % memory.beat_bytes != 0)
    return ChipProblem{key + "beat_bytes",
                       fmt::format("must be a divisor of dma.burst_bytes ({}), is {}",
                                   chip.dma.burst_bytes, memory.beat_bytes)};
  if (memory.kind != MemoryKind::kBanked) return std::nullopt;
  if (memory.row_bytes % chip.dma.burst_bytes != 0)
    return ChipProblem{key + "row_bytes",
                       fmt::format("must be a multiple of dma.burst_bytes ({}), is {}",
                                   chip.dma.burst_bytes, memory.row_bytes)};
  if (memory.refresh_cycles > 0 && memory.refresh_interval_cycles <= memory.refresh_cycles)
    return ChipProblem{key + "refresh_interval",
                       fmt::format("must be longer than the refresh itself ({} cycles), is {} "
                                   "cycles",
                                   memory.refresh_cycles, memory.refresh_interval_cycles)};
  return std::nullopt;
}

std::vector<std::string> memory_names(const ChipSpec& chip) {
  std::vector<std::string> names;
  for (const MemorySpec& memory : chip.memories) names.push_back(memory.name);
  return names;
}

Problem placement_problem(const ChipSpec& chip) {
  const std::vector<std::string> names = memory_names(chip);
  const PlacementSpec& p = chip.placement;
  const std::pair<const char*, const std::string*> places[] = {{"weights", &p.weights},
                                                               {"activations", &p.activations},
                                                               {"inputs", &p.inputs},
                                                               {"outputs", &p.outputs},
                                                               {"spill", &p.spill}};
  for (const auto& [key, name] : places)
    if (std::find(names.begin(), names.end(), *name) == names.end())
      return ChipProblem{
          fmt::format("placement.{}", key),
          fmt::format("must name one of memories ({}), is '{}'", fmt::join(names, ", "), *name)};
  return std::nullopt;
}

Problem vector_problem(const ChipSpec& chip) {
  for (const std::string& key : chip_vector_cost_keys())
    if (!chip.vector_unit.cycles_per_element.contains(key))
      return ChipProblem{"vector_unit.cycles_per_element." + key,
                         "is missing; every cost is given, none is 0"};
  return std::nullopt;
}

Problem energy_problem(const ChipSpec& chip) {
  for (const PrecisionMode& mode : chip.mac_array.modes) {
    const Precision wider =
        bits_of(mode.weights) > bits_of(mode.activations) ? mode.weights : mode.activations;
    if (!chip.energy.mac.contains(name_of(wider)))
      return ChipProblem{fmt::format("energy_pj.mac.{}", name_of(wider)),
                         fmt::format("is missing; mode {} needs it", mode_name(mode))};
  }
  const std::vector<std::string> names = memory_names(chip);
  for (const std::string& name : names)
    if (!chip.energy.memory_byte.contains(name))
      return ChipProblem{"energy_pj.memory_byte." + name, "is missing; every memory needs one"};
  for (const auto& [name, energy] : chip.energy.memory_byte)
    if (std::find(names.begin(), names.end(), name) == names.end())
      return ChipProblem{"energy_pj.memory_byte." + name,
                         fmt::format("names no memory; known: {}", fmt::join(names, ", "))};
  return std::nullopt;
}

}  // namespace

Problem first_chip_problem(const ChipSpec& chip) {
  if (chip.name.empty()) return ChipProblem{"name", "must not be empty"};
  for (const auto& rule : {stripe_problem, mode_problem})
    if (Problem problem = rule(chip.mac_array)) return problem;
  for (const auto& rule : {vector_problem, sram_problem})
    if (Problem problem = rule(chip)) return problem;
  for (std::size_t i = 0; i < chip.memories.size(); ++i)
    if (Problem problem = memory_problem(chip, i)) return problem;
  for (const auto& rule : {placement_problem, energy_problem})
    if (Problem problem = rule(chip)) return problem;
  return std::nullopt;
}

void validate(const ChipSpec& chip, const std::string& where) {
  if (const Problem problem = first_chip_problem(chip))
    throw Error("{}: {}: {}", where, problem->key, problem->text);
}

}  // namespace presil
