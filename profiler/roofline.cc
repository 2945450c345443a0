#include "profiler/roofline.h"

#include <fmt/format.h>

#include "hw/precision.h"
#include "hw/sram_demand.h"

namespace presil {

namespace {

double giga_per_second(double per_cycle, const ChipSpec& chip) {
  return per_cycle * chip.clock_mhz / 1000;
}

/// Bytes of one group, by slope.
struct Moved {
  std::vector<std::int64_t> memories;
  double sram = 0;
};

std::vector<Moved> bytes_moved(const ChipSpec& chip, const RunResult& run) {
  std::vector<Moved> groups(run.compiled.network.groups.size());
  for (Moved& group : groups) group.memories.assign(chip.memories.size(), 0);
  for (const Command& command : run.compiled.program.commands) {
    if (static_cast<std::size_t>(command.group) >= groups.size()) continue;
    Moved& group = groups[static_cast<std::size_t>(command.group)];
    group.sram += sram_bytes(chip, command).total();
    const auto add = [&](const Transfer& t) {
      group.memories[static_cast<std::size_t>(t.memory)] += t.stored_bytes();
    };
    if (const Load* load = std::get_if<Load>(&command.work)) add(load->transfer);
    if (const Store* store = std::get_if<Store>(&command.work)) add(store->transfer);
  }
  return groups;
}

int mode_of(const FusionGroup& group) {
  int mode = 0;
  for (const Stage& stage : group.stages)
    if (stage.kind == StageKind::kMac || stage.kind == StageKind::kRecurrent) mode = stage.mode;
  return mode;
}

RooflinePoint point_of(const Roofline& roofline, const RunResult& run, std::size_t g,
                       const Moved& moved) {
  const GroupResult& group = run.groups[g];
  const auto macs = static_cast<double>(group.macs.value);
  RooflinePoint point{.sram_bytes = moved.sram};
  for (const std::int64_t bytes : moved.memories) point.memory_bytes += bytes;
  if (point.memory_bytes > 0)
    point.macs_per_memory_byte = macs / static_cast<double>(point.memory_bytes);
  if (moved.sram > 0) point.macs_per_sram_byte = macs / moved.sram;
  if (group.latency.value > 0) point.achieved_gmacs = macs / run.microseconds(group.latency) / 1000;
  point.roof_gmacs =
      roofline.roofs[static_cast<std::size_t>(mode_of(run.compiled.network.groups[g]))].peak_gmacs;
  for (std::size_t b = 0; b < roofline.bandwidths.size(); ++b) {
    const double bytes =
        b < moved.memories.size() ? static_cast<double>(moved.memories[b]) : moved.sram;
    if (bytes <= 0) continue;
    const double roof = macs / bytes * roofline.bandwidths[b].gbytes_per_s;
    if (roof >= point.roof_gmacs) continue;
    point.roof_gmacs = roof;
    point.roof = roofline.bandwidths[b].name;
  }
  return point;
}

}  // namespace

Roofline roofline(const ChipSpec& chip, const RunResult& run) {
  Roofline result;
  for (std::size_t m = 0; m < chip.mac_array.modes.size(); ++m) {
    const PrecisionMode& mode = chip.mac_array.modes[m];
    result.roofs.push_back(
        {fmt::format("{} x {}", name_of(mode.weights), name_of(mode.activations)),
         giga_per_second(peak_macs_per_cycle(chip, static_cast<int>(m)), chip)});
  }
  for (const MemorySpec& memory : chip.memories)
    result.bandwidths.push_back({memory.name, giga_per_second(memory.bytes_per_cycle, chip)});
  if (chip.sram.array_port == ArrayPort::kShared)
    result.bandwidths.push_back(
        {"sram", giga_per_second(static_cast<double>(chip.sram.banks * chip.cores) *
                                     chip.sram.bank_bytes_per_cycle,
                                 chip)});
  const std::vector<Moved> moved = bytes_moved(chip, run);
  for (std::size_t g = 0; g < moved.size(); ++g)
    result.points.push_back(point_of(result, run, g, moved[g]));
  return result;
}

}  // namespace presil
