// What the machine costs: a burst, a command, a simulate() call; and what is around it, a command
// tracked, checked and accounted for. Targets: 0.4 us a burst and a compute command's event, 1 us a
// tracked command.

#include <benchmark/benchmark.h>

#include <filesystem>

#include "hw/hazards.h"
#include "hw/simulate.h"
#include "hw/stalls.h"

namespace presil {
namespace {

ChipSpec chip_named(const char* name) {
  return load_chip(std::filesystem::path(PRESIL_SOURCE_DIR) / "chips" /
                   (std::string(name) + ".yaml"));
}

void per_item(benchmark::State& state, double items) {
  state.counters["per_item"] = benchmark::Counter(
      items, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

/// The fixed cost of a run: build the modules, start, tear down.
void BM_EmptyRun(benchmark::State& state) {
  const ChipSpec chip = chip_named("ne-base");
  const Program program{.group_names = {"bench"}};
  for (auto _ : state) benchmark::DoNotOptimize(simulate(chip, program).total);
}
BENCHMARK(BM_EmptyRun)->Unit(benchmark::kMicrosecond);

/// Bursts of 256 bytes over one port: loads of 64 KiB behind each other.
void BM_Burst(benchmark::State& state, const char* name, bool contended) {
  const ChipSpec chip = chip_named(name);
  Program program{.group_names = {"bench"}};
  HazardTracker tracker;
  for (int i = 0; i < 100; ++i) {
    Command command{.work = Load{{.memory_address = i * 65536, .run_bytes = 65536}}};
    if (contended && i % 2 == 1)
      command.work =
          Store{{.memory_address = 1 << 28, .sram_address = 1 << 17, .run_bytes = 65536}};
    command.dependencies = tracker.dependencies_of(command);
    program.add(std::move(command));
  }
  std::int64_t bursts = 0;
  for (auto _ : state) bursts = simulate(chip, program).memories.back().bursts;
  per_item(state, static_cast<double>(bursts));
}
BENCHMARK_CAPTURE(BM_Burst, ne_base_loads, "ne-base", false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Burst, ne_base_loads_and_stores, "ne-base", true)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Burst, nvdla_loads, "nvdla-full", false)->Unit(benchmark::kMillisecond);

/// Matrix commands (pass groups) alone, without what checks them.
Program matrices(int count) {
  Program program{.group_names = {"bench"}};
  for (int i = 0; i < count; ++i)
    program.add({.work = Matrix{.outputs = 32,
                                .positions = 196,
                                .channels = 64,
                                .taps = 9,
                                .input = {.run_bytes = 12544},
                                .weights = {.address = 32768, .run_bytes = 18432},
                                .drained_per_position = 32}});
  return program;
}

void BM_MatrixCommand(benchmark::State& state) {
  const ChipSpec chip = chip_named("ne-base");
  const Program program = matrices(10000);
  for (auto _ : state) benchmark::DoNotOptimize(simulate(chip, program).total);
  per_item(state, 10000);
}
BENCHMARK(BM_MatrixCommand)->Unit(benchmark::kMillisecond);

/// Tiles that load, compute, post-process and store, double buffered, as a compiler emits them.
Program tiles(int count) {
  Program program{.group_names = {"bench"}};
  HazardTracker tracker;
  const auto add = [&](Command command) {
    command.dependencies = tracker.dependencies_of(command);
    program.add(std::move(command));
  };
  for (int tile = 0; tile < count; ++tile) {
    const std::int64_t half = tile % 2 * 262144;
    Transfer input{.memory_address = tile * 1792, .sram_address = half, .run_bytes = 1792};
    input.dims[0] = {.count = 8, .memory_stride = 1 << 20, .sram_stride = 1792};
    Transfer output = input;
    output.memory_address += 1 << 28;
    output.sram_address = half + 65536;
    output.traffic = Traffic::kOutput;
    const Region in{.address = half, .run_bytes = 8 * 1792};
    const Region middle{.address = half + 32768, .run_bytes = 8 * 1792};
    const Region out{.address = half + 65536, .run_bytes = 8 * 1792};
    add({.work = Load{input}});
    add({.work = Load{{.memory_address = (1 << 29) + tile * 4096,
                       .sram_address = half + 131072,
                       .run_bytes = 4096,
                       .traffic = Traffic::kWeights}}});
    add({.work = Matrix{.outputs = 32,
                        .positions = 448,
                        .channels = 64,
                        .input = in,
                        .weights = {.address = half + 131072, .run_bytes = 4096},
                        .output = middle,
                        .drained_per_position = 32}});
    add({.work = Vector{.elements = 14336, .input = middle, .output = out}});
    add({.work = Store{output}});
  }
  return program;
}

void BM_Tiles(benchmark::State& state) {
  const ChipSpec chip = chip_named("ne-base");
  const Program program = tiles(2000);
  for (auto _ : state) benchmark::DoNotOptimize(simulate(chip, program).total);
  per_item(state, static_cast<double>(program.commands.size()));
}
BENCHMARK(BM_Tiles)->Unit(benchmark::kMillisecond);

void BM_Track(benchmark::State& state) {
  const Program program = tiles(2000);
  for (auto _ : state) {
    HazardTracker tracker;
    for (const Command& command : program.commands)
      benchmark::DoNotOptimize(tracker.dependencies_of(command));
  }
  per_item(state, static_cast<double>(program.commands.size()));
}
BENCHMARK(BM_Track)->Unit(benchmark::kMillisecond);

void BM_Check(benchmark::State& state) {
  const ChipSpec chip = chip_named("ne-base");
  const Program program = tiles(2000);
  for (auto _ : state) check_program(program, chip);
  per_item(state, static_cast<double>(program.commands.size()));
}
BENCHMARK(BM_Check)->Unit(benchmark::kMillisecond);

void BM_Stalls(benchmark::State& state) {
  const ChipSpec chip = chip_named("ne-base");
  const Program program = tiles(2000);
  const Timeline timeline = simulate(chip, program);
  for (auto _ : state) benchmark::DoNotOptimize(engine_uses(chip, program, timeline));
  per_item(state, static_cast<double>(program.commands.size()));
}
BENCHMARK(BM_Stalls)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace presil
