#include "profiler/report_json.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numeric>

#include "profiler/cpu_baseline.h"
#include "profiler/group_traffic.h"
#include "profiler/profile_json.h"
#include "sim/simulator_version.h"

namespace presil {

namespace {

Json json_of(const std::array<std::int64_t, kTrafficCount>& bytes) {
  Json json;
  for (int t = 0; t < kTrafficCount; ++t)
    json[std::string(name_of(static_cast<Traffic>(t)))] = bytes[static_cast<std::size_t>(t)];
  return json;
}

std::int64_t sum(const std::array<std::int64_t, kTrafficCount>& bytes) {
  return std::accumulate(bytes.begin(), bytes.end(), std::int64_t{0});
}

Json json_of(const ChipSpec& chip, const EnergyParts& parts) {
  Json memories = Json::array();
  // The host's link has no memories of its own.
  for (std::size_t m = 0; m < parts.memories.size(); ++m)
    memories.push_back({{"name", chip.memories[m].name}, {"energy_pj", parts.memories[m].value}});
  return {{"mac", parts.mac.value},       {"sram", parts.sram.value},
          {"vector", parts.vector.value}, {"control", parts.control.value},
          {"idle", parts.idle.value},     {"memories", memories}};
}

double share_of(const RunResult& run, Cycles cycles) {
  return run.latency.value == 0
             ? 0
             : static_cast<double>(cycles.value) / static_cast<double>(run.latency.value);
}

/// Does a mapping file say something?
bool is_pinned(const CompileOptions& options) {
  return !options.pinned.empty() || options.pins.chains || !options.pins.residency.empty() ||
         !options.pins.weights_stay.empty();
}

Json json_of_options(const Report& report) {
  const CompileOptions& compile = report.options.compile;
  Json overrides = Json::array();
  for (const auto& [key, value] : report.overrides)
    overrides.push_back({{"key", key}, {"value", value}});
  Json precision;  // null: the network's own types
  if (compile.precision.network)
    precision = fmt::format("{} x {}", name_of(compile.precision.network->weights),
                            name_of(compile.precision.network->activations));
  return {{"set", overrides},
          {"precision", precision},
          {"precision_patterns", compile.precision.layers.size()},
          {"inference", compile.steady ? "steady" : "first"},
          {"batch", compile.batch},
          {"inferences", compile.inferences},
          {"host_ops", compile.allow_host_ops},
          {"pinned", is_pinned(compile)},
          {"ideal_memory", report.options.simulate.ideal_memory},
          {"no_contention", report.options.simulate.no_contention}};
}

Json json_of_memories(const Report& report) {
  Json memories = Json::array();
  for (std::size_t m = 0; m < report.run.timeline.memories.size(); ++m) {
    const MemorySpec& memory = report.chip.memories[m];
    const MemoryTraffic& traffic = report.run.timeline.memories[m];
    memories.push_back({{"name", memory.name},
                        {"peak_gb_per_s", memory.bytes_per_cycle * report.chip.clock_mhz / 1000},
                        {"read_bytes", sum(traffic.read)},
                        {"write_bytes", sum(traffic.written)},
                        {"read_bytes_by_reason", json_of(traffic.read)},
                        {"write_bytes_by_reason", json_of(traffic.written)},
                        {"bursts", traffic.bursts},
                        {"row_misses", traffic.row_misses}});
  }
  return memories;
}

Json json_of_engines(const RunResult& run) {
  Json engines = Json::array();
  for (const EngineUse& use : run.timeline.engines) {
    Json stalls;
    for (int s = 0; s < kStallCount; ++s)
      stalls[std::string(name_of(static_cast<Stall>(s)))] =
          use.stalled[static_cast<std::size_t>(s)];
    engines.push_back({{"engine", name_of(use.engine)},
                       {"core", use.core},
                       {"lane", use.lane},
                       {"busy_cycles", use.busy},
                       {"stalled_cycles", stalls}});
  }
  return engines;
}

Json json_of_host_ops(const Report& report) {
  Json ops = Json::array();
  for (const HostOp& op : host_ops(report))
    ops.push_back({{"name", op.name},
                   {"type", op.type},
                   {"latency_cycles", op.latency.value},
                   {"share", share_of(report.run, op.latency)}});
  return ops;
}

Json json_of_group(const Report& report, const Profile& profile, const GroupTraffic& traffic,
                   std::size_t g) {
  const RunResult& run = report.run;
  const GroupResult& group = run.groups[g];
  Json json = {{"name", group.name},
               {"ops", group.ops},
               {"kinds", group.kind},
               {"shape", group.shape},
               {"precision", precision_of(report, g)},
               {"latency_cycles", group.latency.value},
               {"latency_us", run.microseconds(group.latency)},
               {"share", share_of(run, group.latency)},
               {"macs", group.macs.value},
               {"macs_executed", group.macs_executed.value},
               {"utilisation", group.utilisation},
               {"bound_by", name_of(group.bound)},
               {"on_host", group.on_host},
               {"memory_read_bytes", group.memory_read.value},
               {"memory_write_bytes", group.memory_written.value},
               {"memory_read_by_reason", json_of(traffic.read)},
               {"memory_write_by_reason", json_of(traffic.written)},
               {"commands", group.commands},
               {"sram_in_use_bytes", group.sram_in_use.value},
               {"energy_pj", group.energy.total().value},
               {"energy_parts_pj", json_of(report.chip, group.energy)}};
  add_group_profile(json, report, profile, g);
  return json;
}

}  // namespace

Json report_json(const Report& report) {
  const RunResult& run = report.run;
  Json bounds;
  const std::vector<Cycles> by_bound = cycles_by_bound(run);
  for (std::size_t b = 0; b < kBoundCount; ++b)
    bounds[std::string(name_of(static_cast<Bound>(b)))] = by_bound[b].value;
  const Profile explained = profile(report.graph, report.chip, run);
  const std::vector<GroupTraffic> traffic = traffic_of_groups(run);
  Json groups = Json::array();
  for (std::size_t g = 0; g < run.groups.size(); ++g)
    groups.push_back(json_of_group(report, explained, traffic[g], g));
  Json json = {{"schema_version", kJsonSchemaVersion},
               {"presil_version", report.version},
               {"simulator_version", kSimulatorVersion},
               {"model", report.model},
               {"network", run.model},
               {"graph_hash", run.graph_hash},
               {"chip", run.chip},
               {"chip_hash", run.chip_hash},
               {"options", json_of_options(report)},
               {"clock_mhz", run.clock_mhz},
               {"cores", report.chip.cores},
               {"latency_cycles", run.latency.value},
               {"latency_us", run.microseconds(run.latency)},
               {"total_cycles", run.total.value},
               {"total_us", run.microseconds(run.total)},
               {"host_link_cycles", run.link.value},
               {"inferences_per_second", run.inferences_per_second()},
               {"macs", run.macs.value},
               {"macs_executed", run.macs_executed.value},
               {"utilisation", run.utilisation},
               {"effective_tops", run.effective_tops},
               {"peak_tops", peak_tops(report.chip)},
               {"bound_by", name_of(run.bound)},
               {"cycles_by_bound", bounds},
               {"roofline_cycles", run.roofline.value},
               {"lower_bound_cycles", run.lower_bound.value},
               {"upper_bound_cycles", run.upper_bound.value},
               {"parameter_bytes", run.parameters.value},
               {"parameter_bytes_as_run", parameter_bytes_as_run(report).value},
               {"peak_activation_bytes", run.peak_activation.value},
               {"sram_bytes", std::llround(report.chip.sram.kib * 1024)},
               {"peak_sram_bytes", run.peak_sram.value},
               {"dram_read_bytes", run.memory_read.value},
               {"dram_write_bytes", run.memory_written.value},
               {"memories", json_of_memories(report)},
               {"energy_pj", run.energy.total.total().value},
               {"energy_parts_pj", json_of(report.chip, run.energy.total)},
               {"average_power_mw", average_milliwatts(run)},
               {"host_share", run.host_share},
               {"host_ops", json_of_host_ops(report)},
               {"engines", json_of_engines(run)},
               {"commands", run.compiled.program.commands.size()},
               {"events", run.timeline.events},
               {"groups", groups}};
  add_run_profile(json, report, explained);
  json["cpu_baseline"] = cpu_baseline_json(report);
  return json;
}

std::string json_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace presil
