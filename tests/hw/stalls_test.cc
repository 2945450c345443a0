#include "hw/stalls.h"

#include <doctest/doctest.h>

#include "hw/simulate.h"
#include "tests/hw/random_program.h"

namespace presil {
namespace {

Program program_of(std::vector<Command> commands) {
  return {.commands = std::move(commands), .group_names = {"test"}};
}

EngineUse use_of_engine(const Timeline& timeline, Engine engine, int lane = 0) {
  for (const EngineUse& use : timeline.engines)
    if (use.engine == engine && use.lane == lane) return use;
  return {};
}

std::int64_t stalled(const EngineUse& use, Stall reason) {
  return use.stalled[static_cast<std::size_t>(reason)];
}

/// Is `reason` at least 90 % of what `engine` lost, and did it lose anything?
bool dominates(const EngineUse& use, Stall reason) {
  const std::int64_t lost = use.sum() - use.busy;
  return lost > 0 && 10 * stalled(use, reason) >= 9 * lost;
}

Load load_of(std::int64_t address, std::int64_t bytes) {
  return Load{{.memory_address = address, .sram_address = address, .run_bytes = bytes}};
}

TEST_CASE("an array that waits for its operands is stalled by dma") {
  Program program = program_of({{.work = load_of(0, 8000)}});
  program.add({.work = Matrix{.outputs = 4, .positions = 16, .channels = 8}, .dependencies = {0}});
  const Timeline timeline = simulate(test::small_chip(), program);
  const EngineUse mac = use_of_engine(timeline, Engine::kMac);
  CHECK(mac.busy == 16);
  CHECK(stalled(mac, Stall::kDma) == 10 + 1000);
  CHECK(dominates(mac, Stall::kDma));
}

TEST_CASE("a store that waits for a matrix is stalled by dependency") {
  Program program = program_of({});
  program.add({.work = Matrix{.outputs = 4, .positions = 1000, .channels = 8}});
  program.add({.work = Store{{.run_bytes = 64}}, .dependencies = {0}});
  const Timeline timeline = simulate(test::small_chip(), program);
  const EngineUse store = use_of_engine(timeline, Engine::kDma, 2);
  CHECK(stalled(store, Stall::kDependency) == 1000);
  CHECK(store.busy == 8);
}

TEST_CASE("a wait is charged to the root: what the chain was doing in each of its cycles") {
  // load 10 + 800, matrix 160, vector 10, store: the store waits 810 for the load, 170 for the
  // others.
  Program program = program_of({{.work = load_of(0, 6400)}});
  program.add({.work = Matrix{.outputs = 4, .positions = 160, .channels = 8}, .dependencies = {0}});
  program.add({.work = Vector{.elements = 80}, .dependencies = {1}});
  program.add({.work = Store{{.memory_address = 8192, .run_bytes = 64}}, .dependencies = {2}});
  const ChipSpec chip = test::small_chip();
  const Timeline timeline = simulate(chip, program);
  const EngineUse store = use_of_engine(timeline, Engine::kDma, 2);
  CHECK(stalled(store, Stall::kDma) == 810);
  CHECK(stalled(store, Stall::kDependency) == 160 + 10);
  CHECK(store.busy == 8);
  // The vector unit: 810 for the load, 160 for the array, then its work, then nothing more to do.
  const EngineUse vector = use_of_engine(timeline, Engine::kVector);
  CHECK(stalled(vector, Stall::kDma) == 810);
  CHECK(stalled(vector, Stall::kDependency) == 160);
  CHECK(stalled(vector, Stall::kIdle) == 8);
  // The intervals say in which order, and for whom.
  const std::vector<EngineTimeline> engines = engine_timelines(chip, program, timeline);
  const std::vector<EngineInterval>& waits = engines[4].intervals;
  REQUIRE(waits.size() == 3);
  CHECK(waits[0].reason == Stall::kDma);
  CHECK(waits[0].end == 810);
  CHECK(waits[0].root == 0);
  CHECK(waits[1].reason == Stall::kDependency);
  CHECK(waits[1].root == 2);
  CHECK(waits[1].command == 3);
  CHECK(waits[2].busy);
}

TEST_CASE("a wait goes back through the queue of an engine that takes commands in order") {
  // The second vector command is ready at once but stands behind the first, which waits 810 for the
  // load: so the store waits 810 for DMA and 20 for the vector unit.
  ChipSpec chip = test::small_chip();
  chip.control.order = IssueOrder::kInOrder;
  Program program = program_of({{.work = load_of(0, 6400)}});
  program.add({.work = Vector{.elements = 80}, .dependencies = {0}});
  program.add({.work = Vector{.elements = 80}});
  program.add({.work = Store{{.memory_address = 8192, .sram_address = 8192, .run_bytes = 64}},
               .dependencies = {2}});
  const EngineUse store = use_of_engine(simulate(chip, program), Engine::kDma, 2);
  CHECK(stalled(store, Stall::kDma) == 810);
  CHECK(stalled(store, Stall::kDependency) == 20);
}

TEST_CASE("a systolic array that fills and drains around short passes is stalled by fill_drain") {
  ChipSpec chip = test::small_chip();
  chip.mac_array.style = ArrayStyle::kSystolic;
  const Program program = program_of({{.work = Matrix{.outputs = 4, .channels = 800}}});
  const EngineUse mac = use_of_engine(simulate(chip, program), Engine::kMac);
  CHECK(stalled(mac, Stall::kFillDrain) == 100 * 10);
  CHECK(mac.busy == 100);
  CHECK(dominates(mac, Stall::kFillDrain));
}

TEST_CASE("weights that load slower than they are used are weight_load") {
  ChipSpec chip = test::small_chip();
  chip.mac_array.modes[0].weight_load_cycles_per_output = 5;
  const Program program = program_of({{.work = Matrix{.outputs = 4, .channels = 800}}});
  const EngineUse mac = use_of_engine(simulate(chip, program), Engine::kMac);
  CHECK(stalled(mac, Stall::kWeightLoad) == 100 * 19);
  CHECK(dominates(mac, Stall::kWeightLoad));
}

TEST_CASE("results that leave too slowly are output_limit, in a command and between two") {
  ChipSpec chip = test::small_chip();
  chip.mac_array.output_elements_per_cycle = 1;
  chip.mac_array.accumulators_kib = 0.25;
  const Matrix matrix{.outputs = 4, .positions = 1600, .channels = 8, .drained_per_position = 4};
  Program program = program_of({{.work = matrix}});
  program.add({.work = Matrix{.outputs = 4, .positions = 16, .channels = 8}, .dependencies = {0}});
  const EngineUse mac = use_of_engine(simulate(chip, program), Engine::kMac);
  // 16 + 6400 until the last result is out; 1600 of them busy, then the next command.
  CHECK(stalled(mac, Stall::kOutputLimit) == 16 + 6400 - 1600);
  CHECK(mac.busy == 1600 + 16);
  CHECK(dominates(mac, Stall::kOutputLimit));
}

TEST_CASE("a slow sequencer is issue") {
  ChipSpec chip = test::small_chip();
  chip.control = {.issue_cycles = 50, .issue_latency_cycles = 7, .layer_setup_cycles = 100};
  Program program = program_of({});
  for (int i = 0; i < 10; ++i) program.add({.work = Vector{.elements = 8}});
  const EngineUse vector = use_of_engine(simulate(chip, program), Engine::kVector);
  CHECK(vector.busy == 10);
  CHECK(stalled(vector, Stall::kIssue) == 100 + 10 * 50 + 7 - 9);
  CHECK(dominates(vector, Stall::kIssue));
}

TEST_CASE("an engine with nothing to do, or nothing left, is idle") {
  const Timeline timeline = simulate(
      test::small_chip(), program_of({{.work = load_of(0, 800)}, {.work = Vector{.elements = 8}}}));
  CHECK(stalled(use_of_engine(timeline, Engine::kMac), Stall::kIdle) == timeline.total.value);
  CHECK(stalled(use_of_engine(timeline, Engine::kHost), Stall::kIdle) == timeline.total.value);
  const EngineUse vector = use_of_engine(timeline, Engine::kVector);
  CHECK(vector.busy == 1);
  CHECK(dominates(vector, Stall::kIdle));
}

TEST_CASE("every engine's cycles add up to the run, in every window of it") {
  ChipSpec chip = test::small_chip();
  chip.cores = 2;
  chip.control = {.issue_cycles = 3, .issue_latency_cycles = 2, .completion_cycles = 20};
  chip.mac_array.output_latency_cycles = 5;
  chip.dma.setup_cycles = 4;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    chip.memories[0].duplex = seed % 2 == 0;
    chip.memories[0].bytes_per_cycle = seed % 3 == 0 ? 3.7 : 8;
    chip.dma.channels = 1 + static_cast<std::int64_t>(seed % 5);
    chip.control.order = seed % 4 == 3 ? IssueOrder::kInOrder : IssueOrder::kReadyFirst;
    const Program program = test::RandomProgram(seed, {.commands = 80, .cores = 2}).make(chip);
    const Timeline timeline = simulate(chip, program);
    REQUIRE(timeline.engines.size() == static_cast<std::size_t>(2 * (2 + chip.dma.channels) + 1));
    const std::vector<EngineTimeline> engines = engine_timelines(chip, program, timeline);
    const std::int64_t total = timeline.total.value, middle = total / 3;
    for (std::size_t e = 0; e < engines.size(); ++e) {
      CHECK(timeline.engines[e].sum() == total);
      const EngineUse all = use_of(engines[e], 0, total);
      const EngineUse first = use_of(engines[e], 0, middle);
      const EngineUse rest = use_of(engines[e], middle, total);
      CHECK(all.busy == timeline.engines[e].busy);
      CHECK(all.stalled == timeline.engines[e].stalled);
      CHECK(first.sum() == middle);
      CHECK(first.busy + rest.busy == all.busy);
    }
  }
}

}  // namespace
}  // namespace presil
