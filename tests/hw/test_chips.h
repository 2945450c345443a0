#pragma once
// Chips made in code for tests, small enough that cycles can be summed by hand.

#include "hw/chip_spec.h"

namespace presil::test {

/// 4 outputs x 8 channels a step, stripes of 16, one memory of 8 bytes a cycle and latency 10,
/// three DMA channels, no control cost.
inline ChipSpec small_chip() {
  ChipSpec chip;
  chip.name = "small";
  chip.clock_mhz = 1000;
  chip.mac_array.modes = {{.parallelism_factor = 4, .dot_length = 8}};
  chip.mac_array.accumulators_kib = 1;
  chip.mac_array.output_elements_per_cycle = 4;
  chip.vector_unit.lanes = 8;
  chip.sram = {.kib = 64, .banks = 4, .bank_bytes_per_cycle = 16};
  chip.memories = {{.name = "dram", .bytes_per_cycle = 8, .latency_cycles = 10, .duplex = true}};
  chip.dma = {.channels = 3, .burst_bytes = 64, .outstanding = 8};
  return chip;
}

}  // namespace presil::test
