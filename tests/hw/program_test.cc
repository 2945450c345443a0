#include "hw/program.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "tests/hw/test_chips.h"

namespace presil {
namespace {

Program two_loads(std::int64_t second_sram, std::vector<CommandId> dependencies) {
  Program program{.group_names = {"test"}};
  program.add({.work = Load{{.sram_address = 0, .run_bytes = 64}}});
  program.add({.work = Load{{.sram_address = second_sram, .run_bytes = 64}},
               .dependencies = std::move(dependencies)});
  return program;
}

TEST_CASE("two writers of the same bytes must be ordered") {
  const ChipSpec chip = test::small_chip();
  CHECK_NOTHROW(check_program(two_loads(64, {}), chip));
  CHECK_NOTHROW(check_program(two_loads(63, {0}), chip));
  CHECK_THROWS_WITH_AS(check_program(two_loads(63, {}), chip),
                       doctest::Contains("commands 0 and 1 touch SRAM bytes 63..64"),
                       InternalError);
}

TEST_CASE("an order through a third command counts") {
  Program program{.group_names = {"test"}};
  program.add({.work = Load{{.sram_address = 0, .run_bytes = 64}}});
  program.add({.work = Vector{.elements = 1, .output = {.address = 256, .run_bytes = 1}},
               .dependencies = {0}});
  program.add({.work = Load{{.sram_address = 0, .run_bytes = 64}}, .dependencies = {1}});
  CHECK_NOTHROW(check_program(program, test::small_chip()));
  program.commands[1].dependencies.clear();
  CHECK_THROWS_AS(check_program(program, test::small_chip()), InternalError);
}

TEST_CASE("strided transfers that interleave without a common byte need no order") {
  Program program{.group_names = {"test"}};
  Transfer even{.sram_address = 0, .run_bytes = 16};
  even.dims[2] = {.count = 4, .memory_stride = 16, .sram_stride = 32};
  Transfer odd = even;
  odd.sram_address = 16;
  program.add({.work = Load{even}});
  program.add({.work = Load{odd}});
  CHECK_NOTHROW(check_program(program, test::small_chip()));
  std::get<Load>(program.commands[1].work).transfer.sram_address = 15;
  CHECK_THROWS_AS(check_program(program, test::small_chip()), InternalError);
}

TEST_CASE("parts of a sum follow each other, and a sum waits for the place that it takes") {
  ChipSpec chip = test::small_chip();  // accumulators for 256 sums
  const auto part = [](std::int64_t positions, std::int64_t drained,
                       std::vector<CommandId> dependencies) {
    return Command{.work = Matrix{.outputs = 4,
                                  .positions = positions,
                                  .channels = 8,
                                  .drained_per_position = drained},
                   .dependencies = std::move(dependencies)};
  };
  Program program{.group_names = {"test"}};
  program.commands = {part(40, 0, {}), part(40, 4, {0}), part(40, 0, {1}), part(40, 4, {2})};
  CHECK_NOTHROW(check_program(program, chip));
  program.commands[2].dependencies.clear();  // 160 + 160 sums
  CHECK_THROWS_WITH_AS(check_program(program, chip),
                       doctest::Contains("take the place of those of command 1"), InternalError);
  program.commands = {part(30, 0, {}), part(30, 4, {0}), part(30, 0, {}), part(30, 4, {2})};
  CHECK_NOTHROW(check_program(program, chip));  // 120 + 120: both fit
  program.commands[3].dependencies.clear();
  CHECK_THROWS_WITH_AS(check_program(program, chip),
                       doctest::Contains("goes on with the sum of command 2"), InternalError);
}

TEST_CASE("each broken rule of a program is named") {
  const ChipSpec chip = test::small_chip();
  struct Row {
    Command command;
    const char* text;
  };
  const Row rows[] = {
      {{.work = Load{{.memory = 3, .run_bytes = 1}}}, "memory 3 does not exist"},
      {{.work = Load{{.run_bytes = 0}}}, "empty transfer"},
      {{.work = Load{{.sram_address = 65530, .run_bytes = 64}}},
       "SRAM bytes 65530..65594 of 65536"},
      {{.work = Load{{.memory_address = std::int64_t{1} << 61, .run_bytes = 64}}},
       "address or size of a transfer above 2^40"},
      {{.work = Load{{.run_bytes = 64, .dims = {{{.count = 2, .memory_stride = 1LL << 62}}}}}},
       "bad transfer dim"},
      {{.work = Vector{.elements = 1, .input = {.address = 1LL << 62, .run_bytes = 1}}},
       "address or size of the input region above 2^40"},
      {{.work = Matrix{.outputs = 1LL << 40, .positions = 1LL << 40}},
       "more than 2^56 multiply-accumulates"},
      {{.work = Matrix{.mode = 4}}, "precision mode 4 does not exist"},
      {{.work = Matrix{.outputs = 0}}, "empty matrix"},
      {{.work = Vector{.elements = 0}}, "empty vector"},
      {{.work = Vector{.elements = 1}, .core = 1}, "core 1 of 1"},
      {{.work = Vector{.elements = 1}, .group = 2}, "group 2 has no name"},
      {{.work = Vector{.elements = 1}, .dependencies = {0}}, "depends on 0, which is not earlier"},
  };
  for (const Row& row : rows) {
    const Program program{.commands = {row.command}, .group_names = {"test"}};
    CHECK_THROWS_WITH_AS(check_program(program, chip), doctest::Contains(row.text), InternalError);
  }
}

}  // namespace
}  // namespace presil
