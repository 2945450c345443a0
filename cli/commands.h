#pragma once
// One function a subcommand: adds its options to the command line and what runs when it is chosen.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "hw/chip_spec.h"

namespace presil::cli {

void add_chips_command(CLI::App& app);
void add_validate_command(CLI::App& app);
void add_simulate_command(CLI::App& app);
void add_compile_command(CLI::App& app);

/// The folder of chip files: `PRESIL_CHIPS`, else chips/ of the source tree.
std::filesystem::path chips_folder();
/// Splits `key=value` arguments of --set. Throws Error for one without '='.
ChipOverrides parse_overrides(const std::vector<std::string>& arguments);

}  // namespace presil::cli
