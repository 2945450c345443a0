#pragma once
// Many networks on one or more chips, in worker processes: a row each, whatever becomes of it.

#include <cstddef>
#include <string>
#include <vector>

#include "hw/chip_spec.h"
#include "models/import.h"
#include "sim/run.h"

namespace presil::cli {

struct ListOptions {
  std::vector<std::string> models;  ///< built-in names and paths
  std::vector<ChipSpec> chips;
  ChipOverrides overrides;  ///< as the chips were loaded with
  ImportOptions import;
  RunOptions run;
  int workers = 1;
  double seconds_a_run = 0;  ///< 0: no limit
  std::string csv;           ///< file, "-" for stdout, "" for none
};

/// One model a line: a built-in name, or a path relative to the list; '#' starts a comment. Throws
/// Error if the file cannot be read or names no model.
std::vector<std::string> read_model_list(const std::string& file);

/// Runs every model on every chip (the chips of a model follow each other), writes the CSV and
/// prints a table, unless the CSV goes to stdout. Both are the same for any number of workers.
/// Throws Error, after everything is written, if runs failed.
void simulate_list(const ListOptions& options);

}  // namespace presil::cli
