#include "profiler/profile_json.h"

#include <algorithm>

#include "hw/energy.h"
#include "profiler/timeline_overview.h"

namespace presil {

namespace {

std::string key_of(Stall stall) { return std::string(name_of(stall)); }

Json json_of(const EngineUse& use) {
  Json json = {{"busy", use.busy}};
  for (int s = 0; s < kStallCount; ++s)
    json[key_of(static_cast<Stall>(s))] = use.stalled[static_cast<std::size_t>(s)];
  return json;
}

Json json_of(const MacSlots& slots) {
  Json pipeline;
  for (const Stall stall : {Stall::kFillDrain, Stall::kWeightLoad, Stall::kOutputLimit,
                            Stall::kBankConflict, Stall::kIssue, Stall::kDependency})
    pipeline[key_of(stall)] = slots.stalled[static_cast<std::size_t>(stall)];
  const UtilisationFactors factors = factors_of(slots);
  return {{"peak", slots.peak},
          {"done", slots.done},
          {"recompute", slots.recompute},
          {"lanes",
           {{"outputs", slots.lanes.outputs},
            {"channels", slots.lanes.channels},
            {"positions", slots.lanes.positions},
            {"taps", slots.lanes.taps},
            {"depthwise", slots.lanes.depthwise}}},
          {"pipeline", pipeline},
          {"memory", slots.memory()},
          {"idle", slots.idle()},
          {"overlap", slots.overlap},
          {"factors",
           {{"memory", factors.memory},
            {"idle", factors.idle},
            {"pipeline", factors.pipeline},
            {"lanes", factors.lanes},
            {"recompute", factors.recompute}}}};
}

Json json_of(const std::array<std::int64_t, kBoundCount>& cycles) {
  Json json;
  for (std::size_t b = 0; b < kBoundCount; ++b)
    json[std::string(name_of(static_cast<Bound>(b)))] = cycles[b];
  return json;
}

/// Steps of one group, engine and reason that follow each other, as one.
struct MergedStep {
  std::int64_t begin = 0, end = 0, commands = 0;
  CommandId last = -1;
  int group = -1, core = 0;
  Engine engine = Engine::kMac;
  Bound reason = Bound::kControl;
};

std::vector<MergedStep> merged(const RunResult& run) {
  std::vector<MergedStep> steps;
  for (const PathStep& step : run.path) {
    const Command* command =
        step.command < 0 ? nullptr
                         : &run.compiled.program.commands[static_cast<std::size_t>(step.command)];
    MergedStep next{.begin = step.begin,
                    .end = step.end,
                    .commands = command != nullptr,
                    .last = step.command,
                    .group = command != nullptr ? command->group : -1,
                    .core = step.core,
                    .engine = step.engine,
                    .reason = bound_of(step)};
    if (!steps.empty()) {
      MergedStep& before = steps.back();
      if (before.group == next.group && before.engine == next.engine && before.core == next.core &&
          before.reason == next.reason) {
        before.end = next.end;
        before.commands += next.last != before.last;
        before.last = next.last;
        continue;
      }
    }
    steps.push_back(next);
  }
  return steps;
}

Json json_of_path(const RunResult& run) {
  const std::vector<MergedStep> steps = merged(run);
  // Where there are too many, the shortest give way: what is left out is one step "other".
  std::int64_t shortest = 0;
  if (steps.size() > kMostOverTime) {
    std::vector<std::int64_t> lengths;
    for (const MergedStep& step : steps) lengths.push_back(step.end - step.begin);
    std::nth_element(lengths.begin(), lengths.begin() + kMostOverTime / 2, lengths.end(),
                     std::greater<>());
    shortest = lengths[kMostOverTime / 2];
  }
  Json path = Json::array();
  for (const MergedStep& step : steps) {
    if (step.end - step.begin > shortest || steps.size() <= kMostOverTime) {
      path.push_back({{"begin_cycle", step.begin},
                      {"end_cycle", step.end},
                      {"group", step.group},
                      {"engine", name_of(step.engine)},
                      {"core", step.core},
                      {"reason", name_of(step.reason)},
                      {"commands", step.commands}});
    } else if (!path.empty() && path.back()["reason"] == "other") {
      path.back()["end_cycle"] = step.end;
      path.back()["commands"] = path.back()["commands"].get<std::int64_t>() + step.commands;
    } else {
      path.push_back({{"begin_cycle", step.begin},
                      {"end_cycle", step.end},
                      {"group", -1},
                      {"engine", ""},
                      {"core", 0},
                      {"reason", "other"},
                      {"commands", step.commands}});
    }
  }
  return path;
}

Json json_of_memory(const Report& report, const MemoryProfile& memory) {
  Json levels = Json::array(), tenants = Json::array(), tensors = Json::array();
  for (const SramLevel& level : thinned(memory.levels, kMostOverTime))
    levels.push_back({{"cycle", level.cycle}, {"bytes", level.bytes}});
  for (const SramTenant& tenant : memory.tenants)
    tenants.push_back({{"name", tenant.name},
                       {"use", name_of(tenant.use)},
                       {"group", tenant.group},
                       {"address", tenant.address},
                       {"bytes", tenant.bytes},
                       {"begin_cycle", tenant.begin},
                       {"end_cycle", tenant.end}});
  for (const MemoryTensor& tensor : memory.tensors)
    tensors.push_back(
        {{"name", tensor.name},
         {"memory", report.chip.memories[static_cast<std::size_t>(tensor.memory)].name},
         {"use", name_of(tensor.traffic)},
         {"bytes", tensor.bytes},
         {"read_bytes", tensor.read},
         {"write_bytes", tensor.written},
         {"reread_bytes", tensor.reread()}});
  return {
      {"sram_over_time", levels},
      {"sram_tensors", tenants},
      {"sram_peak",
       {{"cycle", memory.peak.cycle}, {"bytes", memory.peak.bytes}, {"tensors", memory.at_peak}}},
      {"memory_tensors", tensors}};
}

Json json_of(const Roofline& roofline) {
  Json roofs = Json::array(), bandwidths = Json::array();
  for (const ComputeRoof& roof : roofline.roofs)
    roofs.push_back({{"precision", roof.precision}, {"peak_gmacs", roof.peak_gmacs}});
  for (const BandwidthRoof& slope : roofline.bandwidths)
    bandwidths.push_back({{"name", slope.name}, {"gbytes_per_s", slope.gbytes_per_s}});
  return {{"roofs", roofs}, {"bandwidths", bandwidths}};
}

/// Of the whole run, by precision mode; modes that nothing ran in are left out.
Json json_of_mac_energy(const Report& report) {
  std::vector<Macs> macs(report.chip.mac_array.modes.size());
  for (const Command& command : report.run.compiled.program.commands)
    if (const Matrix* matrix = std::get_if<Matrix>(&command.work))
      macs[static_cast<std::size_t>(matrix->mode)] += matrix->useful_macs();
  Json json = Json::array();
  for (std::size_t m = 0; m < macs.size(); ++m) {
    if (macs[m].value == 0) continue;
    const PrecisionMode& mode = report.chip.mac_array.modes[m];
    json.push_back(
        {{"precision",
          std::string(name_of(mode.weights)) + " x " + std::string(name_of(mode.activations))},
         {"macs", macs[m].value},
         {"energy_pj", static_cast<double>(macs[m].value) * mac_energy(report.chip, mode).value}});
  }
  return json;
}

Json json_of(const RunResult& run, const std::vector<Advice>& advice) {
  Json json = Json::array();
  for (const Advice& one : advice)
    json.push_back({{"group", one.group},
                    {"name", run.groups[one.group].name},
                    {"latency_share", one.share},
                    {"bound_by", name_of(one.bound)},
                    {"limit", one.limit},
                    {"change", one.change},
                    {"gain_cycles", one.gain ? Json(one.gain->value) : Json()}});
  return json;
}

Json json_of_what_if(const Report& report) {
  Json json = Json::array();
  for (const WhatIf& one : report.what_if) {
    Json entry = {{"change", one.change}, {"keys", one.keys}, {"reason", one.reason}};
    if (one.latency) {
      entry["latency_cycles"] = one.latency->value;
      entry["latency_us"] = report.run.microseconds(*one.latency);
      entry["energy_pj"] = one.energy.value;
      entry["dram_bytes"] = one.memory_bytes.value;
      entry["bound_by"] = name_of(one.bound);
    }
    json.push_back(entry);
  }
  return json;
}

}  // namespace

void add_group_profile(Json& json, const Report& report, const Profile& profile, std::size_t g) {
  const RunResult& run = report.run;
  json["critical_path"] = json_of(run.groups[g].critical);
  // The host link comes behind the run, and has none of these.
  const bool link = g >= profile.attribution.groups.size();
  const GroupAttribution attribution =
      link ? GroupAttribution{.window = {run.timeline.total.value,
                                         run.timeline.total.value + run.link.value}}
           : profile.attribution.groups[g];
  const RooflinePoint point = link ? RooflinePoint{} : profile.roofline.points[g];
  Json engines;
  for (std::size_t e = 0; e < kEngineCount; ++e)
    engines[std::string(name_of(static_cast<Engine>(e)))] = json_of(attribution.engines[e]);
  json["begin_cycle"] = attribution.window.begin;
  json["end_cycle"] = attribution.window.end;
  json["main_kind"] = main_kinds(report, g);
  json["engines"] = engines;
  json["mac_slots"] = json_of(attribution.slots);
  json["dram_bytes"] = point.memory_bytes;
  json["sram_bytes_moved"] = point.sram_bytes;
  json["macs_per_dram_byte"] = point.macs_per_memory_byte;
  json["macs_per_sram_byte"] = point.macs_per_sram_byte;
  json["achieved_gmacs"] = point.achieved_gmacs;
  json["roof_gmacs"] = point.roof_gmacs;
  json["roof"] = point.roof;
}

void add_run_profile(Json& json, const Report& report, const Profile& profile) {
  json["mac_slots"] = json_of(profile.attribution.slots);
  std::array<std::int64_t, kBoundCount> cycles{};
  for (const GroupResult& group : report.run.groups)
    for (std::size_t b = 0; b < kBoundCount; ++b) cycles[b] += group.critical[b];
  json["critical_path"] = {{"cycles", json_of(cycles)}, {"path", json_of_path(report.run)}};
  json["memory_profile"] = json_of_memory(report, profile.memory);
  json["roofline"] = json_of(profile.roofline);
  json["energy_by_precision"] = json_of_mac_energy(report);
  json["advice"] = json_of(report.run, profile.advice);
  json["what_if"] = json_of_what_if(report);
  json["timeline"] = json_of(overview(report.chip, report.run, kMostOverTime));
}

}  // namespace presil
