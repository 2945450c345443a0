#include "hw/hazards.h"

#include <doctest/doctest.h>

#include <ctime>
#include <map>
#include <set>

#include "core/error.h"
#include "hw/access.h"
#include "tests/hw/random_program.h"

namespace presil {
namespace {

/// What must be ordered, from every byte of every access: pairs {earlier, later}.
std::set<std::pair<CommandId, CommandId>> conflicts_by_bytes(const Program& program) {
  struct Byte {
    std::vector<CommandId> readers, writers;
  };
  std::map<std::pair<Space, std::int64_t>, Byte> bytes;
  std::set<std::pair<CommandId, CommandId>> conflicts;
  for (std::size_t i = 0; i < program.commands.size(); ++i) {
    const auto id = static_cast<CommandId>(i);
    for (const Access& access : accesses_of(program.commands[i]))
      for_each_run(access.bytes, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t at = begin; at < end; ++at) {
          Byte& byte = bytes[{access.space, at}];
          for (const CommandId writer : byte.writers)
            if (writer != id) conflicts.insert({writer, id});
          if (access.write)
            for (const CommandId reader : byte.readers)
              if (reader != id) conflicts.insert({reader, id});
          (access.write ? byte.writers : byte.readers).push_back(id);
        }
      });
  }
  return conflicts;
}

/// after[b][a]: b is ordered after a, directly or not.
std::vector<std::vector<char>> order_of(const Program& program) {
  const std::size_t n = program.commands.size();
  std::vector<std::vector<char>> after(n, std::vector<char>(n, 0));
  for (std::size_t id = 0; id < n; ++id)
    for (const CommandId before : program.commands[id].dependencies) {
      const auto b = static_cast<std::size_t>(before);
      for (std::size_t a = 0; a < b; ++a) after[id][a] |= after[b][a];
      after[id][b] = 1;
    }
  return after;
}

bool all_ordered(const Program& program) {
  const auto after = order_of(program);
  for (const auto& [a, b] : conflicts_by_bytes(program))
    if (!after[static_cast<std::size_t>(b)][static_cast<std::size_t>(a)]) return false;
  return true;
}

ChipSpec two_core_chip() {
  ChipSpec chip = test::small_chip();
  chip.cores = 2;
  chip.memories.push_back(chip.memories[0]);
  chip.memories[1].name = "flash";
  return chip;
}

TEST_CASE("the tracker orders every pair of commands that meet in a byte, and names no other") {
  const ChipSpec chip = two_core_chip();
  std::size_t conflicts_seen = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    CAPTURE(seed);
    const Program program = test::RandomProgram(seed, {.cores = 2}).make(chip);
    const auto conflicts = conflicts_by_bytes(program);
    conflicts_seen += conflicts.size();
    REQUIRE(all_ordered(program));
    for (std::size_t id = 0; id < program.commands.size(); ++id)
      for (const CommandId before : program.commands[id].dependencies)
        REQUIRE(conflicts.contains({before, static_cast<CommandId>(id)}));
    CHECK_NOTHROW(check_program(program, chip));
  }
  CHECK(conflicts_seen > 10000);
}

TEST_CASE("the checker says what the bytes say when a dependency is dropped") {
  const ChipSpec chip = two_core_chip();
  int broken = 0, sound = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    Program program = test::RandomProgram(seed, {.commands = 30, .cores = 2}).make(chip);
    std::mt19937_64 random(seed);
    Command& victim = program.commands[random() % program.commands.size()];
    if (victim.dependencies.empty()) continue;
    victim.dependencies.erase(victim.dependencies.begin() +
                              static_cast<std::ptrdiff_t>(random() % victim.dependencies.size()));
    if (all_ordered(program)) {
      ++sound;
      CHECK_NOTHROW(check_program(program, chip));
    } else {
      ++broken;
      CHECK_THROWS_AS(check_program(program, chip), InternalError);
    }
  }
  CHECK(broken > 150);
  CHECK(sound > 0);
}

