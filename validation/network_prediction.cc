#include "validation/network_prediction.h"

#include "sim/mapping_yaml.h"

namespace presil {

double analytical_cycles(const ChipSpec& chip, const CompiledNetwork& compiled) {
  double cycles = 0;
  for (std::size_t g = 0; g < compiled.network.groups.size(); ++g)
    cycles += predicted_cycles(chip, compiled, g);
  return cycles;
}

std::array<double, kAblationCount> predict_latency_us(const Graph& graph, const ChipSpec& chip,
                                                      const CompileOptions& options) {
  const RunResult result = run(graph, chip, {.compile = options, .simulate = {}});
  const auto simulated = [&](const SimulateOptions& ablation) {
    const Cycles total = simulate(chip, result.compiled.program, ablation).total;
    return static_cast<double>((total + result.link).value);
  };
  const std::array<double, kAblationCount> cycles{
      static_cast<double>(result.latency.value), simulated({.ideal_memory = true}),
      simulated({.no_contention = true}),
      analytical_cycles(chip, result.compiled) + static_cast<double>(result.link.value)};
  std::array<double, kAblationCount> us{};
  for (std::size_t i = 0; i < us.size(); ++i) us[i] = cycles[i] / chip.clock_mhz;
  return us;
}

}  // namespace presil
