#pragma once
// The compiler: a Graph and a ChipSpec become a Program, each artefact checked on the way.

#include <map>
#include <memory>
#include <string>

#include "hw/program.h"
#include "sim/chain.h"
#include "sim/functions.h"
#include "sim/memory_plan.h"
#include "sim/precision.h"

namespace presil {

struct CompileOptions {
  PrecisionOptions precision;
  bool allow_host_ops = false;
  std::int64_t batch = 1;                 ///< images at once; multiplies every activation
  std::int64_t inferences = 1;            ///< back to back
  bool steady = false;                    ///< weights that fit are on chip already
  std::map<std::string, Mapping> pinned;  ///< by group name; kWhole for whole extents
  bool functional = false;                ///< the Program is to be executed, not only timed
  Pins pins;                              ///< chains, residency, ... (sim/mapping_yaml.h)
};

struct CompiledNetwork {
  PrecisionPlan precision;
  FusedNetwork network;
  MemoryPlan plan;
  Program program;
  std::vector<bool> last;  ///< channels_last()
  int weight_memory = 0;   ///< index in ChipSpec::memories
  std::int64_t batch = 1;  ///< images at once
  /// With CompileOptions::functional: the bytes that its Program expects. Refers to the graph.
  std::shared_ptr<FunctionalPlan> functional;
};

/// Throws Error naming the command line's option if a number is out of range; compile() calls it.
void check_options(const CompileOptions& options);

/// fuse -> chain -> cascade -> place -> tile -> lower, with every checker. Deterministic. Throws
/// Error for an operator that cannot run, a precision that the chip lacks, or a network that cannot
/// fit.
CompiledNetwork compile(const Graph& graph, const ChipSpec& chip, const CompileOptions& options);

}  // namespace presil
