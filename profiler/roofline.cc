#include "profiler/roofline.h"

#include <fmt/format.h>

#include "hw/precision.h"
#include "hw/sram_demand.h"
#include "profiler/group_traffic.h"

namespace presil {

namespace {

double giga_per_second(double per_cycle, const ChipSpec& chip) {
  return per_cycle * chip.clock_mhz / 1000;
}

/// Bytes in and out of the SRAM banks by each group's commands.
std::vector<double> sram_bytes_of(const ChipSpec& chip, const RunResult& run) {
  std::vector<double> groups(run.compiled.network.groups.size(), 0);
  for (const Command& command : run.compiled.program.commands)
    if (static_cast<std::size_t>(command.group) < groups.size())
      groups[static_cast<std::size_t>(command.group)] += sram_bytes(chip, command).total();
  return groups;
}

int mode_of(const FusionGroup& group) {
  int mode = 0;
  for (const Stage& stage : group.stages)
    if (stage.kind == StageKind::kMac || stage.kind == StageKind::kRecurrent) mode = stage.mode;
  return mode;
}

RooflinePoint point_of(const Roofline& roofline, const RunResult& run, std::size_t g,
                       const std::vector<std::int64_t>& memories, double sram) {
  const GroupResult& group = run.groups[g];
  const auto macs = static_cast<double>(group.macs.value);
  RooflinePoint point{.sram_bytes = sram};
  for (const std::int64_t bytes : memories) point.memory_bytes += bytes;
  if (point.memory_bytes > 0)
    point.macs_per_memory_byte = macs / static_cast<double>(point.memory_bytes);
  if (sram > 0) point.macs_per_sram_byte = macs / sram;
  if (group.latency.value > 0) point.achieved_gmacs = macs / run.microseconds(group.latency) / 1000;
  point.roof_gmacs =
      roofline.roofs[static_cast<std::size_t>(mode_of(run.compiled.network.groups[g]))].peak_gmacs;
  for (std::size_t b = 0; b < roofline.bandwidths.size(); ++b) {
    const double bytes = b < memories.size() ? static_cast<double>(memories[b]) : sram;
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
  const std::vector<GroupTraffic> traffic = traffic_of_groups(run);
  const std::vector<double> sram = sram_bytes_of(chip, run);
  for (std::size_t g = 0; g < sram.size(); ++g)
    result.points.push_back(point_of(result, run, g, traffic[g].memories, sram[g]));
  return result;
}

}  // namespace presil
