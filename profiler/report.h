#pragma once
// What every form of a report says about one run, whatever it is printed as.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hw/chip_spec.h"
#include "models/graph.h"
#include "profiler/what_if.h"
#include "sim/run.h"

namespace presil {

struct CpuSpec;

/// One run and where it came from. All members outlive the report.
struct Report {
  const Graph& graph;
  const ChipSpec& chip;
  const RunOptions& options;
  const RunResult& run;
  std::string model;                 ///< as the user named it: a file or a built-in name
  ChipOverrides overrides;           ///< --set
  std::string version;               ///< of presil
  std::vector<WhatIf> what_if = {};  ///< if it was asked for
  const CpuSpec* cpu = nullptr;      ///< to compare with, if any (profiler/cpu_baseline.h)
};

/// The spellings of every table and file.
std::string_view name_of(Engine engine);
std::string_view name_of(Stall stall);
std::string_view name_of(Traffic traffic);

/// The first inference's critical path, in the order of Bound; adds up to its latency.
std::vector<Cycles> cycles_by_bound(const RunResult& run);

/// An operator that ran on the host.
struct HostOp {
  std::string name;
  std::string type;  ///< as the file spells it
  Cycles latency;    ///< of its group
};
std::vector<HostOp> host_ops(const Report& report);

/// Names of the groups as a table can show them: the first and the last stage's, without what a
/// converter joined behind a ';' and the path components that most groups have. Not unique.
std::vector<std::string> short_names(const RunResult& run);

/// Bytes of all constants in the types they have on the chip.
Bytes parameter_bytes_as_run(const Report& report);

/// How a group multiplies ("int8 x int8": weights, activations); "" if it does not.
std::string precision_of(const Report& report, std::size_t group);
/// Kinds of the operators that give a group its stages, without what is fused behind them.
std::string main_kinds(const Report& report, std::size_t group);
/// Peak rate of all cores in the chip's first precision mode; multiply and add are two operations.
double peak_tops(const ChipSpec& chip);
/// Over the whole run, of energy_pj.
double average_milliwatts(const RunResult& run);

}  // namespace presil