TEST_CASE("reads wait for the last writer, writes for the readers since, and no one twice") {
  HazardTracker tracker;
  const auto load = [](std::int64_t sram, std::int64_t bytes) {
    return Command{.work = Load{{.sram_address = sram, .run_bytes = bytes}}};
  };
  const auto vector = [](std::int64_t from, std::int64_t to) {
    return Command{.work = Vector{.elements = 1,
                                  .input = {.address = from, .run_bytes = 64},
                                  .output = {.address = to, .run_bytes = 64}}};
  };
  using Ids = std::vector<CommandId>;
  CHECK(tracker.dependencies_of(load(0, 64)) == Ids{});
  CHECK(tracker.dependencies_of(load(64, 64)) == Ids{});
  CHECK(tracker.dependencies_of(vector(0, 128)) == Ids{0});
  CHECK(tracker.dependencies_of(vector(64, 192)) == Ids{1});
  CHECK(tracker.dependencies_of(load(0, 64)) == Ids{2});      // the reader implies the writer
  CHECK(tracker.dependencies_of(load(32, 64)) == Ids{3, 4});  // half of each
  CHECK(tracker.dependencies_of(vector(0, 0)) == Ids{5});     // in place; 5 waits for 4 itself
  CHECK(tracker.dependencies_of(vector(1024, 2048)) == Ids{});
  Command explicit_wait = vector(1024, 4096);
  explicit_wait.dependencies = {7, 2, 7};
  CHECK(tracker.dependencies_of(explicit_wait) == Ids{2, 7});
  CHECK(tracker.size() == 9);
}

TEST_CASE("a store and a load of the same bytes of a memory are ordered, across cores") {
  HazardTracker tracker;
  Command store{.work = Store{{.memory_address = 100, .run_bytes = 50}}, .core = 0};
  Command load{.work = Load{{.memory_address = 149, .run_bytes = 50}}, .core = 1};
  tracker.dependencies_of(store);
  CHECK(tracker.dependencies_of(load) == std::vector<CommandId>{0});
  std::get<Load>(load.work).transfer.memory_address = 150;
  std::get<Load>(load.work).transfer.sram_address = 1000;
  CHECK(tracker.dependencies_of(load) == std::vector<CommandId>{});
}

TEST_CASE("a store over weights is refused wherever it stands") {
  const ChipSpec chip = test::small_chip();
  Program program{.group_names = {"test"}};
  program.add({.work = Store{{.memory_address = 60, .run_bytes = 50}}});
  program.add({.work = Load{{.memory_address = 100,
                             .sram_address = 512,
                             .run_bytes = 64,
                             .traffic = Traffic::kWeights}}});
  CHECK_THROWS_WITH_AS(
      check_program(program, chip),
      doctest::Contains("command 0: stores over weights in bytes 60..110 of memory dram"),
      InternalError);
  std::get<Store>(program.commands[0].work).transfer.memory_address = 50;
  CHECK_NOTHROW(check_program(program, chip));
}

/// A double-buffered layer after the other: the shape of what a compiler emits.
Program long_program(int commands) {
  Program program{.group_names = {"test"}};
  HazardTracker tracker;
  const auto add = [&](Command command) {
    command.dependencies = tracker.dependencies_of(command);
    program.add(std::move(command));
  };
  for (int tile = 0; program.commands.size() < static_cast<std::size_t>(commands); ++tile) {
    const std::int64_t half = tile % 2 * 16384;
    // Layers of differing tile shapes, channel blocks apart in memory.
    const std::int64_t rows = 1 + tile / 1000 % 7, from = (tile / 1000 % 2) << 24;
    Transfer input{.memory_address = from + tile % 1000 * rows * 256,
                   .sram_address = half,
                   .run_bytes = rows * 256};
    input.dims[0] = {.count = 4, .memory_stride = 1 << 20, .sram_stride = rows * 256};
    Transfer output = input;
    output.memory_address = input.memory_address - from + ((1 << 24) - from);
    output.sram_address = half + 8192;
    output.traffic = Traffic::kOutput;
    add({.work = Load{input}});
    add({.work = Load{{.memory_address = (1 << 28) + tile * 512,
                       .sram_address = 32768 + half / 2,
                       .run_bytes = 512,
                       .traffic = Traffic::kWeights}}});
    add({.work = Matrix{.input = {.address = half, .run_bytes = rows * 256 * 4},
                        .weights = {.address = 32768 + half / 2, .run_bytes = 512},
                        .output = {.address = half + 8192, .run_bytes = rows * 256 * 4}}});
    add({.work = Store{output}});
  }
  return program;
}

