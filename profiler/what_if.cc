#include "profiler/what_if.h"

#include <functional>

#include "core/error.h"
#include "hw/chip_validate.h"

namespace presil {

namespace {

struct Change {
  std::string text, keys;
  std::function<void(ChipSpec&)> apply;
};

const std::vector<Change>& changes() {
  static const std::vector<Change> all{
      {"twice the SRAM", "sram.kib x 2", [](ChipSpec& c) { c.sram.kib *= 2; }},
      {"half the SRAM", "sram.kib / 2", [](ChipSpec& c) { c.sram.kib /= 2; }},
      {"twice the bandwidth", "memories.*.gb_per_s x 2",
       [](ChipSpec& c) {
         for (MemorySpec& memory : c.memories) {
           memory.bytes_per_cycle *= 2;
           memory.beat_bytes *= 2;
         }
       }},
      {"twice as many outputs",
       "mac_array: parallelism_factor, depthwise.channels, accumulators, output stage x 2",
       [](ChipSpec& c) {
         for (PrecisionMode& mode : c.mac_array.modes) mode.parallelism_factor *= 2;
         c.mac_array.depthwise_channels *= 2;
         c.mac_array.accumulators_kib *= 2;
         c.mac_array.output_elements_per_cycle *= 2;
       }},
      {"twice the dot length", "mac_array.modes.*.dot_length x 2",
       [](ChipSpec& c) {
         for (PrecisionMode& mode : c.mac_array.modes) mode.dot_length *= 2;
       }},
      {"twice the vector lanes", "vector_unit.lanes x 2",
       [](ChipSpec& c) { c.vector_unit.lanes *= 2; }},
  };
  return all;
}

WhatIf try_change(const Graph& graph, ChipSpec chip, const RunOptions& options,
                  const Change& change) {
  WhatIf result{.change = change.text, .keys = change.keys};
  change.apply(chip);
  if (const std::optional<ChipProblem> problem = first_chip_problem(chip)) {
    result.reason = problem->key + ": " + problem->text;
    return result;
  }
  try {
    const RunResult run = presil::run(graph, chip, options);
    result.latency = run.latency;
    result.energy = run.energy.total.total();
    result.memory_bytes = run.memory_read + run.memory_written;
    result.bound = run.bound;
  } catch (const Error& error) {
    result.reason = error.what();
  }
  return result;
}

}  // namespace

std::vector<WhatIf> what_if(const Graph& graph, const ChipSpec& chip, const RunOptions& options) {
  RunOptions timed = options;
  timed.inputs = nullptr;
  timed.on_result = nullptr;
  std::vector<WhatIf> results;
  for (const Change& change : changes()) results.push_back(try_change(graph, chip, timed, change));
  return results;
}

}  // namespace presil
