// What explaining a run costs beside the run itself: `presil_bench --benchmark_filter=Profile`.
// The bound is on ProfileAll (profile, document, page's text) over NetworkRun.

#include <benchmark/benchmark.h>

#include <sstream>

#include "models/import.h"
#include "profiler/profile.h"
#include "profiler/report_json.h"
#include "profiler/trace.h"

namespace presil {
namespace {

/// A network that has run on ne-base.
struct Ran {
  explicit Ran(const char* name)
      : graph(load_network(name)),
        chip(load_chip(std::filesystem::path(PRESIL_SOURCE_DIR) / "chips" / "ne-base.yaml")),
        result(run(graph, chip, options)) {}
  Report report() const {
    return {.graph = graph,
            .chip = chip,
            .options = options,
            .run = result,
            .model = graph.name(),
            .overrides = {},
            .version = "0"};
  }
  Graph graph;
  ChipSpec chip;
  RunOptions options;
  RunResult result;
};

void ProfileOnly(benchmark::State& state, const char* name) {
  const Ran ran(name);
  for (auto _ : state) benchmark::DoNotOptimize(profile(ran.graph, ran.chip, ran.result));
}

void ProfileAll(benchmark::State& state, const char* name) {
  const Ran ran(name);
  for (auto _ : state) benchmark::DoNotOptimize(json_text(report_json(ran.report())));
}

void ProfileTrace(benchmark::State& state, const char* name) {
  const Ran ran(name);
  for (auto _ : state) {
    std::ostringstream out;
    write_trace(out, ran.report());
    benchmark::DoNotOptimize(out);
  }
}

#define PRESIL_PROFILED(function)                                                           \
  BENCHMARK_CAPTURE(function, mobilenet_v2, "mobilenet_v2")->Unit(benchmark::kMillisecond); \
  BENCHMARK_CAPTURE(function, resnet50, "resnet50")->Unit(benchmark::kMillisecond)

PRESIL_PROFILED(ProfileOnly);
PRESIL_PROFILED(ProfileAll);
PRESIL_PROFILED(ProfileTrace);

}  // namespace
}  // namespace presil
