#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "cli/commands.h"
#include "core/error.h"
#include "hw/simulate.h"
#include "sim/nvdla_layer.h"

namespace presil::cli {

namespace {

/// One reference row beside what the machine says.
struct Compared {
  NvdlaLayer layer;
  std::int64_t predicted = 0, ideal_memory = 0, no_contention = 0;

  double error() const { return relative(predicted); }
  double relative(std::int64_t cycles) const {
    return static_cast<double>(cycles - layer.cycles) / static_cast<double>(layer.cycles);
  }
};

Compared compare(const ChipSpec& chip, const NvdlaLayer& layer) {
  const ChipSpec row_chip = with_row_memory(chip, layer);
  const Program program = nvdla_program(row_chip, layer);
  return {.layer = layer,
          .predicted = simulate(row_chip, program).total.value,
          .ideal_memory = simulate(row_chip, program, {.ideal_memory = true}).total.value,
          .no_contention = simulate(row_chip, program, {.no_contention = true}).total.value};
}

/// Mean of |error| over rows, with `cycles` choosing whose.
template <typename Pick>
double mape(const std::vector<Compared>& rows, Pick cycles) {
  double sum = 0;
  for (const Compared& row : rows) sum += std::abs(row.relative(cycles(row)));
  return 100 * sum / static_cast<double>(rows.size());
}

/// The value below which `share` of the rows' absolute errors lie, in percent (nearest rank).
double percentile(const std::vector<Compared>& rows, double share) {
  std::vector<double> errors;
  for (const Compared& row : rows) errors.push_back(100 * std::abs(row.error()));
  std::sort(errors.begin(), errors.end());
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(errors.size())));
  return errors[std::max<std::size_t>(rank, 1) - 1];
}

void print_groups(const std::vector<Compared>& rows) {
  std::map<std::string, std::vector<Compared>> groups;
  for (const Compared& row : rows) groups[row.layer.group].push_back(row);
  fmt::print("{:<8} {:>5} {:>7} {:>7}\n", "group", "rows", "MAPE %", "worst %");
  for (const auto& [name, members] : groups)
    fmt::print("{:<8} {:>5} {:>7.2f} {:>7.2f}\n", name, members.size(),
               mape(members, [](const Compared& row) { return row.predicted; }),
               percentile(members, 1));
}

void print_worst(std::vector<Compared> rows) {
  std::stable_sort(rows.begin(), rows.end(), [](const Compared& a, const Compared& b) {
    return std::abs(a.error()) > std::abs(b.error());
  });
  fmt::print("\n{:<6} {:<6} {:<6} {:<14} {:>5} {:>4} {:>8} {:>6} {:>9} {:>9} {:>7}\n", "row",
             "group", "type", "HxWxC", "K", "RxS", "latency", "bus B", "measured", "presil",
             "error %");
  for (std::size_t i = 0; i < std::min<std::size_t>(10, rows.size()); ++i) {
    const NvdlaLayer& layer = rows[i].layer;
    fmt::print("{:<6} {:<6} {:<6} {:<14} {:>5} {:>4} {:>8} {:>6} {:>9} {:>9} {:>+7.2f}\n", layer.id,
               layer.group, name_of(layer.precision),
               fmt::format("{}x{}x{}", layer.height, layer.width, layer.channels), layer.outputs,
               fmt::format("{}x{}", layer.kernel_h, layer.kernel_w), layer.rd_latency,
               layer.bus_bytes_per_cycle, layer.cycles, rows[i].predicted, 100 * rows[i].error());
  }
}

void validate_nvdla(const std::string& file, const std::string& chip_name) {
  const ChipSpec chip = load_chip(find_chip(chip_name, chips_folder()));
  std::vector<Compared> rows;
  for (const NvdlaLayer& layer : read_nvdla_layers(file)) rows.push_back(compare(chip, layer));
  if (rows.empty()) throw Error("{}: has no rows to compare", file);
  fmt::print("NVDLA v1 RTL against presil on {}: total cycles of {} layers\n\n", chip.name,
             rows.size());
  print_groups(rows);
  fmt::print(
      "\nall: MAPE {:.2f} %, median {:.2f} %, 95 % of rows within {:.2f} %, worst {:.2f} %\n",
      mape(rows, [](const Compared& row) { return row.predicted; }), percentile(rows, 0.5),
      percentile(rows, 0.95), percentile(rows, 1));
  fmt::print("ablation: MAPE {:.2f} % with ideal memory, {:.2f} % without contention\n",
             mape(rows, [](const Compared& row) { return row.ideal_memory; }),
             mape(rows, [](const Compared& row) { return row.no_contention; }));
  print_worst(std::move(rows));
}

constexpr const char* kHelp = R"(Examples:
  presil validate nvdla nvdla_rtl_dev.csv      total cycles against the RTL's, by group of layers)";

}  // namespace

void add_validate_command(CLI::App& app) {
  struct Options {
    std::string file, chip = "nvdla-full";
  };
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("validate", "Hold the machine against measurements of real hardware");
  command->require_subcommand(1);
  CLI::App* nvdla = command->add_subcommand("nvdla", "NVDLA v1 RTL cycle counts, a layer a row");
  nvdla->add_option("file", options->file, "CSV as in ../shared/validation/nvdla")->required();
  nvdla->add_option("--chip", options->chip, "Chip name or file")->capture_default_str();
  for (CLI::App* each : {command, nvdla}) each->footer(kHelp);
  nvdla->callback([options] { validate_nvdla(options->file, options->chip); });
}

}  // namespace presil::cli
