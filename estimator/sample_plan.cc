#include "estimator/sample_plan.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/yaml_reader.h"
#include "estimator/case_family.h"
#include "estimator/mined_shapes.h"
#include "sim/precision.h"

namespace presil {

namespace {

constexpr double kMost = 1e7;  ///< cases of a plan

/// Name -> whole number, at least one above 0.
SamplePlan::Weights read_weights(YamlMap& map, const std::string& key) {
  YamlMap inner = map.map(key);
  SamplePlan::Weights weights;
  std::int64_t sum = 0;
  for (const auto& [name, value] : inner.numbers({.min = 0, .max = 10000})) {
    if (value != std::floor(value))
      inner.fail(name, fmt::format("must be a whole number, is {}", value));
    sum += static_cast<std::int64_t>(value);
    weights.emplace_back(name, static_cast<std::int64_t>(value));
  }
  if (sum == 0) map.fail(key, "needs at least one entry above 0");
  return weights;
}

std::vector<std::string> family_names() {
  std::vector<std::string> names;
  for (const CaseFamily& family : case_families()) names.emplace_back(family.name);
  for (const CaseFamily& family : mined_families()) names.emplace_back(family.name);
  return names;
}

void check_families(YamlMap& root, const SamplePlan::Weights& families) {
  const std::vector<std::string> known = family_names();
  for (const auto& [name, weight] : families) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string near = nearest(name, known);
    root.map("families")
        .fail(name, near.empty() ? fmt::format("is no family; known: {}", fmt::join(known, ", "))
                                 : fmt::format("is no family; did you mean '{}'?", near));
  }
}

void check_options(YamlMap& root, const SamplePlan::Weights& options) {
  for (const auto& [text, weight] : options) {
    std::string precision = text;
    if (precision.ends_with(" steady")) precision.resize(precision.size() - 7);
    try {
      parse_precision(precision);
    } catch (const Error& error) {
      root.map("options").fail(text, error.what());
    }
  }
}

CaseRanges read_ranges(YamlMap map) {
  const CaseRanges standard;
  CaseRanges r;
  r.channels_min = map.integer("channels_min", {.min = 1, .max = 65536}, standard.channels_min);
  r.channels_max = map.integer("channels_max", {.min = 1, .max = 65536}, standard.channels_max);
  r.extent_min = map.integer("extent_min", {.min = 1, .max = 8192}, standard.extent_min);
  r.extent_max = map.integer("extent_max", {.min = 1, .max = 8192}, standard.extent_max);
  if (r.channels_max < r.channels_min)
    map.fail("channels_max",
             fmt::format("must be >= channels_min ({}), is {}", r.channels_min, r.channels_max));
  if (r.extent_max < r.extent_min)
    map.fail("extent_max",
             fmt::format("must be >= extent_min ({}), is {}", r.extent_min, r.extent_max));
  const Range positive{.min = 0, .above = true};
  r.operator_macs = map.number("operator_macs", positive, standard.operator_macs);
  r.subgraph_macs = map.number("subgraph_macs", positive, standard.subgraph_macs);
  r.network_macs = map.number("network_macs", positive, standard.network_macs);
  r.operator_bytes = map.number("operator_bytes", positive, standard.operator_bytes);
  r.subgraph_bytes = map.number("subgraph_bytes", positive, standard.subgraph_bytes);
  r.network_bytes = map.number("network_bytes", positive, standard.network_bytes);
  map.finish();
  return r;
}

ChipParameter read_parameter(YamlMap map) {
  ChipParameter p;
  p.key = map.text("key");
  p.from = map.number("from", {.min = 0});
  p.to = map.number("to", {.min = p.from});
  p.scale =
      static_cast<ChipParameter::Scale>(map.choice("scale", {"log", "linear", "power_of_two"}, 0));
  p.multiple = map.number("multiple", {.min = 0}, 0);
  if (p.scale != ChipParameter::Scale::kLinear && p.from <= 0)
    map.fail("from", "must be > 0 unless `scale: linear`");
  map.finish();
  return p;
}

RandomChips read_random_chips(YamlMap map) {
  RandomChips random;
  random.count = map.integer("count", {.min = 1, .max = 100000});
  random.weight = map.integer("weight", {.min = 0, .max = 10000});
  for (const auto& [name, share] : read_weights(map, "bases"))
    for (std::int64_t i = 0; i < share; ++i) random.bases.push_back(name);
  for (YamlMap& entry : map.list("vary")) random.vary.push_back(read_parameter(entry));
  map.finish();
  return random;
}

Refinement read_refinement(YamlMap map) {
  Refinement refine;
  refine.rounds = map.integer("rounds", {.min = 0, .max = 90}, 0);
  refine.cases = map.integer("cases", {.min = 0, .max = kMost / 100}, 0);
  refine.candidates = map.integer("candidates", {.min = 1, .max = 100}, 8);
  map.finish();
  return refine;
}

std::string text_of(const SamplePlan::Weights& weights) {
  std::string text;
  for (const auto& [name, weight] : weights)
    if (weight > 0) text += fmt::format("{}={};", name, weight);
  return text;
}

}  // namespace

std::string SamplePlan::identity() const {
  const CaseRanges& r = ranges;
  std::string text = fmt::format(
      "seed {}|{}|{} {} {} {} {} {} {} {} {} {}|{}|{}|", seed, text_of(families), r.channels_min,
      r.channels_max, r.extent_min, r.extent_max, r.operator_macs, r.subgraph_macs, r.network_macs,
      r.operator_bytes, r.subgraph_bytes, r.network_bytes, text_of(options), text_of(chips));
  text += fmt::format("{} {} {}|", random_chips.count, random_chips.weight, random_chips.bases);
  for (const ChipParameter& p : random_chips.vary)
    text +=
        fmt::format("{} {} {} {} {};", p.key, p.from, p.to, static_cast<int>(p.scale), p.multiple);
  return text + fmt::format("|{}|{}", test_networks, mined_networks);
}

SamplePlan load_plan(const std::filesystem::path& file) {
  YamlMap root(file.string(), "", load_yaml_file(file));
  SamplePlan plan;
  plan.file = file.string();
  plan.seed = static_cast<std::uint64_t>(root.integer("seed", {.min = 0}, 1));
  plan.cases = root.integer("cases", {.min = 1, .max = kMost});
  plan.families = read_weights(root, "families");
  check_families(root, plan.families);
  plan.ranges = read_ranges(root.map_or_empty("ranges"));
  plan.options = root.has("options") ? read_weights(root, "options")
                                     : SamplePlan::Weights{{std::string("int8"), 1}};
  check_options(root, plan.options);
  plan.chips = read_weights(root, "chips");
  if (root.has("random_chips")) plan.random_chips = read_random_chips(root.map("random_chips"));
  YamlMap networks = root.map_or_empty("networks");
  for (const auto& [name, role] : networks.choices({"test", "mined"}))
    (role == 0 ? plan.test_networks : plan.mined_networks).push_back(name);
  plan.refine = read_refinement(root.map_or_empty("refine"));
  root.finish();
  return plan;
}

}  // namespace presil
