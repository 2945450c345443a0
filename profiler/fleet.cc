#include "profiler/fleet.h"

#include <fmt/format.h>

#include <cmath>

#include "core/error.h"
#include "profiler/quantity_text.h"
#include "profiler/text_table.h"

namespace presil {

namespace {

/// "12,300 kWh", "0.123 kWh".
std::string kwh_text(double kwh) { return three_digits(kwh) + " kWh"; }

std::string assumptions_of(const Fleet& fleet) {
  const FleetOptions& options = fleet.options;
  std::string text = "assumptions\n";
  const auto add = [&](const std::string& line) { text += wrapped("- " + line, 2) + "\n"; };
  add(fmt::format("{} inferences a day x {} users x 365 days = {} inferences a year",
                  with_thousands(std::llround(options.inferences_per_day)),
                  with_thousands(std::llround(options.users)),
                  three_digits(fleet.inferences_per_year())));
  add(
      fmt::format("chip: simulated, with the energy_pj of {}; the chip and its memories while "
                  "it works; no idle time between inferences, no host",
                  fleet.chip));
  add(fmt::format(
      "CPU: {} ({}), a closed form over the operators, not simulated: docs/profiling.md",
      fleet.cpu.description, fleet.cpu.source));
  std::string prices;
  if (fleet.cpu.power_mw > 0)
    prices = fmt::format("{} while it computes", power_text(fleet.cpu.power_mw));
  if (fleet.cpu.mac_pj.begin()->second > 0)
    prices += fmt::format("{}{} a byte of memory and a price for each multiply-accumulate",
                          prices.empty() ? "" : ", ", energy_text(fleet.cpu.memory_byte_pj));
  add(fmt::format(
      "CPU energy: {}; what the rest of the device takes is the same in both and left out",
      prices));
  add("1 kWh = 3.6e18 pJ; charging and supply losses are not counted");
  if (options.grid_gco2_per_kwh)
    add(fmt::format("{} g CO2 a kWh, as given; only use, not manufacture",
                    three_digits(*options.grid_gco2_per_kwh)));
  return text;
}

}  // namespace

Fleet fleet_of(const CpuSpec& cpu, const Report& report, const FleetOptions& options) {
  const RunResult& run = report.run;
  const double energy = run.energy.total.total().value;
  if (!(energy > 0))
    throw Error(
        "chip {}: its file gives no energy_pj, so there is nothing to compare; fill it in "
        "(docs/chip_yaml.md)",
        run.chip);
  const CpuCost cost = cpu_cost(cpu, report);
  const auto batch = static_cast<double>(run.batch);
  return {.model = report.model,
          .chip = run.chip,
          .cpu = cpu,
          .options = options,
          .chip_latency_us = run.microseconds(run.latency) / batch,
          .chip_energy_pj = energy / static_cast<double>(run.inferences) / batch,
          .cpu_latency_us = cost.latency_us / batch,
          .cpu_energy_pj = cost.energy_pj / batch};
}

std::string fleet_text(const Fleet& fleet) {
  TextTable table({{.title = ""},
                   {.title = "latency", .right = true},
                   {.title = "energy an inference", .right = true},
                   {.title = "a year", .right = true}});
  const auto add = [&](const std::string& name, double us, double pj) {
    table.add({name, time_text(us), energy_text(pj), kwh_text(fleet.kwh_per_year(pj))});
  };
  add(fleet.chip, fleet.chip_latency_us, fleet.chip_energy_pj);
  add(fleet.cpu.name, fleet.cpu_latency_us, fleet.cpu_energy_pj);
  const double saved = fleet.saved_kwh_per_year();
  std::string text = fmt::format("{} on {} and on {}\n\n{}\n", fleet.model, fleet.chip,
                                 fleet.cpu.name, table.text());
  const double per_inference = fleet.cpu_energy_pj - fleet.chip_energy_pj;
  text += fmt::format("{} {} {} an inference, {} a year: {:.3g} times {} energy\n", fleet.chip,
                      saved >= 0 ? "saves" : "costs", energy_text(std::abs(per_inference)),
                      kwh_text(std::abs(saved)),
                      saved >= 0 ? fleet.cpu_energy_pj / fleet.chip_energy_pj
                                 : fleet.chip_energy_pj / fleet.cpu_energy_pj,
                      saved >= 0 ? "less" : "more");
  if (fleet.options.grid_gco2_per_kwh)
    text += fmt::format("that is {} kg CO2 a year\n",
                        three_digits(std::abs(saved) * *fleet.options.grid_gco2_per_kwh / 1000));
  return text + "\n" + assumptions_of(fleet);
}

Json fleet_json(const Fleet& fleet) {
  Json grid, kg;
  if (fleet.options.grid_gco2_per_kwh) {
    grid = *fleet.options.grid_gco2_per_kwh;
    kg = fleet.saved_kwh_per_year() * *fleet.options.grid_gco2_per_kwh / 1000;
  }
  return {{"schema_version", kJsonSchemaVersion},
          {"kind", "fleet"},
          {"model", fleet.model},
          {"chip", fleet.chip},
          {"cpu", fleet.cpu.name},
          {"cpu_source", fleet.cpu.source},
          {"inferences_per_day", fleet.options.inferences_per_day},
          {"users", fleet.options.users},
          {"inferences_per_year", fleet.inferences_per_year()},
          {"chip_latency_us", fleet.chip_latency_us},
          {"chip_energy_pj", fleet.chip_energy_pj},
          {"cpu_latency_us", fleet.cpu_latency_us},
          {"cpu_energy_pj", fleet.cpu_energy_pj},
          {"chip_kwh_per_year", fleet.kwh_per_year(fleet.chip_energy_pj)},
          {"cpu_kwh_per_year", fleet.kwh_per_year(fleet.cpu_energy_pj)},
          {"saved_kwh_per_year", fleet.saved_kwh_per_year()},
          {"grid_gco2_per_kwh", grid},
          {"saved_kg_co2_per_year", kg}};
}

}  // namespace presil
