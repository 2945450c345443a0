#pragma once
// One run: a network on a chip, and everything that came out of it. The only way to a number:
// `simulate`, `collect` and the search all call run().

#include <string>
#include <vector>

#include "hw/simulate.h"
#include "sim/compile.h"

namespace presil {

struct RunOptions {
  CompileOptions compile;
  SimulateOptions simulate;  ///< ablations
};

/// One fusion group of the first inference. A group owns the time between the completion of the
/// groups before it and its own, so the groups' latencies add up to the total.
struct GroupResult {
  std::string name;
  std::vector<std::string> ops;
  std::string shape;  ///< "[N,C,H,W] -> [N,C,H,W]" of the first input and last output
  std::string kind;   ///< operator kinds, joined by '+'
  Cycles latency;
  Macs macs, macs_executed;
  Bytes memory_read, memory_written;
  double utilisation = 0;  ///< useful MACs / (latency x peak), [0, 1]
  std::string bound_by;
  bool on_host = false;
  Bytes sram_in_use;
};

struct RunResult {
  std::string model, chip, graph_hash, chip_hash;
  CompiledNetwork compiled;
  Timeline timeline;
  std::vector<GroupResult> groups;
  Cycles latency;  ///< first inference, host link and completion included
  Cycles total;    ///< all inferences
  Macs macs, macs_executed;  ///< of one inference
  Bytes parameters, peak_sram, memory_read, memory_written;  ///< memory: of all inferences
  double utilisation = 0;
  double clock_mhz = 0;
  std::int64_t inferences = 1, batch = 1;
  Cycles lower_bound, upper_bound;

  double microseconds(Cycles cycles) const {
    return static_cast<double>(cycles.value) / clock_mhz;
  }
};

/// Compiles and simulates. Deterministic; not thread-safe (hw/simulate.h).
RunResult run(const Graph& graph, const ChipSpec& chip, const RunOptions& options = {});

}  // namespace presil
