#include "profiler/report_csv.h"

#include <fmt/format.h>

namespace presil {

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    if (c > 0) line += ",";
    if (cells[c].find_first_of(",\"\n\r") == std::string::npos) {
      line += cells[c];
      continue;
    }
    line += '"';
    for (const char letter : cells[c])
      line += letter == '"' ? std::string("\"\"") : std::string(1, letter);
    line += '"';
  }
  return line + "\n";
}

std::string report_csv(const Report& report) {
  const RunResult& run = report.run;
  std::string csv =
      csv_line({"group", "name", "kinds", "shape", "precision", "latency_cycles", "latency_us",
                "share", "macs", "macs_executed", "utilisation", "bound_by", "on_host",
                "memory_read_bytes", "memory_write_bytes", "sram_in_use_bytes", "energy_pj"});
  for (std::size_t g = 0; g < run.groups.size(); ++g) {
    const GroupResult& group = run.groups[g];
    const double share = run.latency.value == 0 ? 0
                                                : static_cast<double>(group.latency.value) /
                                                      static_cast<double>(run.latency.value);
    csv += csv_line(
        {fmt::format("{}", g + 1), group.name, group.kind, group.shape, precision_of(report, g),
         fmt::format("{}", group.latency.value), fmt::format("{}", run.microseconds(group.latency)),
         fmt::format("{:.6f}", share), fmt::format("{}", group.macs.value),
         fmt::format("{}", group.macs_executed.value), fmt::format("{:.6f}", group.utilisation),
         std::string(name_of(group.bound)), group.on_host ? "true" : "false",
         fmt::format("{}", group.memory_read.value), fmt::format("{}", group.memory_written.value),
         fmt::format("{}", group.sram_in_use.value),
         fmt::format("{}", group.energy.total().value)});
  }
  return csv;
}

}  // namespace presil
