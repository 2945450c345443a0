#include "profiler/profile.h"

namespace presil {

Profile profile(const Graph& graph, const ChipSpec& chip, const RunResult& run) {
  Profile result{.attribution = attribute(chip, run),
                 .memory = memory_profile(graph, chip, run),
                 .roofline = roofline(chip, run)};
  result.advice = advise({.graph = graph,
                          .chip = chip,
                          .run = run,
                          .attribution = result.attribution,
                          .memory = result.memory});
  return result;
}

}  // namespace presil
