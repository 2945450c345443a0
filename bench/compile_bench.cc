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

/// Inverted bottlenecks, each of other channels, so that no layer's tiles are known from another.
Graph blocks(std::int64_t count) {
  GraphBuilder builder("blocks");
  TensorId x = builder.add_input("image", DataType::kInt8, {1, 32, 28, 28});
  const auto conv = [&](TensorId input, std::int64_t outputs, std::int64_t kernel,
                        std::int64_t groups, const std::string& name) {
    const std::int64_t inputs = builder.tensor(input).shape[1];
    const TensorId w = builder.add_constant({.name = name + ".w",
                                             .type = DataType::kInt8,
                                             .shape = {outputs, inputs / groups, kernel, kernel}});
    ConvAttrs attrs{.window = {.kernel_h = kernel, .kernel_w = kernel}, .groups = groups};
    attrs.window.pad_top = attrs.window.pad_bottom = attrs.window.pad_left =
        attrs.window.pad_right = kernel / 2;
    return builder.add_op(OpKind::kConv, attrs, {input, w}, name);
  };
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string name = "block" + std::to_string(i);
    const std::int64_t wide = 96 + 4 * i;
    x = conv(x, wide, 1, 1, name + "/expand");
    x = conv(x, wide, 3, wide, name + "/depthwise");
    x = conv(x, 32 + i % 7 * 8, 1, 1, name + "/project");
  }
  builder.mark_output(x);
  return std::move(builder).finish();
}

/// What twice the layers cost: the time of 64 blocks over that of 32.
void RunBlocks(benchmark::State& state) {
  const ChipSpec chip = ne_base();
  const Graph graph = blocks(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(run(graph, chip));
}
BENCHMARK(RunBlocks)->Arg(16)->Arg(32)->Arg(64)->Unit(benchmark::kMillisecond);

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
