#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "cli/commands.h"
#include "cli/data_files.h"
#include "core/error.h"
#include "profiler/area.h"

namespace presil::cli {

namespace {

/// Multiply and add count as two operations.
double peak_tops(const ChipSpec& chip, const PrecisionMode& mode) {
  return 2e-6 *
         static_cast<double>(chip.cores * mode.parallelism_factor * mode.dot_length *
                             chip.mac_array.pixels) *
         mode.steps_per_cycle * chip.clock_mhz;
}

std::vector<std::filesystem::path> chip_files() {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(chips_folder(), error))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  if (error)
    throw Error("{}: the folder of chips cannot be read: {}; set PRESIL_CHIPS",
                chips_folder().string(), error.message());
  std::sort(files.begin(), files.end());
  return files;
}

void list_chips() {
  fmt::print("{:<16} {:>5} {:>6} {:>9} {:>9} {:>10} {:>9}  {}\n", "chip", "cores", "MHz", "array",
             "peak TOPS", "SRAM KiB", "GB/s", "what");
  for (const auto& file : chip_files()) {
    const ChipSpec chip = load_chip(file);
    const PrecisionMode& mode = chip.mac_array.modes.front();
    fmt::print("{:<16} {:>5} {:>6} {:>9} {:>9.2f} {:>10} {:>9.1f}  {}\n", chip.name, chip.cores,
               chip.clock_mhz, fmt::format("{}x{}", mode.parallelism_factor, mode.dot_length),
               peak_tops(chip, mode), chip.sram.kib,
               chip.memories.back().bytes_per_cycle * chip.clock_mhz / 1000, chip.description);
  }
}

void show_chip(const std::string& name, const ChipOverrides& overrides) {
  const ChipSpec chip = load_chip(find_chip(name, chips_folder()), overrides);
  fmt::print("{}: {}\n  clock {} MHz, {} core(s), hash {}\n", chip.name, chip.description,
             chip.clock_mhz, chip.cores, chip.hash());
  fmt::print("  {:<14} {:>8} {:>8} {:>11} {:>10}\n", "weights x acts", "outputs", "dot",
             "steps/cycle", "peak TOPS");
  for (const PrecisionMode& mode : chip.mac_array.modes)
    fmt::print("  {:<14} {:>8} {:>8} {:>11} {:>10.2f}\n",
               fmt::format("{} x {}", name_of(mode.weights), name_of(mode.activations)),
               mode.parallelism_factor, mode.dot_length, mode.steps_per_cycle,
               peak_tops(chip, mode));
  fmt::print("  SRAM {} KiB a core in {} banks of {} bytes a cycle\n", chip.sram.kib,
             chip.sram.banks, chip.sram.bank_bytes_per_cycle);
  for (const MemorySpec& memory : chip.memories)
    fmt::print("  memory {}: {:.3g} bytes a cycle ({:.3g} GB/s), latency {:.4g} cycles\n",
               memory.name, memory.bytes_per_cycle, memory.bytes_per_cycle * chip.clock_mhz / 1000,
               memory.latency_cycles);
  const AreaSpec technology = load_area(find_data_file("--area", "area", "16nm"));
  const ChipArea area = area_of(chip, technology);
  fmt::print(
      "  area {:.3g} mm2 in {}: arrays {:.3g}, SRAM {:.3g}, its ports {:.3g}, vector units {:.3g}, "
      "rest {:.3g} (docs/profiling.md)\n",
      area.total(), technology.name, area.mac, area.sram, area.ports, area.vector, area.core);
}

constexpr const char* kHelp = R"(Examples:
  presil chips                                 the chips, their arrays and peak rates
  presil chips ne-base --set sram.kib=512      one chip file, with a key changed)";

}  // namespace

std::filesystem::path chips_folder() {
  const char* folder = std::getenv("PRESIL_CHIPS");
  return folder != nullptr ? std::filesystem::path(folder)
                           : std::filesystem::path(PRESIL_SOURCE_DIR) / "chips";
}

std::vector<std::string> chip_names() {
  std::vector<std::string> names;
  for (const auto& file : chip_files()) names.push_back(file.stem().string());
  return names;
}

CLI::Option* add_repeatable(CLI::App& command, const std::string& name,
                            std::vector<std::string>& values, const std::string& help) {
  return command.add_option(name, values, help)->allow_extra_args(false);
}

ChipOverrides parse_overrides(const std::vector<std::string>& arguments) {
  ChipOverrides overrides;
  for (const std::string& argument : arguments) {
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Error("--set {}: must be key=value, e.g. --set sram.kib=512", argument);
    overrides.emplace_back(argument.substr(0, equals), argument.substr(equals + 1));
  }
  return overrides;
}

void add_chips_command(CLI::App& app) {
  struct Options {
    std::string name;
    std::vector<std::string> set;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("chips", "List the chips, or show one");
  command->add_option("chip", options->name, "Name or YAML file");
  command->footer(kHelp);
  add_repeatable(*command, "--set", options->set, "Override a key: sram.kib=512");
  command->callback([options] {
    if (options->name.empty())
      list_chips();
    else
      show_chip(options->name, parse_overrides(options->set));
  });
}

}  // namespace presil::cli
