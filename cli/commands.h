#pragma once
// One function a subcommand: adds its options to the command line and what runs when it is chosen.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "hw/chip_spec.h"

namespace presil::cli {

void add_simulate_command(CLI::App& app);
void add_sweep_command(CLI::App& app);
void add_diff_command(CLI::App& app);
void add_fleet_command(CLI::App& app);
void add_run_command(CLI::App& app);
void add_models_command(CLI::App& app);
void add_chips_command(CLI::App& app);
void add_validate_command(CLI::App& app);
void add_compile_command(CLI::App& app);
void add_search_command(CLI::App& app);
void add_curate_command(CLI::App& app);
void add_advise_command(CLI::App& app);
void add_collect_command(CLI::App& app);
void add_merge_command(CLI::App& app);
void add_train_command(CLI::App& app);
void add_estimate_command(CLI::App& app);
void add_compare_command(CLI::App& app);
/// Last: it describes the others.
void add_completion_command(CLI::App& app);

/// The folder of chip files: `PRESIL_CHIPS`, else chips/ of the source tree.
std::filesystem::path chips_folder();
/// Names of the chips in chips_folder(), sorted.
std::vector<std::string> chip_names();
/// Splits `key=value` arguments of --set. Throws Error for one without '='.
ChipOverrides parse_overrides(const std::vector<std::string>& arguments);

/// Adds `--name VALUE` that may be given many times, each with one value (so that what follows is
/// not swallowed).
CLI::Option* add_repeatable(CLI::App& command, const std::string& name,
                            std::vector<std::string>& values, const std::string& help);

}  // namespace presil::cli
