#include "profiler/report.h"

#include <fmt/format.h>

namespace presil {

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
    cycles[static_cast<std::size_t>(group.bound)] += group.latency;
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

std::string precision_of(const Report& report, std::size_t group) {
  const auto& groups = report.run.compiled.network.groups;
  if (group >= groups.size()) return "";
  for (const Stage& stage : groups[group].stages) {
    if (stage.kind != StageKind::kMac && stage.kind != StageKind::kRecurrent) continue;
    const PrecisionMode& mode =
        report.chip.mac_array.modes[static_cast<std::size_t>(stage.mode)];
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
