#pragma once
// What a difference of energy an inference means for all the devices in the field.

#include <optional>
#include <string>

#include "profiler/cpu_baseline.h"
#include "profiler/report_json.h"

namespace presil {

struct FleetOptions {
  double inferences_per_day = 0, users = 0;
  std::optional<double> grid_gco2_per_kwh;
};

/// A chip against a CPU. Energies in picojoules an inference (of one image), kWh a year of all
/// users.
struct Fleet {
  std::string model, chip;
  CpuSpec cpu;
  FleetOptions options;
  double chip_latency_us = 0, chip_energy_pj = 0;
  double cpu_latency_us = 0, cpu_energy_pj = 0;

  double inferences_per_year() const {
    constexpr double kDays = 365;
    return options.inferences_per_day * options.users * kDays;
  }
  double kwh_per_year(double energy_pj) const {
    constexpr double kPicojoulesPerKwh = 3.6e18;
    return energy_pj * inferences_per_year() / kPicojoulesPerKwh;
  }
  double saved_kwh_per_year() const { return kwh_per_year(cpu_energy_pj - chip_energy_pj); }
};

/// Throws Error naming the chip if its file gives no energy.
Fleet fleet_of(const CpuSpec& cpu, const Report& report, const FleetOptions& options);

/// The table, and every assumption.
std::string fleet_text(const Fleet& fleet);
/// The document `kind: fleet` of docs/json_schema.md.
Json fleet_json(const Fleet& fleet);

}  // namespace presil
