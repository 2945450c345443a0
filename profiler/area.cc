#include "profiler/area.h"

#include <algorithm>

#include "core/error.h"
#include "core/yaml_reader.h"
#include "sim/run.h"

namespace presil {

namespace {

constexpr double kMm2PerUm2 = 1e-6;
constexpr Range kPositive{.min = 0, .max = 1e9, .above = true};
constexpr Range kNotNegative{.min = 0, .max = 1e9};

double mac_um2(const PrecisionMode& mode, const AreaSpec& area) {
  const Precision wider =
      bits_of(mode.weights) > bits_of(mode.activations) ? mode.weights : mode.activations;
  const auto found = area.mac_um2.find(name_of(wider));
  if (found == area.mac_um2.end())
    throw Error("area technology {}: mac_um2 has no '{}', which the chip computes in; add it",
                area.name, name_of(wider));
  return found->second;
}

}  // namespace

AreaSpec load_area(const std::filesystem::path& file) {
  YamlMap map(file.string(), "", load_yaml_file(file));
  AreaSpec area{.name = map.text("name"),
                .description = map.text("description", ""),
                .chip_mm2 = map.number("chip_mm2", kNotNegative, 0),
                .core_mm2 = map.number("core_mm2", kNotNegative)};
  for (const auto& [precision, um2] : map.map("mac_um2").numbers(kPositive)) {
    if (!precision_from_name(precision))
      map.fail("mac_um2",
               fmt::format("'{}' is no precision; known: int4, int8, int16, int32, fp16, "
                           "bf16, fp32",
                           precision));
    area.mac_um2[precision] = um2;
  }
  area.sram_um2_per_kib = map.number("sram_um2_per_kib", kPositive);
  area.sram_um2_per_port_byte = map.number("sram_um2_per_port_byte", kNotNegative);
  area.vector_lane_um2 = map.number("vector_lane_um2", kNotNegative);
  map.finish();
  return area;
}

Json json_of(const AreaSpec& area) {
  return {{"name", area.name},
          {"chip_mm2", area.chip_mm2},
          {"core_mm2", area.core_mm2},
          {"mac_um2", area.mac_um2},
          {"sram_um2_per_kib", area.sram_um2_per_kib},
          {"sram_um2_per_port_byte", area.sram_um2_per_port_byte},
          {"vector_lane_um2", area.vector_lane_um2}};
}

ChipArea area_of(const ChipSpec& chip, const AreaSpec& area) {
  const auto cores = static_cast<double>(chip.cores);
  ChipArea result{.core = area.chip_mm2 + cores * area.core_mm2};
  for (std::size_t m = 0; m < chip.mac_array.modes.size(); ++m)
    result.mac = std::max(result.mac, peak_macs_per_cycle(chip, static_cast<int>(m)) *
                                          mac_um2(chip.mac_array.modes[m], area) * kMm2PerUm2);
  result.sram = cores * (chip.sram.kib + chip.mac_array.accumulators_kib) * area.sram_um2_per_kib *
                kMm2PerUm2;
  result.ports = cores * static_cast<double>(chip.sram.banks) * chip.sram.bank_bytes_per_cycle *
                 area.sram_um2_per_port_byte * kMm2PerUm2;
  result.vector =
      cores * static_cast<double>(chip.vector_unit.lanes) * area.vector_lane_um2 * kMm2PerUm2;
  return result;
}

}  // namespace presil
