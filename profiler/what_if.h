#pragma once
// The same network on the same chip with one thing changed: simulated again, not guessed.

#include <optional>
#include <string>
#include <vector>

#include "sim/run.h"

namespace presil {

/// One changed chip; without a result where the chip would not be valid or the network cannot run.
struct WhatIf {
  std::string change;             ///< "twice the SRAM"
  std::string keys;               ///< the chip's keys that change, and how
  std::string reason;             ///< why there is no result
  std::optional<Cycles> latency;  ///< of the first inference
  Picojoules energy;
  Bytes memory_bytes;  ///< read and written
  Bound bound = Bound::kCompute;
};

/// Compiles and simulates the network with twice the SRAM, half the SRAM, twice the bandwidth of
/// every memory, an array twice as wide (outputs), one of twice the dot length, and twice the lanes
/// of the vector unit. The energy of a byte or a multiply-accumulate stays what it was: a larger
/// SRAM or array is charged only for what it does (assumption).
std::vector<WhatIf> what_if(const Graph& graph, const ChipSpec& chip, const RunOptions& options);

}  // namespace presil
