#include "hw/critical_path.h"

#include <doctest/doctest.h>

#include "hw/simulate.h"
#include "tests/hw/random_program.h"
#include "tests/hw/test_chips.h"

namespace presil {
namespace {

Load load_of(std::int64_t address, std::int64_t bytes) {
  return Load{{.memory_address = address, .sram_address = address, .run_bytes = bytes}};
}

std::int64_t cycles(const std::vector<PathStep>& path, CommandId command) {
  std::int64_t sum = 0;
  for (const PathStep& step : path)
    if (step.command == command) sum += step.length();
  return sum;
}

TEST_CASE("the path of a chain is every command of it, each for its own time") {
  // load 10 + 800, matrix 160, vector 10, store 8: 988 cycles.
  Program program{.group_names = {"test"}};
  program.add({.work = load_of(0, 6400)});
  program.add({.work = Matrix{.outputs = 4, .positions = 160, .channels = 8}, .dependencies = {0}});
  program.add({.work = Vector{.elements = 80}, .dependencies = {1}});
  program.add({.work = Store{{.memory_address = 8192, .run_bytes = 64}}, .dependencies = {2}});
  const ChipSpec chip = test::small_chip();
  const Timeline timeline = simulate(chip, program);
  const std::vector<PathStep> path = critical_path(chip, program, timeline);
  CHECK(timeline.total.value == 810 + 160 + 10 + 8);
  CHECK(cycles(path, 0) == 810);
  CHECK(cycles(path, 1) == 160);
  CHECK(cycles(path, 2) == 10);
  CHECK(cycles(path, 3) == 8);
  for (const PathStep& step : path) CHECK(step.busy);
}

TEST_CASE("of two branches the path takes the one that was done last") {
  // Activations and weights come on channels of their own and share the port: the short load is done
  // first and is not on the path.
  Program program{.group_names = {"test"}};
  program.add({.work = load_of(0, 6400)});
  Load weights = load_of(8192, 640);
  weights.transfer.traffic = Traffic::kWeights;
  program.add({.work = weights});
  program.add(
      {.work = Matrix{.outputs = 4, .positions = 160, .channels = 8}, .dependencies = {0, 1}});
  const ChipSpec chip = test::small_chip();
  const Timeline timeline = simulate(chip, program);
  const std::vector<PathStep> path = critical_path(chip, program, timeline);
  CHECK(cycles(path, 1) == 0);
  CHECK(cycles(path, 0) == timeline.spans[0].done.value);
  CHECK(cycles(path, 2) == 160);
}

TEST_CASE("a command that stands in a queue puts the one ahead of it on the path") {
  Program program{.group_names = {"test"}};
  program.add({.work = Vector{.elements = 8000}});
  program.add({.work = Vector{.elements = 128}});
  const ChipSpec chip = test::small_chip();
  const std::vector<PathStep> path = critical_path(chip, program, simulate(chip, program));
  CHECK(cycles(path, 0) == 1000);
  CHECK(cycles(path, 1) == 16);
}

TEST_CASE("the sequencer's time is on the path, and so are the completion cycles") {
  ChipSpec chip = test::small_chip();
  chip.control.issue_cycles = 50;
  chip.control.completion_cycles = 7;
  Program program{.group_names = {"test"}};
  program.add({.work = Matrix{.outputs = 4, .positions = 16, .channels = 8}});
  const Timeline timeline = simulate(chip, program);
  const std::vector<PathStep> path = critical_path(chip, program, timeline);
  REQUIRE(path.size() == 3);
  CHECK(path[0].length() == 50);
  CHECK(path[0].reason == Stall::kIssue);
  CHECK(path[0].command == 0);
  CHECK(path[1].length() == 16);
  CHECK(path[1].busy);
  CHECK(path[2].length() == 7);
  CHECK(path[2].command == -1);
}

TEST_CASE("the paths of random programs have no gap and come to no command twice") {
  for (const int cores : {1, 2}) {
    ChipSpec chip = test::small_chip();
    chip.cores = cores;
    chip.control.issue_cycles = 5;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      const Program program = test::RandomProgram(seed, {.cores = cores}).make(chip);
      const Timeline timeline = simulate(chip, program);
      std::vector<bool> seen(program.commands.size(), false);
      CommandId last = -1;
      for (const PathStep& step : critical_path(chip, program, timeline)) {
        REQUIRE(step.begin < step.end);
        if (step.command < 0 || step.command == last) continue;
        CHECK_FALSE(seen[static_cast<std::size_t>(step.command)]);
        seen[static_cast<std::size_t>(step.command)] = true;
        last = step.command;
      }
    }
  }
}

}  // namespace
}  // namespace presil
