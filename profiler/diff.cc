#include "profiler/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "profiler/diff_reason.h"
#include "profiler/group_match.h"
#include "profiler/report_csv.h"

namespace presil {

namespace {

std::string text_of(const Json& value) {
  if (value.is_null()) return "default";
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// "sram.kib=256, cores=2" of `options.set`.
std::string overrides_text(const Json& set) {
  std::string text;
  for (const Json& each : set)
    if (each.is_object())
      text += fmt::format("{}{}={}", text.empty() ? "" : ", ", text_of(each.value("key", Json())),
                          text_of(each.value("value", Json())));
  return text.empty() ? "nothing" : text;
}

std::vector<Difference> differences_of(const RunDocument& a, const RunDocument& b) {
  std::vector<Difference> differences;
  const auto compare = [&](const std::string& name, const Json& x, const Json& y) {
    if (x != y) differences.push_back({name, text_of(x), text_of(y)});
  };
  compare("model", a.json.at("model"), b.json.at("model"));
  compare("chip", a.json.at("chip"), b.json.at("chip"));
  compare("clock_mhz", a.json.at("clock_mhz"), b.json.at("clock_mhz"));
  const Json none = Json::object();
  const Json& options = a.json.contains("options") ? a.json.at("options") : none;
  const Json& others = b.json.contains("options") ? b.json.at("options") : none;
  if (options.is_object() && others.is_object())
    for (const auto& [key, value] : options.items()) {
      if (key == "set")
        compare("--set", overrides_text(value), overrides_text(others.value(key, Json())));
      else
        compare(key, value, others.value(key, Json()));
    }
  return differences;
}

std::vector<TotalChange> totals_of(const RunDocument& a, const RunDocument& b) {
  struct Total {
    const char *key, *name, *unit;
  };
  static constexpr Total kTotals[] = {{"latency_us", "latency", "us"},
                                      {"inferences_per_second", "inferences a second", ""},
                                      {"energy_pj", "energy", "pJ"},
                                      {"average_power_mw", "average power", "mW"},
                                      {"macs", "MACs", ""},
                                      {"macs_executed", "MACs executed", ""},
                                      {"utilisation", "array utilisation", "share"},
                                      {"effective_tops", "effective TOPS", ""},
                                      {"peak_tops", "peak TOPS", ""},
                                      {"dram_read_bytes", "memory read", "B"},
                                      {"dram_write_bytes", "memory written", "B"},
                                      {"peak_sram_bytes", "peak SRAM", "B"},
                                      {"parameter_bytes_as_run", "parameters as run", "B"}};
  std::vector<TotalChange> totals;
  for (const Total& total : kTotals)
    totals.push_back({total.key, total.name, total.unit, a.number(total.key), b.number(total.key)});
  return totals;
}

/// The groups of one side as one.
GroupDocument sum_of(const std::vector<GroupDocument>& groups,
                     const std::vector<std::size_t>& which, std::vector<std::string>& names) {
  GroupDocument sum;
  for (const std::size_t g : which) {
    sum.add(groups[g]);
    names.push_back(groups[g].name);
  }
  return sum;
}

std::string name_of(const std::vector<std::string>& names) {
  return names.size() == 1 ? names.front()
                           : fmt::format("{} and {} more", names.front(), names.size() - 1);
}

GroupChange change_of(const RunDocument& a, const RunDocument& b, const GroupMatch& match) {
  GroupChange change;
  change.a = sum_of(a.groups, match.a, change.a_names);
  change.b = sum_of(b.groups, match.b, change.b_names);
  // The side that says it in fewer groups.
  const bool a_is_shorter =
      !match.a.empty() && (match.b.empty() || match.a.size() <= match.b.size());
  change.name = name_of(a_is_shorter ? change.a_names : change.b_names);
  if (match.a.empty()) {
    change.why = "only in b";
  } else if (match.b.empty()) {
    change.why = "only in a";
  } else {
    change.why = reason_of(change.a, a.rates, change.b, b.rates);
    if (match.a.size() != match.b.size() && !change.why.empty())
      change.why += fmt::format("; {} group{} instead of {}", match.b.size(),
                                match.b.size() == 1 ? "" : "s", match.a.size());
  }
  return change;
}

Json json_of(const RunDocument& run) {
  Json json{{"file", run.file}, {"model", run.model}, {"chip", run.chip}};
  for (const char* key : {"latency_us", "latency_cycles", "inferences_per_second", "energy_pj",
                          "average_power_mw", "macs", "utilisation", "dram_read_bytes",
                          "dram_write_bytes", "peak_sram_bytes", "simulator_version"})
    json[key] = run.json.at(key);
  return json;
}

Json json_or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

}  // namespace

Diff diff_of(RunDocument a, RunDocument b) {
  Diff diff{.a = std::move(a), .b = std::move(b)};
  diff.differences = differences_of(diff.a, diff.b);
  diff.totals = totals_of(diff.a, diff.b);
  if (diff.a.simulator_version != diff.b.simulator_version)
    diff.warnings.push_back(fmt::format(
        "made by simulator versions {} and {}: part of the change may be the simulator's",
        diff.a.simulator_version, diff.b.simulator_version));
  if (diff.a.graph_hash != diff.b.graph_hash)
    diff.warnings.push_back(
        "the networks differ: groups are matched by the names of their operators");
  for (const GroupMatch& match : match_groups(diff.a.groups, diff.b.groups))
    diff.groups.push_back(change_of(diff.a, diff.b, match));
  std::stable_sort(diff.groups.begin(), diff.groups.end(),
                   [](const GroupChange& x, const GroupChange& y) {
                     return std::abs(x.delta_us()) > std::abs(y.delta_us());
                   });
  return diff;
}

Json diff_json(const Diff& diff) {
  Json differences = Json::array(), totals = Json::array(), groups = Json::array();
  for (const Difference& each : diff.differences)
    differences.push_back({{"key", each.key}, {"a", each.a}, {"b", each.b}});
  for (const TotalChange& total : diff.totals)
    totals.push_back({{"name", total.key},
                      {"unit", total.unit},
                      {"a", total.a},
                      {"b", total.b},
                      {"change_percent", json_or_null(total.percent())}});
  for (const GroupChange& group : diff.groups) {
    const bool in_a = !group.a_names.empty(), in_b = !group.b_names.empty();
    groups.push_back({{"name", group.name},
                      {"a_groups", group.a_names},
                      {"b_groups", group.b_names},
                      {"a_cycles", in_a ? Json(group.a.latency_cycles) : Json()},
                      {"b_cycles", in_b ? Json(group.b.latency_cycles) : Json()},
                      {"a_us", in_a ? Json(group.a.latency_us) : Json()},
                      {"b_us", in_b ? Json(group.b.latency_us) : Json()},
                      {"delta_us", group.delta_us()},
                      {"share_of_change", json_or_null(diff.share_of(group))},
                      {"delta_energy_pj", group.b.energy_pj - group.a.energy_pj},
                      {"why", group.why}});
  }
  return {{"schema_version", kJsonSchemaVersion},
          {"kind", "diff"},
          {"a", json_of(diff.a)},
          {"b", json_of(diff.b)},
          {"warnings", diff.warnings},
          {"differences", differences},
          {"totals", totals},
          {"groups", groups}};
}

std::string diff_csv(const Diff& diff) {
  std::string csv = csv_line({"name", "a_groups", "b_groups", "a_cycles", "b_cycles", "a_us",
                              "b_us", "delta_us", "share_of_change", "delta_energy_pj", "why"});
  for (const GroupChange& group : diff.groups) {
    const bool in_a = !group.a_names.empty(), in_b = !group.b_names.empty();
    const std::optional<double> share = diff.share_of(group);
    csv +=
        csv_line({group.name, fmt::format("{}", group.a_names.size()),
                  fmt::format("{}", group.b_names.size()),
                  in_a ? fmt::format("{}", group.a.latency_cycles) : "",
                  in_b ? fmt::format("{}", group.b.latency_cycles) : "",
                  in_a ? fmt::format("{}", group.a.latency_us) : "",
                  in_b ? fmt::format("{}", group.b.latency_us) : "",
                  fmt::format("{}", group.delta_us()), share ? fmt::format("{:.6f}", *share) : "",
                  fmt::format("{}", group.b.energy_pj - group.a.energy_pj), group.why});
  }
  return csv;
}

}  // namespace presil
