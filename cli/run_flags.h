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

/// --precision, --precision-map, --inference, --batch, --inferences and the ablations.
struct RunFlags {
  std::string precision, precision_map, inference = "first";
  std::int64_t batch = 1, inferences = 1;
  bool ideal_memory = false, no_contention = false;

  void add_to(CLI::App& command);
  /// Throws Error naming the option and what it may be.
  RunOptions options(bool host_ops) const;
};

}  // namespace presil::cli
