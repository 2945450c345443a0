#pragma once
// The options of every subcommand that reads a network, and of every one that runs it.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "models/import.h"
#include "sim/run.h"

namespace presil::cli {

/// --input, --host-ops.
struct ImportFlags {
  std::vector<std::string> inputs;
  bool host_ops = false;

  void add_to(CLI::App& command);
  /// Throws Error for an --input that is no name=AxBxC, or is given twice.
  ImportOptions options() const;
};

/// --precision, --precision-map, --inference, --batch, --inferences, --mapping.
struct CompileFlags {
  std::string precision, precision_map, inference = "first", mapping;
  std::int64_t batch = 1, inferences = 1;

  void add_to(CLI::App& command);
  /// Throws Error naming the option and what it may be.
  CompileOptions options(bool host_ops) const;
};

/// --ideal-memory, --no-contention.
struct AblationFlags {
  SimulateOptions options;

  void add_to(CLI::App& command);
};

}  // namespace presil::cli