/// Records that a tracker looks at for `tiles` column tiles, `width` bytes of each of 64 rows of
/// 64, that take turns, each reading weights that stay right before its output.
std::int64_t looked_at_for_column_tiles(int tiles, std::int64_t width) {
  HazardTracker tracker;
  tracker.dependencies_of({.work = Load{{.run_bytes = 4096}}});
  for (int tile = 0; tile < tiles; ++tile) {
    const std::int64_t column = tile * width % 64;
    const auto tile_at = [&](std::int64_t base) {
      return Region{.address = base + column, .run_bytes = width, .runs = 64, .stride = 64};
    };
    tracker.dependencies_of({.work = Matrix{.input = tile_at(8192),
                                            .weights = {.address = 0, .run_bytes = 4096},
                                            .output = tile_at(4096)}});
  }
  return tracker.records_looked_at();
}

TEST_CASE("the work for interleaved column tiles grows as their number") {
  // A quarter of a row is a record a tile, less of it one a run: 128 of them a tile.
  for (const auto& [width, looks] : {std::pair{16, 40}, std::pair{8, 4 * 128}}) {
    CAPTURE(width);
    const std::int64_t few = looked_at_for_column_tiles(1000, width);
    CHECK(few < looks * 1000);
    CHECK(looked_at_for_column_tiles(10000, width) < 11 * few);
  }
}

TEST_CASE("a write waits for every reader of bytes that many read, whole or in part") {
  HazardTracker tracker;
  const auto read = [](std::int64_t from, std::int64_t to) {
    return Command{.work = Vector{.elements = 1,
                                  .input = {.address = from, .run_bytes = 64},
                                  .output = {.address = to, .run_bytes = 8}}};
  };
  using Ids = std::vector<CommandId>;
  for (int i = 0; i < 3; ++i) tracker.dependencies_of(read(0, 1024 + 8 * i));
  Command load{.work = Load{{.sram_address = 16, .run_bytes = 16}}};
  CHECK(tracker.dependencies_of(load) == Ids{0, 1, 2});
  CHECK(tracker.dependencies_of(read(8, 2048)) == Ids{3});
  load.work = Load{{.sram_address = 0, .run_bytes = 8}};
  CHECK(tracker.dependencies_of(load) == Ids{0, 1, 2});  // what the first left of their bytes
  load.work = Load{{.sram_address = 40, .run_bytes = 8}};
  CHECK(tracker.dependencies_of(load) == Ids{0, 1, 2, 4});
}

TEST_CASE("a command that meets another after 20000 in between is ordered through them all") {
  const ChipSpec chip = test::small_chip();
  Program program{.group_names = {"test"}};
  const auto vector = [](std::int64_t at) {
    return Vector{.elements = 1,
                  .input = {.address = at, .run_bytes = 64},
                  .output = {.address = at, .run_bytes = 64}};
  };
  for (int i = 0; i < 20000; ++i) {
    Command command{.work = vector(64 * (i % 100))};
    if (i > 0) command.dependencies = {i - 1};
    program.add(std::move(command));
  }
  CHECK_NOTHROW(check_program(program, chip));
  program.commands[10001].dependencies = {9999};  // 10002 waits for it; it does not meet 10000
  CHECK_THROWS_WITH_AS(check_program(program, chip),
                       doctest::Contains("commands 10000 and 10100 touch SRAM bytes 0..64"),
                       InternalError);
}

TEST_CASE("200000 commands are tracked and checked in seconds of processor time") {
  const auto seconds = [](std::clock_t since) {
    return static_cast<double>(std::clock() - since) / CLOCKS_PER_SEC;
  };
  const std::clock_t start = std::clock();
  const Program program = long_program(200000);
  const double tracked = seconds(start);
  const std::clock_t middle = std::clock();
  CHECK_NOTHROW(check_program(program, test::small_chip()));
  const double checked = seconds(middle);
  CAPTURE(tracked);
  CAPTURE(checked);
  CHECK(tracked < 20);  // 0.4 and 1 in a release build; generous for the sanitizers
  CHECK(checked < 20);
}

}  // namespace
}  // namespace presil
