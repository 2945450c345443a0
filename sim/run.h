#pragma once
// One run: a network on a chip, and everything that came out of it. The only way to a number:
// `simulate`, `collect` and the search all call run().

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "hw/critical_path.h"
#include "hw/energy.h"
#include "hw/simulate.h"
#include "models/tensor_values.h"
#include "sim/compile.h"

namespace presil {

struct RunOptions {
  CompileOptions compile;
  SimulateOptions simulate;  ///< ablations
  /// The network's inputs: the machine executes the Program on them while it is timed. Null: it is
  /// only timed, with the same cycles.
  const std::vector<Tensor>* inputs = nullptr;
  /// Called with each result of each group, when the group is done and if it lies anywhere.
  std::function<void(const FusionGroup&, TensorId, const Tensor&)> on_result;
};

/// What the critical path goes through (hw/critical_path.h): the array or vector unit at work, a
/// memory's port, the array's weights, its fill and drain, its output stage, SRAM banks, the
/// sequencer, the host. A group is bound by what takes most of the path in its window.
enum class Bound : std::uint8_t {
  kCompute,
  kVector,
  kMemory,
  kWeightLoad,
  kFillDrain,
  kOutput,
  kBanks,
  kControl,
  kHost,
};
inline constexpr std::size_t kBoundCount = static_cast<std::size_t>(Bound::kHost) + 1;
/// "compute", "vector", "memory", ...: the spelling in every table and file.
std::string_view name_of(Bound bound);
/// What a step of the path is.
Bound bound_of(const PathStep& step);

/// One fusion group of the first inference. A group owns the time between the completion of the
/// groups before it and its own, so the groups' latencies add up to the first inference's.
struct GroupResult {
  std::string name;
  std::string kind;              ///< operator kinds, joined by '+'
  std::vector<std::string> ops;  ///< names of its operators
  std::string shape;             ///< "[N,C,H,W] -> [N,C,H,W]": first input, last output
  Cycles latency;
  Macs macs, macs_executed;
  Bytes memory_read, memory_written;  ///< as stored, over the ports
  Bytes sram_in_use;                  ///< its buffers and all residents at that time, one core
  /// Useful MACs over what the array could do while it worked on this group, [0, 1]; 0 without
  /// MACs.
  double utilisation = 0;
  /// Cycles of the critical path in its window, by Bound: they add up to `latency`.
  std::array<std::int64_t, kBoundCount> critical{};
  Bound bound = Bound::kCompute;  ///< the largest of these
  bool on_host = false;
  std::int64_t commands = 0;
  EnergyParts energy;
};

struct RunResult {
  std::string model, chip, graph_hash, chip_hash;
  CompiledNetwork compiled;
  Timeline timeline;
  std::vector<Tensor> outputs;  ///< in the order of Graph::outputs(), if it was executed
  std::vector<GroupResult> groups;
  double clock_mhz = 0;
  std::int64_t inferences = 1, batch = 1;
  bool steady = false;
  Cycles latency;  ///< of the first inference; what the host link adds included
  Cycles total;    ///< of all inferences
  Cycles link;     ///< of these, input and output over the host link and the call, an inference
  Macs macs, macs_executed;           ///< of one inference
  Bytes parameters, peak_activation;  ///< of the network itself (models/graph.h)
  Bytes peak_sram;                    ///< of one core
  Bytes memory_read, memory_written;  ///< of all inferences
  double utilisation = 0;             ///< useful MACs / (latency x peak)
  double effective_tops = 0;          ///< 2 x useful MACs / latency
  std::vector<PathStep> path;         ///< critical, of the whole run without the link
  Bound bound = Bound::kCompute;      ///< what most of the first inference's path goes through
  Energy energy;                      ///< of all inferences
  Cycles lower_bound, upper_bound;    ///< hw/program_bounds.h, of all inferences
  Cycles roofline;                    ///< sim/bounds.h, of one inference
  double host_share = 0;              ///< of the latency, in host operators

  double microseconds(Cycles cycles) const { return static_cast<double>(cycles.value) / clock_mhz; }
  double inferences_per_second() const {
    return static_cast<double>(inferences * batch) / microseconds(total) * 1e6;
  }
};

/// Multiply-accumulates a cycle of all cores in a precision mode.
double peak_macs_per_cycle(const ChipSpec& chip, int mode);

/// Input and output over the host's link, and the call, once an inference.
Cycles link_cycles(const ChipSpec& chip, const FusedNetwork& network);

/// Compiles, simulates, and checks what must hold: bounds, sums of stalls and of latencies, MACs.
/// Deterministic; not thread-safe (hw/simulate.h).
RunResult run(const Graph& graph, const ChipSpec& chip, const RunOptions& options = {});

}  // namespace presil
