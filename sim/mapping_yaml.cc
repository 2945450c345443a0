#include "sim/mapping_yaml.h"

#include <fmt/ostream.h>

#include <limits>
#include <ostream>

#include "core/error.h"
#include "core/yaml_reader.h"
#include "core/yaml_text.h"

namespace presil {

namespace {

constexpr Range kSize{.min = 1, .max = 1e12};

const std::vector<std::string>& order_words() {
  static const std::vector<std::string> words{"positions_outer", "outputs_outer"};
  return words;
}
const std::vector<std::string>& split_words() {
  static const std::vector<std::string> words{"none", "rows", "outputs"};
  return words;
}

std::string word_of(LoopOrder order) { return order_words()[static_cast<std::size_t>(order)]; }
std::string word_of(CoreSplit split) { return split_words()[static_cast<std::size_t>(split)]; }
std::string word_of_slots(int slots) { return slots == kHeld ? "held" : std::to_string(slots); }

// ---- Reading ----

StageMapping read_stage(YamlMap stage) {
  StageMapping m;
  m.rows = stage.integer("rows", kSize, kWhole);
  m.columns = stage.integer("columns", kSize, kWhole);
  m.outputs = stage.integer("outputs", kSize, kWhole);
  m.channels = stage.integer("channels", kSize, kWhole);
  m.order = static_cast<LoopOrder>(
      stage.choice("order", order_words(), static_cast<std::size_t>(m.order)));
  const auto slots = [&](const char* key, int fallback) {
    if (!stage.has(key)) return fallback;
    if (stage.text(key) == "held") return kHeld;
    return static_cast<int>(stage.integer(key, {.min = 1, .max = kMostSlots}));
  };
  m.input_slots = slots("input_slots", m.input_slots);
  m.weight_slots = slots("weight_slots", m.weight_slots);
  m.output_slots = slots("output_slots", m.output_slots);
  if (m.output_slots == kHeld)
    stage.fail("output_slots", "must be a number of slots; only what is read can be held");
  m.hold_recurrent = stage.boolean("hold_recurrent", m.hold_recurrent);
  m.steps = stage.integer("steps", {.min = 0, .max = 1 << 30}, m.steps);
  stage.finish();
  return m;
}

void read_group(YamlMap group, CompileOptions& options) {
  const std::string name = group.text("name");
  if (!options.pins.places.emplace("group " + name, group.place("name")).second)
    group.fail("name", fmt::format("group '{}' stands twice", name));
  if (group.has("weights_stay"))
    options.pins.weights_stay[name] = group.boolean("weights_stay", false);
  group.number("predicted_cycles", {.min = 0}, 0);  // for the reader's eye only
  Mapping mapping;
  mapping.split = static_cast<CoreSplit>(group.choice("split", split_words(), 0));
  const bool stages = group.has("stages");
  mapping.chain = group.has("stripe_rows");
  if (stages && mapping.chain)
    group.fail("stripe_rows", "give stages (a group by itself) or stripe_rows (a chain), not both");
  if (mapping.chain) {
    mapping.stripe_rows = group.integer("stripe_rows", kSize);
  } else if (stages) {
    for (YamlMap& stage : group.list("stages"))
      mapping.stages.push_back(read_stage(std::move(stage)));
  } else if (group.has("split")) {
    group.fail("split", "needs stages or stripe_rows beside it");
  }
  group.finish();
  if (stages || mapping.chain) options.pinned[name] = std::move(mapping);
}

void read_residency(YamlMap residency, Pins& pins) {
  for (const auto& [tensor, word] : residency.choices({"memory", "sram"})) {
    pins.residency[tensor] = word == 1;
    pins.places["tensor " + tensor] = residency.place(tensor);
  }
}

// ---- Writing ----

std::string stage_line(const StageMapping& m, const Stage& stage) {
  std::string line = fmt::format(
      "{{rows: {}, columns: {}, outputs: {}, channels: {}, order: {}, input_slots: {}, "
      "weight_slots: {}, output_slots: {}",
      m.rows, m.columns, m.outputs, m.channels, word_of(m.order), word_of_slots(m.input_slots),
      word_of_slots(m.weight_slots), word_of_slots(m.output_slots));
  if (stage.kind == StageKind::kRecurrent)
    line += fmt::format(", hold_recurrent: {}, steps: {}", m.hold_recurrent, m.steps);
  return line + "}";
}

void write_chains(std::ostream& out, const FusedNetwork& network) {
  std::string chains;
  for (const FusionGroup& group : network.groups)
    if (!group.members.empty()) chains += fmt::format("\n  - {}", yaml_list(group.members));
  fmt::print(out, "chains:{}\n", chains.empty() ? " []" : chains);
}

void write_residency(std::ostream& out, const Graph& graph, const ChipSpec& chip,
                     const CompiledNetwork& compiled) {
  const std::vector<Lifetime> lives = lifetimes(compiled.network);
  const std::vector<std::string> names = storage_names(graph, compiled.network);
  std::string lines;
  for (std::size_t s = 0; s < names.size(); ++s) {
    const bool alive = lives[s].last >= lives[s].first;
    if (!why_never_resident(chip, compiled.network, s, alive).empty()) continue;
    lines += fmt::format("\n  {}: {}", yaml_text(names[s]),
                         compiled.plan.resident[s] ? "sram" : "memory");
  }
  fmt::print(out, "residency:{}\n", lines.empty() ? " {}" : lines);
}

void write_group(std::ostream& out, const ChipSpec& chip, const CompiledNetwork& compiled,
                 std::size_t g) {
  const FusionGroup& group = compiled.network.groups[g];
  const Mapping& mapping = compiled.plan.mappings[g];
  fmt::print(out, "  - name: {}  # {}\n", yaml_text(group.name), short_form(group, mapping));
  fmt::print(out, "    predicted_cycles: {:.0f}\n", predicted_cycles(chip, compiled, g));
  if (compiled.plan.steady)
    fmt::print(out, "    weights_stay: {}\n", bool{compiled.plan.weights_stay[g]});
  if (mapping.split != CoreSplit::kNone) fmt::print(out, "    split: {}\n", word_of(mapping.split));
  if (mapping.chain) {
    fmt::print(out, "    stripe_rows: {}\n", mapping.stripe_rows);
    return;
  }
  fmt::print(out, "    stages:\n");
  for (std::size_t i = 0; i < mapping.stages.size(); ++i)
    fmt::print(out, "      - {}\n", stage_line(mapping.stages[i], group.stages[i]));
}

std::string short_stage(const Stage& stage, const StageMapping& m) {
  if (stage.kind == StageKind::kHost) return "host";
  std::string text;
  const auto add = [&](const char* axis, std::int64_t size, std::int64_t extent) {
    if (size < extent) text += fmt::format("{}{} {}", text.empty() ? "" : " x ", axis, size);
  };
  if (stage.kind == StageKind::kRecurrent) {
    add("gate sums", m.outputs, stage.gates * stage.hidden);
    if (m.steps > 0) add("steps", m.steps, stage.steps);
    if (text.empty()) text = "whole";
    return text + (m.hold_recurrent ? ", recurrent weights held" : "");
  }
  add("rows", m.rows, stage.out.rows);
  add("columns", m.columns, stage.out.columns);
  add("outputs", m.outputs, stage.out.channels);
  add("channels", m.channels, stage.reduction);
  if (text.empty()) text = "whole";
  if (m.order == LoopOrder::kOutputsOuter) text += ", outputs outside";
  if (m.input_slots == kHeld) text += ", input held";
  if (stage.kind == StageKind::kMac && m.weight_slots == kHeld) text += ", weights held";
  if (stage.kind == StageKind::kMac && m.weight_slots > 2)
    text += fmt::format(", weights {} deep", m.weight_slots);
  if (m.input_slots == 1 || m.output_slots == 1 ||
      (stage.kind == StageKind::kMac && m.weight_slots == 1))
    text += ", single buffers";
  return text;
}

}  // namespace

void read_mapping(const std::filesystem::path& file, CompileOptions& options,
                  std::set<std::string>* asked) {
  YamlMap root(file.string(), "", load_yaml_file(file), asked);
  Pins& pins = options.pins;
  if (root.has("chains")) {
    pins.chains = root.text_lists("chains");
    for (std::size_t i = 0; i < pins.chains->size(); ++i)
      pins.places[fmt::format("chain {}", i)] = root.place("chains");
  }
  if (root.has("residency")) read_residency(root.map("residency"), pins);
  if (root.has("groups"))
    for (YamlMap& group : root.list("groups")) read_group(std::move(group), options);
  root.finish();
}

void write_mapping(std::ostream& out, const Graph& graph, const ChipSpec& chip,
                   const CompiledNetwork& compiled) {
  fmt::print(out, "# How {} runs on {}: read back with --mapping (docs/mapping_yaml.md).\n",
             yaml_text(graph.name()), yaml_text(chip.name));
  fmt::print(out, "# Which groups run depth-first, in stripes of rows.\n");
  write_chains(out, compiled.network);
  fmt::print(out, "# Activations that could stay in SRAM, and whether they do.\n");
  write_residency(out, graph, chip, compiled);
  fmt::print(out,
             "# In schedule order. predicted_cycles is the tiler's clock and is not read back.\n");
  fmt::print(out, "groups:\n");
  for (std::size_t g = 0; g < compiled.network.groups.size(); ++g)
    write_group(out, chip, compiled, g);
}

std::string short_form(const FusionGroup& group, const Mapping& mapping) {
  std::string text;
  if (mapping.chain) {
    text = fmt::format("chain of {}, stripes of {} rows", group.stages.size(), mapping.stripe_rows);
  } else {
    std::vector<std::string> stages;
    for (std::size_t i = 0; i < group.stages.size(); ++i)
      stages.push_back(short_stage(group.stages[i], mapping.stages[i]));
    const bool equal = std::equal(stages.begin() + 1, stages.end(), stages.begin());
    text = stages.size() == 1 ? stages[0]
           : equal            ? fmt::format("{} parts, each {}", stages.size(), stages[0])
                              : fmt::format("{}", fmt::join(stages, "; "));
  }
  switch (mapping.split) {
    case CoreSplit::kNone:
      return text;
    case CoreSplit::kRows:
      return text + ", rows over cores";
    case CoreSplit::kOutputs:
      return text + ", outputs over cores";
  }
  return text;
}

double predicted_cycles(const ChipSpec& chip, const CompiledNetwork& compiled, std::size_t group) {
  const std::optional<Price> price =
      price_of(compiled.plan.around(chip, compiled.network, group), compiled.network.groups[group],
               compiled.plan.mappings[group], std::numeric_limits<std::int64_t>::max());
  PRESIL_CHECK(price, "group {} without a price", compiled.network.groups[group].name);
  return price->cycles;
}

}  // namespace presil
