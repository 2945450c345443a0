#include "hw/sram_demand.h"

#include <doctest/doctest.h>

#include "hw/simulate.h"
#include "tests/hw/test_chips.h"

namespace presil {
namespace {

/// Four interleaved banks of 4 bytes a cycle: 16 together.
ChipSpec narrow_chip() {
  ChipSpec chip = test::small_chip();
  chip.sram.bank_bytes_per_cycle = 4;
  chip.sram.interleave_bytes = 64;
  return chip;
}

Command matrix_of(std::int64_t address) {  // 160 cycles, 8 bytes a cycle
  return {.work = Matrix{.outputs = 4,
                         .positions = 160,
                         .channels = 8,
                         .input = {.address = address, .run_bytes = 1280}}};
}
Command vector_of(std::int64_t address) {  // 160 cycles, 8 bytes a cycle in and 8 out
  return {.work = Vector{.elements = 1280,
                         .input = {.address = address, .run_bytes = 1280},
                         .output = {.address = address + 1280, .run_bytes = 1280}}};
}

std::int64_t conflicts(const Timeline& timeline, std::size_t command) {
  return timeline.spans[command].stalled[static_cast<std::size_t>(Stall::kBankConflict)];
}

TEST_CASE("a matrix reads activations for each output block and tap, and weights for each stripe") {
  ChipSpec chip = test::small_chip();  // 4 outputs x 8 channels, stripes of 16
  Matrix matrix{.outputs = 9,
                .positions = 40,
                .channels = 17,
                .taps = 9,
                .input = {.run_bytes = 1},
                .weights = {.run_bytes = 1},
                .output = {.run_bytes = 1},
                .operand = {.run_bytes = 10, .runs = 3, .stride = 10},
                .drained_per_position = 12,
                .output_bits = 16};
  const SramBytes bytes = matrix_sram_bytes(chip, matrix);
  CHECK(bytes.input == 3 * 9 * 40 * 17);   // ceil(9/4) blocks
  CHECK(bytes.weights == 3 * 9 * 17 * 9);  // stripes of 16, 16 and 8
  CHECK(bytes.output == 40 * 12 * 2);
  CHECK(bytes.operand == 30);
  chip.mac_array.dataflow = Dataflow::kOutputStationary;
  CHECK(matrix_sram_bytes(chip, matrix).weights == 5 * 9 * 17 * 9);  // ceil(40/8) blocks
  chip.mac_array.dataflow = Dataflow::kInputStationary;
  CHECK(matrix_sram_bytes(chip, matrix).input == 1 * 9 * 40 * 17);  // outputs are one stripe
  CHECK(matrix_sram_bytes(chip, matrix).weights == 10 * 9 * 17 * 9);
  chip.mac_array.dataflow = Dataflow::kWeightStationary;
  matrix.op = MacOp::kDepthwise;
  CHECK(matrix_sram_bytes(chip, matrix).input == 9 * 40 * 9);
  CHECK(matrix_sram_bytes(chip, matrix).weights == 3 * 9 * 9);
  matrix.drained_per_position = 0;
  CHECK(matrix_sram_bytes(chip, matrix).output == 0);
}

TEST_CASE("products of groups side by side read what as many commands of one group would") {
  const ChipSpec chip = load_chip(find_chip("unit", PRESIL_SOURCE_DIR "/chips"));
  Matrix matrix{.outputs = 4, .positions = 10, .channels = 3, .taps = 9, .drained_per_position = 4};
  matrix.input.run_bytes = matrix.weights.run_bytes = matrix.output.run_bytes = 1;
  const SramBytes one = matrix_sram_bytes(chip, matrix);
  matrix.groups = 3;
  matrix.drained_per_position = 12;
  const SramBytes three = matrix_sram_bytes(chip, matrix);
  CHECK(three.input == 3 * one.input);
  CHECK(three.weights == 3 * one.weights);
  CHECK(three.output == 3 * one.output);
}

TEST_CASE(
    "banks that hold contiguous parts are asked in proportion to what they hold of a region") {
  const ChipSpec chip = test::small_chip();  // banks of 16384 bytes
  const std::vector<BankDemand> demand = sram_demand(chip, matrix_of(16384 - 320));
  REQUIRE(demand.size() == 2);
  CHECK(demand[0].bank == 0);
  CHECK(demand[0].bytes_per_cycle == doctest::Approx(8.0 * 320 / 1280));
  CHECK(demand[1].bytes_per_cycle == doctest::Approx(8.0 * 960 / 1280));
  CHECK(bank_capacity(chip) == 16);
  CHECK(sram_demand(narrow_chip(), vector_of(0))[0].bytes_per_cycle == doctest::Approx(16));
  ChipSpec dedicated = chip;
  dedicated.sram.array_port = ArrayPort::kDedicated;
  CHECK(sram_demand(dedicated, matrix_of(0)).empty());
}

TEST_CASE("a transfer asks for what its port or its pace gives it") {
  const ChipSpec chip = narrow_chip();
  Transfer transfer{.run_bytes = 128};
  CHECK(sram_demand(chip, {.work = Load{transfer}})[0].bytes_per_cycle == doctest::Approx(8));
  transfer.stored_ratio = 0.5;  // every stored byte becomes two
  CHECK(sram_demand(chip, {.work = Load{transfer}})[0].bytes_per_cycle == doctest::Approx(16));
  transfer.beat_cycles = 32;  // one burst of 64 stored bytes in 32 cycles
  CHECK(sram_demand(chip, {.work = Load{transfer}})[0].bytes_per_cycle == doctest::Approx(4));
}

TEST_CASE("sharing is max-min fair: who asks for less than the fair share gets it") {
  const auto share = [](std::vector<std::vector<BankDemand>> streams, double capacity) {
    std::vector<const std::vector<BankDemand>*> pointers;
    for (const auto& stream : streams) pointers.push_back(&stream);
    return share_banks(pointers, capacity);
  };
  CHECK(share({{{0, 8}}, {{0, 8}}}, 16) == std::vector<double>{1, 1});
  CHECK(share({{{0, 4}}, {{0, 20}}}, 16) == std::vector<double>{1, 12.0 / 20});
  CHECK(share({{{0, 10}}, {{0, 20}}}, 16) == std::vector<double>{8.0 / 10, 8.0 / 20});
  // 4 of 16 to the first, 6 each to the others.
  CHECK(share({{{0, 4}}, {{0, 8}}, {{0, 12}}}, 16) == std::vector<double>{1, 6.0 / 8, 6.0 / 12});
  // Two banks: the second stream is held to half by bank 0, and leaves bank 1 to the third.
  CHECK(share({{{0, 8}}, {{0, 16}, {1, 8}}, {{1, 12}}}, 16) == std::vector<double>{1, 0.5, 1});
  CHECK(share({{{0, 32}}, {}}, 16) == std::vector<double>{0.5, 1});
}

TEST_CASE("two overlapping streams share the rate until one ends") {
  // 8 + 16 > 16: fair level 8. The matrix is not slowed: 160. The vector command gets half until
  // then, 80 of its 160 cycles' work, and the rest alone: 160 + 80.
  Program program{.commands = {matrix_of(0), vector_of(4096)}, .group_names = {"test"}};
  const ChipSpec chip = narrow_chip();
  REQUIRE(may_oversubscribe_sram(chip, program));
  const Timeline timeline = simulate(chip, program);
  CHECK(timeline.spans[0].end == Cycles(160));
  CHECK(timeline.spans[1].end == Cycles(240));
  CHECK(conflicts(timeline, 0) == 0);
  CHECK(conflicts(timeline, 1) == 80);
  CHECK(simulate(chip, program, {.no_contention = true}).total == Cycles(160));
}

TEST_CASE("a stream that starts later slows those under way from then on") {
  // The vector command alone for 100 cycles; then both at level 8: the matrix 160 to 260, the
  // vector command's other 60 cycles of work at half speed 120, to 220; nothing slows the matrix.
  ChipSpec chip = narrow_chip();
  chip.cores = 2;
  Program program{.commands = {vector_of(4096)}, .group_names = {"test"}};
  program.add({.work = Host{Cycles(100)}});
  Command matrix = matrix_of(0);
  matrix.dependencies = {1};
  program.add(matrix);
  const Timeline timeline = simulate(chip, program);
  CHECK(timeline.spans[0].end == Cycles(100 + 120));
  CHECK(timeline.spans[2].start == Cycles(100));
  CHECK(timeline.spans[2].end == Cycles(260));
}

TEST_CASE("three overlapping streams share the rate, and again when each ends") {
  // Array 8, vector unit 16, DMA 8 bytes a cycle of 16: the fair level is 16/3, so the array and
  // DMA run at 2/3, the vector unit at 1/3. The load's ten bursts of 64 bytes take 12 cycles each:
  // the last is asked for at 108, the banks have them at 120, and the latency later it is done.
  // Until 120, 80 and 40 cycles of work are done. Then the level is 8: the array does its other 80
  // until 200, the vector unit 40 of its 120; then 80 alone: 280.
  Program program{.commands = {matrix_of(0), vector_of(4096)}, .group_names = {"test"}};
  program.add({.work = Load{{.sram_address = 16384, .run_bytes = 640}}});
  const Timeline timeline = simulate(narrow_chip(), program);
  CHECK(timeline.spans[2].end == Cycles(108));
  CHECK(conflicts(timeline, 2) == 9 * 4);
  CHECK(timeline.spans[2].done == Cycles(108 + 10 + 12));
  CHECK(timeline.spans[0].end == Cycles(200));
  CHECK(conflicts(timeline, 0) == 40);
  CHECK(timeline.spans[1].end == Cycles(280));
  CHECK(conflicts(timeline, 1) == 120);
}

TEST_CASE("transfers that meet at a port ask the banks for no more than the port gives") {
  // Features and weights at 8 bytes a cycle together: 4 each, 12 with the array's 8, of 16.
  const ChipSpec chip = narrow_chip();
  Program program{.commands = {matrix_of(0)}, .group_names = {"test"}};
  program.add({.work = Load{{.sram_address = 16384, .run_bytes = 640}}});
  program.add({.work = Load{{.memory_address = 4096,
                             .sram_address = 32768,
                             .run_bytes = 640,
                             .traffic = Traffic::kWeights}}});
  REQUIRE(may_oversubscribe_sram(chip, program));
  const Timeline timeline = simulate(chip, program);
  CHECK(timeline.spans[0].end == Cycles(160));
  CHECK(timeline.total == Cycles(10 + 160));
  Transfer paced{.run_bytes = 128, .beat_cycles = 32};
  CHECK(port_share(chip, paced) == doctest::Approx(8.0 / 32));
}

TEST_CASE("streams in banks of their own do not meet") {
  ChipSpec chip = test::small_chip();
  chip.sram.bank_bytes_per_cycle = 16;  // as much as the vector command wants; banks of 16384 bytes
  Program apart{.commands = {matrix_of(0), vector_of(16384)}, .group_names = {"test"}};
  CHECK_FALSE(may_oversubscribe_sram(chip, apart));
  CHECK(simulate(chip, apart).total == Cycles(160));
  Program together{.commands = {matrix_of(0), vector_of(4096)}, .group_names = {"test"}};
  CHECK(simulate(chip, together).total == Cycles(240));
}

TEST_CASE("banks that cannot feed a command even alone are at least 90 percent of its stalls") {
  ChipSpec chip = narrow_chip();
  chip.sram.bank_bytes_per_cycle = 0.25;  // 1 together, 16 wanted
  Program program{.commands = {vector_of(0)}, .group_names = {"test"}};
  const Timeline timeline = simulate(chip, program);
  CHECK(timeline.total == Cycles(16 * 160));
  const EngineUse& vector = timeline.engines[1];
  CHECK(vector.busy == 160);
  CHECK(vector.stalled[static_cast<std::size_t>(Stall::kBankConflict)] == 15 * 160);
}

TEST_CASE("the chips that read their buffer at full rate by construction lose nothing") {
  for (const char* name : {"nvdla-full", "nvdla-small"}) {
    const ChipSpec chip =
        load_chip(find_chip(name, std::filesystem::path(PRESIL_SOURCE_DIR) / "chips"));
    CHECK(chip.sram.array_port == ArrayPort::kDedicated);
  }
}

}  // namespace
}  // namespace presil
