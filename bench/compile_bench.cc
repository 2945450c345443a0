// What each part of a run costs, on two networks: `presil_bench --benchmark_filter=Network`.

#include <benchmark/benchmark.h>

#include "models/import.h"
#include "sim/lower.h"
#include "sim/run.h"

namespace presil {
namespace {

ChipSpec ne_base() {
  return load_chip(std::filesystem::path(PRESIL_SOURCE_DIR) / "chips" / "ne-base.yaml");
}

void NetworkBuild(benchmark::State& state, const char* name) {
  for (auto _ : state) benchmark::DoNotOptimize(load_network(name));
}

void NetworkCompile(benchmark::State& state, const char* name) {
  const ChipSpec chip = ne_base();
  const Graph graph = load_network(name);
  for (auto _ : state) benchmark::DoNotOptimize(compile(graph, chip, {}));
}

void NetworkLower(benchmark::State& state, const char* name) {
  const ChipSpec chip = ne_base();
  const Graph graph = load_network(name);
  const CompiledNetwork c = compile(graph, chip, {});
  for (auto _ : state)
    benchmark::DoNotOptimize(lower(chip, graph, c.network, c.plan, c.precision, {}));
}

void NetworkSimulate(benchmark::State& state, const char* name) {
  const ChipSpec chip = ne_base();
  const Graph graph = load_network(name);
  const CompiledNetwork c = compile(graph, chip, {});
  for (auto _ : state) benchmark::DoNotOptimize(simulate(chip, c.program));
}

void NetworkCheckProgram(benchmark::State& state, const char* name) {
  const ChipSpec chip = ne_base();
  const Graph graph = load_network(name);
  const CompiledNetwork c = compile(graph, chip, {});
  for (auto _ : state) check_program(c.program, chip);
}

void NetworkRun(benchmark::State& state, const char* name) {
  const ChipSpec chip = ne_base();
  const Graph graph = load_network(name);
  for (auto _ : state) benchmark::DoNotOptimize(run(graph, chip));
}

#define PRESIL_NETWORKS(function)                                                           \
  BENCHMARK_CAPTURE(function, mobilenet_v2, "mobilenet_v2")->Unit(benchmark::kMillisecond); \
  BENCHMARK_CAPTURE(function, resnet50, "resnet50")->Unit(benchmark::kMillisecond)

PRESIL_NETWORKS(NetworkBuild);
PRESIL_NETWORKS(NetworkCompile);
PRESIL_NETWORKS(NetworkLower);
PRESIL_NETWORKS(NetworkSimulate);
PRESIL_NETWORKS(NetworkCheckProgram);
PRESIL_NETWORKS(NetworkRun);

}  // namespace
}  // namespace presil
