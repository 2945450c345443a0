#pragma once
// What a transfer costs a memory's port, in closed form: what the tiler knows of hw/sc/memory.h.

#include <cmath>

#include "hw/chip_spec.h"
#include "sim/walk.h"

namespace presil {

/// A transfer as the port sees it. `run`: bytes that are contiguous in the memory.
struct PortLoad {
  double bytes = 0, run = 1;
  bool write = false;
  double beat_every = 0;  ///< cycles, at least, that the SRAM's side needs a beat

  double bursts(const ChipSpec& chip) const {
    return std::ceil(bytes / std::min(run, static_cast<double>(chip.dma.burst_bytes)));
  }
};

/// Cycles that a transfer keeps the port: its bytes at the port's rate, or what the window of
/// requests in flight lets through (bandwidth = window / latency), refreshes included.
double port_cycles(const ChipSpec& chip, const MemorySpec& memory, const PortLoad& load);

/// Of these, what the port's own rate takes: whatever window of requests one core's channel has,
/// several cores' together keep it busy.
double bus_cycles(const MemorySpec& memory, const PortLoad& load, double burst_bytes);

/// What the SRAM's side of a DMA channel needs for a beat of a feature map: the layout's pace.
double beat_cycles(const ChipSpec& chip, const FeatureMap& map, std::int64_t channels, bool write);

/// Cycles that the bus idles when so many bursts of a read and a write stream take turns.
double turnaround_cycles(const MemorySpec& memory, double bursts);

/// Bytes of a tile that are moved in one run: what is contiguous in the memory, whose layout is
/// [rows][blocks][columns], or a pixel (read_by_pixel).
std::int64_t contiguous_bytes(const ChipSpec& chip, const FeatureMap& map, std::int64_t rows,
                              std::int64_t columns, std::int64_t channels, bool write);

}  // namespace presil
