#include "sim/port.h"

#include <algorithm>

namespace presil {

namespace {

/// At `rate` bytes a cycle, or what beats, the pace of requests and refreshes leave of it.
double cycles_at(double rate, const MemorySpec& memory, const PortLoad& load, double burst) {
  const double beat = static_cast<double>(memory.beat_bytes);
  if (beat > 0) rate *= burst / (std::ceil(burst / beat) * beat);
  const double request = beat > 0 ? std::min(burst, beat) : burst;
  const double every = std::max(memory.request_every_cycles, load.beat_every);
  if (every > 0) rate = std::min(rate, request / every);
  if (memory.refresh_interval_cycles > 0)
    rate *= 1 - memory.refresh_cycles / memory.refresh_interval_cycles;
  return load.bytes / rate;
}

}  // namespace

double port_cycles(const ChipSpec& chip, const MemorySpec& memory, const PortLoad& load) {
  const double burst = std::min(load.run, static_cast<double>(chip.dma.burst_bytes));
  const double latency = load.write ? memory.write_latency_cycles : memory.latency_cycles;
  const double rate = memory.bytes_per_cycle;
  const double window =
      static_cast<double>(chip.dma.outstanding) * burst / (latency + burst / rate);
  return cycles_at(std::min(rate, window), memory, load, burst);
}

double bus_cycles(const MemorySpec& memory, const PortLoad& load, double burst_bytes) {
  return cycles_at(memory.bytes_per_cycle, memory, load, std::min(load.run, burst_bytes));
}

double beat_cycles(const ChipSpec& chip, const FeatureMap& map, std::int64_t channels, bool write) {
  if (write) return chip.dma.store_beat_cycles;
  return ceil_div(channels, map.atom) == 1 ? chip.dma.feature_beat_cycles
                                           : chip.dma.paired_beat_cycles;
}

double turnaround_cycles(const MemorySpec& memory, double bursts) {
  return memory.duplex ? 0 : 2 * memory.turnaround_cycles * bursts;
}

std::int64_t contiguous_bytes(const ChipSpec& chip, const FeatureMap& map, std::int64_t rows,
                              std::int64_t columns, std::int64_t channels, bool write) {
  if (!write && read_by_pixel(chip, map)) return map.pixel_bytes();
  if (columns < map.columns) return columns * map.pixel_bytes();
  const std::int64_t blocks = ceil_div(channels, map.atom);
  if (blocks < map.blocks()) return blocks * map.block_bytes();
  return rows * map.row_bytes();
}

}  // namespace presil
