#include "profiler/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace presil {

namespace {

using Path = std::vector<std::string>;

/// The components of an operator's name that say something new, without what a converter joined
/// behind a ';'.
Path path_of(const std::string& joined) {
  const std::string name = joined.substr(0, joined.find(';'));
  Path parts;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string part = name.substr(begin, end - begin);
    // PyTorch repeats the path: "block/block.2/block.2.0".
    if (!parts.empty() && part.starts_with(parts.back() + ".")) parts.pop_back();
    if (!part.empty()) parts.push_back(part);
    begin = end + 1;
  }
  return parts;
}

/// Those that more than half of the paths have; none of a few paths.
std::set<std::string> common_components(const std::vector<Path>& paths) {
  constexpr std::size_t kFewPaths = 4;
  std::map<std::string, std::size_t> count;
  for (const Path& path : paths)
    for (const std::string& part : std::set<std::string>(path.begin(), path.end())) ++count[part];
  std::set<std::string> common;
  for (const auto& [part, n] : count)
    if (paths.size() >= kFewPaths && 2 * n > paths.size()) common.insert(part);
  return common;
}

/// All of it if nothing else would be left.
Path without(const Path& path, const std::set<std::string>& common) {
  Path rest;
  for (const std::string& part : path)
    if (common.count(part) == 0) rest.push_back(part);
  return rest.empty() ? path : rest;
}

}  // namespace

std::string_view name_of(Engine engine) {
  switch (engine) {
    case Engine::kMac:
      return "mac";
    case Engine::kVector:
      return "vector";
    case Engine::kDma:
      return "dma";
    case Engine::kHost:
      return "host";
  }
  return "";
}

std::string_view name_of(Stall stall) {
  switch (stall) {
    case Stall::kDependency:
      return "dependency";
    case Stall::kDma:
      return "dma";
    case Stall::kBankConflict:
      return "bank_conflict";
    case Stall::kFillDrain:
      return "fill_drain";
    case Stall::kWeightLoad:
      return "weight_load";
    case Stall::kOutputLimit:
      return "output_limit";
    case Stall::kIssue:
      return "issue";
    case Stall::kIdle:
      return "idle";
  }
  return "";
}

std::string_view name_of(Traffic traffic) {
  switch (traffic) {
    case Traffic::kInput:
      return "input";
    case Traffic::kWeights:
      return "weights";
    case Traffic::kOutput:
      return "output";
    case Traffic::kSpill:
      return "spill";
  }
  return "";
}

std::vector<Cycles> cycles_by_bound(const RunResult& run) {
  std::vector<Cycles> cycles(kBoundCount);
  for (const GroupResult& group : run.groups)
    for (std::size_t b = 0; b < kBoundCount; ++b) cycles[b] += Cycles(group.critical[b]);
  return cycles;
}

std::vector<HostOp> host_ops(const Report& report) {
  std::vector<HostOp> ops;
  const auto& groups = report.run.compiled.network.groups;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (!report.run.groups[g].on_host) continue;
    const Op& op = report.graph.op(groups[g].stages.front().op);
    const auto* host = std::get_if<HostAttrs>(&op.attrs);
    ops.push_back({.name = op.name,
                   .type = host != nullptr ? host->type : std::string(op_info(op.kind).name),
                   .latency = report.run.groups[g].latency});
  }
  return ops;
}

std::vector<std::string> short_names(const RunResult& run) {
  const auto& groups = run.compiled.network.groups;
  std::vector<Path> first, last;  // of each group
  for (std::size_t g = 0; g < run.groups.size(); ++g) {
    const bool stages = g < groups.size();
    first.push_back(path_of(stages ? groups[g].stages.front().name : run.groups[g].name));
    last.push_back(path_of(stages ? groups[g].stages.back().name : run.groups[g].name));
  }
  const std::set<std::string> common = common_components(first);
  std::vector<std::string> result;
  for (std::size_t g = 0; g < first.size(); ++g) {
    const Path from = without(first[g], common);
    Path to = without(last[g], common);
    if (from == to) to.clear();
    // "block3/expand..project": what both have in front is said once.
    const auto differs = std::mismatch(from.begin(), from.end(), to.begin(), to.end()).second;
    to.erase(to.begin(), differs);
    result.push_back(
        fmt::format("{}{}{}", fmt::join(from, "/"), to.empty() ? "" : "..", fmt::join(to, "/")));
  }
  return result;
}

Bytes parameter_bytes_as_run(const Report& report) {
  Bytes bytes;
  for (std::size_t t = 0; t < report.graph.tensors().size(); ++t) {
    const TensorDesc& tensor = report.graph.tensors()[t];
    const int bits = report.run.compiled.precision.bits(static_cast<TensorId>(t));
    if (tensor.constant) bytes += Bytes(ceil_div(element_count(tensor.shape) * bits, 8));
  }
  return bytes;
}

std::string precision_of(const Report& report, std::size_t group) {
  const auto& groups = report.run.compiled.network.groups;
  if (group >= groups.size()) return "";
  for (const Stage& stage : groups[group].stages) {
    if (stage.kind != StageKind::kMac && stage.kind != StageKind::kRecurrent) continue;
    const PrecisionMode& mode = report.chip.mac_array.modes[static_cast<std::size_t>(stage.mode)];
    return fmt::format("{} x {}", name_of(mode.weights), name_of(mode.activations));
  }
  return "";
}

std::string main_kinds(const Report& report, std::size_t group) {
  const auto& groups = report.run.compiled.network.groups;
  if (group >= groups.size()) return report.run.groups[group].kind;
  std::string kinds;
  for (const Stage& stage : groups[group].stages) {
    if (!kinds.empty()) kinds += "+";
    kinds += op_info(report.graph.op(stage.op).kind).name;
  }
  return kinds;
}

double peak_tops(const ChipSpec& chip) {
  return 2e-6 * peak_macs_per_cycle(chip, 0) * chip.clock_mhz;
}

double average_milliwatts(const RunResult& run) {
  const double us = run.microseconds(run.total);
  return us > 0 ? run.energy.total.total().value / us * 1e-3 : 0;
}

}  // namespace presil
