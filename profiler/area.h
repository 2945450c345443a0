#pragma once
// How large a chip would be, before it exists: silicon area from its YAML and a technology file.
//
// mm2, by part:
// - core: chip_mm2 + cores x core_mm2.
// - mac: the array is shared by its precision modes, so that the one that needs most decides:
//   max over modes of (multiply-accumulates a cycle x mac_um2 of the wider operand), all cores.
// - sram: cores x (sram.kib + accumulators.kib) x sram_um2_per_kib.
// - ports: cores x banks x bank_bytes_per_cycle x sram_um2_per_port_byte.
// - vector: cores x lanes x vector_lane_um2.
// What is not counted: memories outside SRAM and their controllers, the host, place and route
// (chips/area/*.yaml say where the constants come from and what is assumed).

#include <filesystem>
#include <map>
#include <string>

#include "hw/chip_spec.h"
#include "profiler/report_json.h"

namespace presil {

/// A technology: chips/area/*.yaml.
struct AreaSpec {
  std::string name, description;
  double chip_mm2 = 0, core_mm2 = 0;
  std::map<std::string, double, std::less<>> mac_um2;  ///< by precision
  double sram_um2_per_kib = 0, sram_um2_per_port_byte = 0;
  double vector_lane_um2 = 0;
};

/// Throws Error: file, line, key, rule, value.
AreaSpec load_area(const std::filesystem::path& file);

/// Its name and constants.
Json json_of(const AreaSpec& area);

/// All in mm2.
struct ChipArea {
  double core = 0, mac = 0, sram = 0, ports = 0, vector = 0;
  double total() const { return core + mac + sram + ports + vector; }
};

/// Throws Error naming the technology's file if it has no mac_um2 for a precision of the chip.
ChipArea area_of(const ChipSpec& chip, const AreaSpec& area);

}  // namespace presil
