#include "profiler/area.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "core/error.h"
#include "core/output_file.h"

namespace presil {
namespace {

ChipSpec chip_named(const std::string& name, const ChipOverrides& overrides = {}) {
  return load_chip(fmt::format("{}/chips/{}.yaml", PRESIL_SOURCE_DIR, name), overrides);
}

AreaSpec technology() { return load_area(PRESIL_SOURCE_DIR "/chips/area/16nm.yaml"); }

TEST_CASE("an area is the sum of its parts, written out") {
  const AreaSpec area{.name = "t",
                      .chip_mm2 = 1,
                      .core_mm2 = 0.5,
                      .mac_um2 = {{"int8", 1000}, {"int16", 2500}, {"fp16", 1500}, {"bf16", 1}},
                      .sram_um2_per_kib = 100,
                      .sram_um2_per_port_byte = 10,
                      .vector_lane_um2 = 50};
  const ChipArea sum = area_of(chip_named("ne-base"), area);
  CHECK(sum.core == doctest::Approx(1 + 0.5));
  // int8: 2048 x 1000; int16 has half the multipliers at 2.5 times the area, and decides.
  CHECK(sum.mac == doctest::Approx(1024 * 2500e-6));
  CHECK(sum.sram == doctest::Approx((1024 + 64) * 100e-6));
  CHECK(sum.ports == doctest::Approx(16 * 16 * 10e-6));
  CHECK(sum.vector == doctest::Approx(64 * 50e-6));
  CHECK(sum.total() == doctest::Approx(sum.core + sum.mac + sum.sram + sum.ports + sum.vector));
}

TEST_CASE("the 16 nm technology meets NVDLA's published areas within 10 %") {
  // nvdla.org primer: MACs, KiB of buffer, mm2 in 16 nm. Two bytes a cycle of ports for a KiB.
  const double published[][3] = {{2048, 512, 3.3}, {1024, 256, 1.8}, {512, 256, 1.4},
                                 {256, 256, 1.0},  {128, 256, 0.84}, {64, 128, 0.55},
                                 {32, 128, 0.51}};
  const AreaSpec area = technology();
  for (const auto& [macs, kib, mm2] : published) {
    CAPTURE(macs);
    const double predicted =
        area.core_mm2 + (macs * area.mac_um2.at("int8") + kib * area.sram_um2_per_kib +
                         2 * kib * area.sram_um2_per_port_byte) *
                            1e-6;
    CHECK(std::abs(predicted / mm2 - 1) < 0.1);
  }
}

TEST_CASE("the chips that come with presil have plausible areas") {
  const AreaSpec area = technology();
  // The chip files' idle power assumes about 1, 4 and 20 mm2.
  CHECK(area_of(chip_named("ne-nano"), area).total() == doctest::Approx(1).epsilon(0.3));
  CHECK(area_of(chip_named("ne-base"), area).total() == doctest::Approx(4).epsilon(0.3));
  CHECK(area_of(chip_named("ne-max"), area).total() == doctest::Approx(20).epsilon(0.5));
}

TEST_CASE("more of anything is not smaller") {
  const AreaSpec area = technology();
  const double base = area_of(chip_named("ne-base"), area).total();
  for (const auto& [key, value] : ChipOverrides{{"mac_array.parallelism_factor", "64"},
                                                {"mac_array.dot_length", "128"},
                                                {"sram.kib", "2048"},
                                                {"sram.bank_bytes_per_cycle", "32"},
                                                {"vector_unit.lanes", "128"},
                                                {"cores", "2"}}) {
    CAPTURE(key);
    CHECK(area_of(chip_named("ne-base", {{key, value}}), area).total() > base);
  }
}

TEST_CASE("a technology file that is wrong says where and why") {
  const std::string path = (std::filesystem::temp_directory_path() / "presil_area.yaml").string();
  const auto message = [&](const std::string& text) -> std::string {
    write_file(path, text);
    try {
      area_of(chip_named("ne-base"), load_area(path));
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const std::string rest =
      "\nsram_um2_per_kib: 1\nsram_um2_per_port_byte: 1\nvector_lane_um2: 1\ncore_mm2: 1\n";
  CHECK(message("name: t\nmac_um2: {int8: -1}" + rest).find(":2: mac_um2.int8: must be > 0") !=
        std::string::npos);
  CHECK(message("name: t\nmac_um2: {int7: 1}" + rest).find("'int7' is no precision") !=
        std::string::npos);
  CHECK(message("name: t\nmac_um2: {int8: 1}" + rest).find("mac_um2 has no 'int16'") !=
        std::string::npos);
  CHECK(message("name: t\nmac_um: {int8: 1}" + rest).find("mac_um2") != std::string::npos);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace presil
