#pragma once
// What an expert would compute of a group with a pencil: array steps after rounding, bytes by
// tensor, the time that each engine needs alone. Closed forms over whole stages (hw/timing.h,
// sim/port.h); no tile is chosen.

#include <algorithm>

#include "estimator/planned_network.h"

namespace presil {

/// Cycles unless said otherwise; bytes are those of one core's whole stage as they lie in SRAM.
/// Of a group with several stages: sums, and for what is inside of a chain nothing.
struct GroupTerms {
  double array = 0;         ///< MAC array, output stage included where that is slower, one core
  double array_ideal = 0;   ///< useful MACs at the peak rate of all cores
  double output_stage = 0;  ///< results leaving the array
  double vector = 0;        ///< vector unit
  double host = 0;
  double input_port = 0, weight_port = 0, operand_port = 0, output_port = 0;  ///< at the memories
  double reads = 0, writes = 0;  ///< of these, the memory with the most
  double port = 0;               ///< reads and writes of the memory with the most together
  double turnaround = 0;         ///< if every burst of the lesser direction took turns
  double maps_crossing = 0;      ///< bytes of the maps that cross a port
  double bursts = 0;             ///< a count
  double input_bytes = 0, weight_bytes = 0, operand_bytes = 0, output_bytes = 0;
  int map_memory = 0;        ///< index in ChipSpec::memories: where its maps cross a port
  double memory_energy = 0;  ///< picojoules of what crosses the ports
  double memory_bytes = 0;   ///< over all ports, each map and weight once
  double read_latency = 0;   ///< command issued to first byte, where anything is read
  double write_latency = 0;  ///< last result to the response, where anything is written
  /// Last product to last result, where the array makes the results; in a chain also the way from
  /// stage to stage.
  double drain = 0;
  double first_row_port = 0;  ///< port time of what the first output row needs of the input
  double weight_chunk = 0;    ///< port time of the weights of one block of outputs
  double last_row_port = 0;   ///< port time of the last output row
  double smallest = 0;        ///< bytes: sim/tile_candidates.h smallest_footprint()
  double banks = 0;           ///< bytes in and out of the scratchpad at the rate of all its banks
  double sram_traffic = 0;    ///< bytes in and out of the scratchpad
  double vector_work = 0;     ///< elements x cost, fused epilogues too
  double commands = 0;        ///< roughly, a count
  double least_tiles = 1;     ///< a count: images are never one tile together
  std::int64_t cores_used = 1;

  /// Of the engines; no faster than the banks feed them.
  double compute() const { return std::max(array + vector, banks) + host; }
};

/// Pure. The split over cores is the one with the least of compute and port time; with it, weights
/// (rows are shared out) or inputs (output channels are) cross the port once for each core.
GroupTerms terms_of(const Surroundings& around, const FusionGroup& group, int weight_memory);

}  // namespace presil
