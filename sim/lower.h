#pragma once
// From mappings and addresses to the Program: every tile of the walk becomes commands.

#include "hw/program.h"
#include "sim/functions.h"
#include "sim/memory_plan.h"

namespace presil {

struct LowerOptions {
  std::int64_t inferences = 1;  ///< the whole network so many times, back to back
  /// The Program is to be executed: functions, computations and the tiles of weights are noted.
  FunctionalPlan* functional = nullptr;
};

/// Group g of inference i is Program group i * groups + g. Dependencies follow from the bytes that
/// commands touch (hw/hazards.h), so loads run ahead as far as the addresses let them.
Program lower(const ChipSpec& chip, const Graph& graph, const FusedNetwork& network,
              const MemoryPlan& plan, const PrecisionPlan& precision, const LowerOptions& options);

}  // namespace presil
