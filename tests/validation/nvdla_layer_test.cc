#include "validation/nvdla_layer.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/error.h"
#include "hw/simulate.h"
#include "shared_data.h"

namespace presil {
namespace {

ChipSpec nvdla_full() {
  return load_chip(std::filesystem::path(PRESIL_SOURCE_DIR) / "chips" / "nvdla-full.yaml");
}

NvdlaLayer pointwise(std::int64_t channels, std::int64_t outputs) {
  return {.id = "1",
          .height = 14,
          .width = 14,
          .channels = channels,
          .outputs = outputs,
          .kernel_h = 1,
          .kernel_w = 1,
          .out_height = 14,
          .out_width = 14,
          .data_banks = 1,
          .weight_banks = 15,
          .rd_latency = 50,
          .wr_latency = 50,
          .bus_bytes_per_cycle = 64};
}

TEST_CASE("a layer writes its outputs padded to whole surfaces and reads its cube once") {
  const NvdlaLayer layer = pointwise(16, 17);
  const ChipSpec chip = with_row_memory(nvdla_full(), layer);
  const Timeline timeline = simulate(chip, nvdla_program(chip, layer));
  CHECK(timeline.memories[0].written[static_cast<int>(Traffic::kOutput)] == 14 * 14 * 32);
  CHECK(timeline.memories[0].read[static_cast<int>(Traffic::kInput)] == 14 * 14 * 32);
  CHECK(timeline.memories[0].read[static_cast<int>(Traffic::kWeights)] ==
        3 * 128);  // 16 x 17 bytes
}

TEST_CASE("the checker sees a matrix that does not wait for its features") {
  const ChipSpec chip = nvdla_full();
  Program program = nvdla_program(chip, pointwise(16, 16));
  CHECK_NOTHROW(check_program(program, chip));
  for (Command& command : program.commands)
    if (std::holds_alternative<Matrix>(command.work)) std::erase(command.dependencies, 0);
  CHECK_THROWS_WITH_AS(check_program(program, chip),
                       doctest::Contains("commands 0 and 2 touch SRAM"), InternalError);
}

TEST_CASE("output channels one above a kernel group cost another group's passes") {
  const ChipSpec chip = nvdla_full();
  const auto cycles = [&](std::int64_t outputs) {
    return simulate(chip, nvdla_program(chip, pointwise(32, outputs))).total.value;
  };
  CHECK(cycles(31) - cycles(17) < 20);
  CHECK(cycles(33) - cycles(32) > 196);
}

TEST_CASE("a cube or kernel group that exceeds its banks is refused with both sizes") {
  const ChipSpec chip = nvdla_full();
  NvdlaLayer layer = pointwise(256, 32);
  CHECK_THROWS_WITH_AS(nvdla_program(chip, layer),
                       "row 1: features of 50176 bytes exceed 1 banks of 32768 bytes", Error);
  layer = pointwise(32, 32);
  layer.kernel_h = layer.kernel_w = 25;
  CHECK_THROWS_WITH_AS(
      nvdla_program(chip, layer),
      "row 1: a kernel group of 640000 bytes exceeds 15 weight banks of 32768 bytes", Error);
  layer = pointwise(32, 32);
  layer.precision = Precision::kInt4;
  CHECK_THROWS_WITH_AS(nvdla_program(chip, layer),
                       "row 1: chip 'nvdla-full' has no mode for int4 weights and activations",
                       Error);
}

TEST_CASE(
    "total cycles of the development rows agree with the NVDLA RTL within 3 percent on average") {
  const auto file = shared_folder() / "validation" / "nvdla" / "nvdla_rtl_dev.csv";
  if (!std::filesystem::exists(file)) {
    MESSAGE("skipped: " << file.string() << " is absent; set PRESIL_SHARED");
    return;
  }
  const ChipSpec chip = nvdla_full();
  double sum = 0, ideal = 0;
  const std::vector<NvdlaLayer> layers = read_nvdla_layers(file);
  REQUIRE(layers.size() > 200);
  for (const NvdlaLayer& layer : layers) {
    const ChipSpec row_chip = with_row_memory(chip, layer);
    const Program program = nvdla_program(row_chip, layer);
    const auto error = [&](Cycles cycles) {
      return std::abs(static_cast<double>(cycles.value - layer.cycles)) /
             static_cast<double>(layer.cycles);
    };
    sum += error(simulate(row_chip, program).total);
    ideal += error(simulate(row_chip, program, {.ideal_memory = true}).total);
  }
  CHECK(100 * sum / static_cast<double>(layers.size()) <= 3.0);
  CHECK_MESSAGE(ideal > 5 * sum, "the memory model carries the agreement, not the formulas alone");
}

}  // namespace
}  // namespace presil
