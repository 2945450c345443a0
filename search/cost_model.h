#pragma once
// The plug-in point for what a network costs on a chip: simulated, learned, or anything else.

#include <cstdint>

#include "models/graph.h"
#include "sim/precision.h"

namespace presil {

/// Of one inference. Bytes are as the chip stores them in the precision that is run.
struct Cost {
  double latency_us = 0;
  double energy_pj = 0;
  std::int64_t parameter_bytes = 0;
  std::int64_t peak_activation_bytes = 0;  ///< chip-independent: search/stored_bytes.h
  std::int64_t peak_sram_bytes = 0;        ///< of one core
  std::int64_t memory_bytes = 0;           ///< read and written over the memories' ports

  bool operator==(const Cost&) const = default;
};

/// Implementations are `final` and deterministic.
class CostModel {
 public:
  virtual ~CostModel() = default;
  /// `precision` adds to the model's own options: what the network asks for by layer. Throws Error
  /// saying why the network cannot run on the chip. Not thread-safe.
  virtual Cost cost(const Graph& graph, const PrecisionOptions& precision) const = 0;
};

}  // namespace presil
