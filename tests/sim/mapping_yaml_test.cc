#include "sim/mapping_yaml.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "core/error.h"
#include "models/import.h"
#include "models/layer_builder.h"
#include "sim/dump.h"

namespace presil {
namespace {

namespace fs = std::filesystem;

ChipSpec chip_of(const std::string& name, const ChipOverrides& overrides = {}) {
  return load_chip(fs::path(PRESIL_SOURCE_DIR) / "chips" / (name + ".yaml"), overrides);
}

/// A text in a file of its own.
class TextFile {
 public:
  explicit TextFile(const std::string& text)
      : path_(fs::temp_directory_path() / fmt::format("presil_mapping_{}.yaml", getpid())) {
    std::ofstream(path_) << text;
  }
  ~TextFile() { fs::remove(path_); }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// An inverted bottleneck between two convolutions, 16x32x32.
Graph bottleneck() {
  LayerBuilder b("bottleneck", Padding::kSymmetric);
  TensorId x = b.input("image", {1, 16, 32, 32});
  x = b.conv(x, {.channels = 32, .kernel = 3, .name = "stem"});
  x = b.conv(x, {.channels = 192, .activation = Activation::kRelu6, .name = "expand"});
  x = b.depthwise(x, {.kernel = 3, .activation = Activation::kRelu6, .name = "dw"});
  x = b.conv(x, {.channels = 32, .name = "project"});
  x = b.conv(x, {.channels = 64, .kernel = 3, .stride = 2, .name = "tail"});
  b.output(x);
  return std::move(b).finish();
}

std::string program_text(const ChipSpec& chip, const CompiledNetwork& compiled) {
  std::ostringstream out;
  write_program(out, chip, compiled.program);
  return out.str();
}

std::string mapping_text(const Graph& graph, const ChipSpec& chip,
                         const CompiledNetwork& compiled) {
  std::ostringstream out;
  write_mapping(out, graph, chip, compiled);
  return out.str();
}

CompileOptions pinned_by(const std::string& text, CompileOptions options = {}) {
  const TextFile file(text);
  read_mapping(file.path(), options);
  return options;
}

CompiledNetwork compiled_with(const std::string& text, const ChipSpec& chip,
                              const CompileOptions& options = {}) {
  return compile(bottleneck(), chip, pinned_by(text, options));
}

/// What compiling with a mapping file says, without the folder of the file.
std::string error_of(const std::string& text, const ChipSpec& chip,
                     const CompileOptions& options = {}) {
  try {
    compiled_with(text, chip, options);
  } catch (const Error& error) {
    const std::string what = error.what();
    const std::size_t at = what.find("presil_mapping_");
    return at == std::string::npos ? what : "FILE" + what.substr(what.find(':', at));
  }
  return "no error";
}

void check_replay(const Graph& graph, const ChipSpec& chip, const CompileOptions& options) {
  const CompiledNetwork first = compile(graph, chip, options);
  const std::string mapping = mapping_text(graph, chip, first);
  CompileOptions plain = options;  // only what is in the file
  plain.pinned.clear();
  plain.pins = {};
  const CompiledNetwork again = compile(graph, chip, pinned_by(mapping, plain));
  CHECK(program_text(chip, first) == program_text(chip, again));
  CHECK(mapping == mapping_text(graph, chip, again));
}

TEST_CASE("a dumped compile replays to the same Program, command for command") {
  for (const char* chip : {"ne-nano", "ne-base", "ne-max", "nvdla-small"})
    for (const char* network : {"mobilenet_v2", "squeezenet", "ds_cnn", "bert_tiny"}) {
      CAPTURE(chip);
      CAPTURE(network);
      check_replay(builtin_network(network), chip_of(chip), {});
    }
}

TEST_CASE("recurrent networks replay, with held and with passing recurrent weights") {
  check_replay(builtin_network("lstm_asr"), chip_of("ne-base"), {});
  check_replay(builtin_network("lstm_asr"), chip_of("ne-nano"), {});
}

TEST_CASE("steady state, batches, several inferences and other precisions replay") {
  const Graph graph = builtin_network("mobilenet_v2");
  const ChipSpec chip = chip_of("ne-base");
  check_replay(graph, chip, {.steady = true});
  check_replay(graph, chip, {.batch = 2});
  check_replay(bottleneck(), chip_of("ne-nano"), {.inferences = 3, .steady = true});
  check_replay(graph, chip, {.precision = {.network = parse_precision("int16")}});
}

TEST_CASE("a compile that the tiler would never choose replays all the same") {
  const Graph graph = bottleneck();
  const ChipSpec chip = chip_of("ne-base");
  const std::string odd =
      "chains: [[dw, project]]\n"
      "residency: {stem: memory}\n"
      "groups:\n"
      "  - {name: stem, stages: [{rows: 3, outputs: 32, input_slots: 3, weight_slots: 1}]}\n"
      "  - {name: expand, stages: [{rows: 5, columns: 7, outputs: 64, order: outputs_outer}]}\n"
      "  - {name: dw+project, stripe_rows: 11}\n";
  const CompileOptions options = pinned_by(odd);
  const CompiledNetwork compiled = compile(graph, chip, options);
  CHECK(program_text(chip, compiled) != program_text(chip, compile(graph, chip, {})));
  check_replay(graph, chip, options);
  CHECK(compiled.network.groups.size() == 4);
  CHECK(compiled.plan.mappings[0].stages[0].rows == 3);
  CHECK(compiled.plan.mappings[0].stages[0].columns == 32);  // left out: all
  CHECK(compiled.plan.mappings[1].stages[0].order == LoopOrder::kOutputsOuter);
  CHECK(compiled.plan.mappings[2].chain);
  CHECK(compiled.plan.mappings[2].stripe_rows == 11);
}

TEST_CASE("what a file leaves out stays the compiler's choice") {
  const ChipSpec chip = chip_of("ne-base");
  const CompiledNetwork all = compile(bottleneck(), chip, {});
  const CompiledNetwork one =
      compiled_with("groups:\n  - {name: tail, stages: [{rows: 2}]}\n", chip);
  REQUIRE(all.network.groups.size() == one.network.groups.size());
  for (std::size_t g = 0; g + 1 < all.network.groups.size(); ++g)
    CHECK(all.plan.mappings[g] == one.plan.mappings[g]);
  CHECK(one.plan.mappings.back().stages[0].rows == 2);
}

TEST_CASE("an empty list of chains means that none are formed") {
  // The expanded tensor of 192 KiB does not fit, so that the compiler chains.
  const ChipSpec chip = chip_of("ne-nano", {{"sram.kib", "96"}});
  const auto chains = [&](const std::string& text) {
    std::size_t count = 0;
    for (const FusionGroup& group : compiled_with(text, chip).network.groups)
      count += group.members.empty() ? 0 : 1;
    return count;
  };
  CHECK(chains("residency: {}\n") > 0);
  CHECK(chains("chains: []\n") == 0);
  CHECK(chains("chains: [[expand, dw, project]]\n") == 1);
}

TEST_CASE("pinned residency holds, by any tensor that lies in the bytes") {
  const ChipSpec chip = chip_of("ne-base");
  const Graph graph = bottleneck();
  const CompiledNetwork chosen = compiled_with("chains: []\n", chip);
  const std::vector<std::string> names = storage_names(graph, chosen.network);
  const auto is_resident = [&](const CompiledNetwork& compiled, const std::string& name) {
    for (std::size_t s = 0; s < names.size(); ++s)
      if (names[s] == name) return bool{compiled.plan.resident[s]};
    FAIL("no storage is called ", name);
    return false;
  };
  std::string stem;
  for (std::size_t s = 0; s < names.size(); ++s)
    if (chosen.plan.resident[s]) stem = names[s];
  REQUIRE_FALSE(stem.empty());
  const CompiledNetwork moved =
      compiled_with(fmt::format("chains: []\nresidency: {{\"{}\": memory}}\n", stem), chip);
  CHECK_FALSE(is_resident(moved, stem));
  const CompiledNetwork kept =
      compiled_with(fmt::format("chains: []\nresidency: {{\"{}\": sram}}\n", stem), chip);
  CHECK(is_resident(kept, stem));
}

TEST_CASE("weights that are pinned to stay do, and those that are not do not") {
  const ChipSpec chip = chip_of("ne-base");
  const CompiledNetwork compiled = compiled_with(
      "chains: []\ngroups:\n  - {name: stem, weights_stay: false}\n"
      "  - {name: tail, weights_stay: true}\n",
      chip, {.steady = true});
  CHECK_FALSE(compiled.plan.weights_stay.front());
  CHECK(compiled.plan.weights_stay.back());
}

TEST_CASE("residents that the compiler chose go before a pinned mapping does") {
  const ChipSpec chip = chip_of("ne-nano");  // 256 KiB
  const std::string whole =
      "chains: []\ngroups:\n  - {name: expand, stages: [{input_slots: 1, weight_slots: 1, "
      "output_slots: 1}]}\n";
  CHECK(compiled_with(whole, chip).plan.mappings[1].stages[0].rows == 32);
}

TEST_CASE("a broken mapping file is one clear line with file, line and rule") {
  struct Row {
    const char *text, *says;
  };
  const Row rows[] = {
      {"group: []\n", "FILE:1: group: unknown key; did you mean 'groups'?"},
      {"groups: {}\n", "FILE:1: groups: must be a list of at least one entry, is a mapping"},
      {"groups: []\n", "FILE:1: groups: must be a list of at least one entry, is a list"},
      {"groups:\n  - 5\n", "FILE:2: groups.0: must be a mapping of keys to values, is '5'"},
      {"groups:\n  - {stages: [{}]}\n", "FILE:2: groups.0.name: is missing"},
      {"groups:\n  - {name: [a]}\n", "FILE:2: groups.0.name: must be a text, is a list"},
      {"groups:\n  - {name: stem, tiles: 1}\n", "FILE:2: groups.0.tiles: unknown key"},
      {"groups:\n  - {name: stem}\n  - {name: stem}\n",
       "FILE:3: groups.1.name: group 'stem' stands twice"},
      {"groups:\n  - {name: stem, stripe_rows: 2, stages: [{}]}\n",
       "FILE:2: groups.0.stripe_rows: give stages (a group by itself) or stripe_rows (a chain), "
       "not "
       "both"},
      {"groups:\n  - {name: stem, split: rows}\n",
       "FILE:2: groups.0.split: needs stages or stripe_rows beside it"},
      {"groups:\n  - {name: stem, split: columns, stages: [{}]}\n",
       "FILE:2: groups.0.split: must be one of none, rows, outputs, is 'columns'"},
      {"groups:\n  - {name: stem, stripe_rows: 0}\n",
       "FILE:2: groups.0.stripe_rows: must be >= 1, is 0"},
      {"groups:\n  - {name: stem, weights_stay: 3}\n",
       "FILE:2: groups.0.weights_stay: must be true or false, is '3'"},
      {"groups:\n  - {name: stem, predicted_cycles: -1}\n",
       "FILE:2: groups.0.predicted_cycles: must be >= 0, is -1"},
      {"groups:\n  - name: stem\n    stages:\n      - {row: 3}\n",
       "FILE:4: groups.0.stages.0.row: unknown key; did you mean 'rows'?"},
      {"groups:\n  - name: stem\n    stages:\n      - {rows: 0}\n",
       "FILE:4: groups.0.stages.0.rows: must be >= 1, is 0"},
      {"groups:\n  - name: stem\n    stages:\n      - {columns: 1.5}\n",
       "FILE:4: groups.0.stages.0.columns: must be a whole number, is 1.5"},
      {"groups:\n  - name: stem\n    stages:\n      - {outputs: all}\n",
       "FILE:4: groups.0.stages.0.outputs: must be a number, is 'all'"},
      {"groups:\n  - name: stem\n    stages:\n      - {order: inner}\n",
       "FILE:4: groups.0.stages.0.order: must be one of positions_outer, outputs_outer, is "
       "'inner'"},
      {"groups:\n  - name: stem\n    stages:\n      - {input_slots: keep}\n",
       "FILE:4: groups.0.stages.0.input_slots: must be a number, is 'keep'"},
      {"groups:\n  - name: stem\n    stages:\n      - {weight_slots: 0}\n",
       "FILE:4: groups.0.stages.0.weight_slots: must be >= 1, is 0"},
      {"groups:\n  - name: stem\n    stages:\n      - {output_slots: held}\n",
       "FILE:4: groups.0.stages.0.output_slots: must be a number of slots; only what is read can "
       "be "
       "held"},
      {"groups:\n  - name: stem\n    stages:\n      - {hold_recurrent: maybe}\n",
       "FILE:4: groups.0.stages.0.hold_recurrent: must be true or false, is 'maybe'"},
      {"chains: 5\n", "FILE:1: chains: must be a list of lists of names, is '5'"},
      {"chains: [a, b]\n", "FILE:1: chains: must be a list of lists of at least one name, is 'a'"},
      {"chains: [[]]\n", "FILE:1: chains: must be a list of lists of at least one name, is a list"},
      {"chains: [[a, [b]]]\n", "FILE:1: chains: must hold names, one is a list"},
      {"residency: [stem]\n", "FILE:1: residency: must be a mapping of keys to values, is a list"},
      {"residency: {stem: dram}\n",
       "FILE:1: residency.stem: must be one of memory, sram, is 'dram'"},
      {"residency: {stem: sram, stem: sram}\n", "FILE:1: key 'stem' stands twice"},
      {"[1]\n", "FILE:1: the document: must be a mapping of keys to values, is a list"},
      {"groups: [\n", "not valid YAML"},
  };
  const ChipSpec chip = chip_of("ne-base");
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK_MESSAGE(error_of(row.text, chip)
                      .starts_with(std::string(row.says).starts_with("FILE") ? row.says : "FILE"),
                  error_of(row.text, chip));
    CHECK_MESSAGE(error_of(row.text, chip).find(row.says) != std::string::npos,
                  error_of(row.text, chip));
  }
  CompileOptions options;
  CHECK_THROWS_WITH_AS(read_mapping("/no/such.yaml", options),
                       "/no/such.yaml: cannot be read; give the path of a YAML file", Error);
}

TEST_CASE("an illegal pin names file, line, group, rule, value and limit") {
  struct Row {
    const char *text, *says;
  };
  const std::string stem = "chains: []\ngroups:\n  - name: stem\n    stages:\n      - ";
  const Row rows[] = {
      {"{rows: 33}", "FILE:3: mapping of group 'stem': stem: rows: a tile of 33 is outside 1..32"},
      {"{columns: 64}", "stem: columns: a tile of 64 is outside 1..32"},
      {"{outputs: 64}", "stem: outputs: a tile of 64 is outside 1..32"},
      {"{channels: 17}", "stem: channels: a tile of 17 is outside 1..16"},
      {"{outputs: 5}", "stem: outputs: 5 is no multiple of 32, the blocks of its layout"},
      {"{channels: 5}", "stem: channels: 5 is no multiple of 16, the blocks of the input's layout"},
      {"{}\n      - {}", "FILE:3: mapping of group 'stem': stages: 2 are given, it has 1"},
  };
  const ChipSpec chip = chip_of("ne-base");
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const std::string says = error_of(stem + row.text + "\n", chip);
    CHECK_MESSAGE(says.find(row.says) != std::string::npos, says);
  }
  const Row others[] = {
      {"chains: []\ngroups:\n  - name: expand\n    stages: [{}]\n",
       "FILE:3: mapping of group 'expand': its buffers of"},
      {"groups:\n  - {name: stam, stages: [{}]}\n",
       "FILE:2: mapping of group 'stam': no group is called so; did you mean 'stem'?"},
      {"chains: [[dw, project]]\ngroups:\n  - {name: dw, stages: [{}]}\n",
       "FILE:3: mapping of group 'dw': it runs in the chain 'dw+project'; pin that, or the chains "
       "without it"},
      {"groups:\n  - {name: dw, stripe_rows: 4}\n",
       "FILE:2: mapping of group 'dw': stripe_rows: it is no chain; tile its stages instead"},
      {"chains: [[dw, project]]\ngroups:\n  - {name: dw+project, stages: [{}, {}]}\n",
       "FILE:3: mapping of group 'dw+project': stages: it is a chain, which has stripe_rows "
       "instead"},
      {"chains: [[dw, project]]\ngroups:\n  - {name: dw+project, stripe_rows: 64}\n",
       "FILE:3: mapping of group 'dw+project': stripe_rows: a tile of 64 is outside 1..32"},
      {"chains:\n  - [dw]\n",
       "FILE:1: mapping of chain '0': needs at least 2 groups, has 1; leave single groups out"},
      {"chains: [[dw, projekt]]\n",
       "FILE:1: mapping of chain '0': no group is called 'projekt' before chains are formed; did "
       "you "
       "mean 'project'?"},
      {"chains: [[dw, project], [project, tail]]\n",
       "FILE:1: mapping of chain '1': group 'project' is chained twice"},
      {"chains: [[dw, tail]]\n",
       "FILE:1: mapping of chain '0': 'tail' does not come right after 'dw' in the schedule; "
       "'project' does"},
      {"residency: {image: sram}\n",
       "FILE:1: mapping of tensor 'image': cannot be in sram: it is an input of the network"},
      {"residency: {imago: sram}\n",
       "FILE:1: mapping of tensor 'imago': no activation is called so; did you mean 'image'?"},
      {"groups:\n  - {name: stem, weights_stay: true}\n",
       "FILE:2: mapping of group 'stem': weights_stay: needs --inference steady"},
      {"chains: []\ngroups:\n  - {name: stem, split: rows, stages: [{}]}\n",
       "FILE:3: mapping of group 'stem': split: the chip has 1 core, a split needs 2"},
  };
  const ChipSpec small = chip_of("ne-nano", {{"sram.kib", "64"}});
  for (const Row& row : others) {
    CAPTURE(row.text);
    const std::string says = error_of(row.text, small);
    CHECK_MESSAGE(says.starts_with(row.says), says);
  }
}

TEST_CASE("cut sums that do not fit the accumulators are refused with their number") {
  // 3136 x 64 sums of 32 bits are 784 KiB.
  LayerBuilder b("wide", Padding::kSymmetric);
  b.output(b.conv(b.input("image", {1, 128, 56, 56}), {.channels = 64, .name = "conv"}));
  const Graph graph = std::move(b).finish();
  const CompileOptions options =
      pinned_by("groups:\n  - {name: conv, stages: [{channels: 64, outputs: 64}]}\n");
  CHECK_THROWS_WITH_AS(
      compile(graph, chip_of("ne-base"), options),
      doctest::Contains("conv: channels: cut sums wait in the accumulators: 200704 "
                        "sums of rows x columns x outputs exceed"),
      Error);
}

TEST_CASE("a chip of several cores keeps activations in memory, and splits by pin") {
  const ChipSpec chip = chip_of("ne-max");
  const CompiledNetwork rows = compiled_with(
      "chains: []\ngroups:\n  - {name: stem, split: rows, stages: [{rows: 4}]}\n", chip);
  CHECK(rows.plan.mappings[0].split == CoreSplit::kRows);
  const Graph graph = bottleneck();
  const std::vector<std::string> names = storage_names(graph, rows.network);
  const std::string inner = names.at(1);
  CHECK_MESSAGE(
      error_of(fmt::format("chains: []\nresidency: {{\"{}\": sram}}\n", inner), chip)
              .find("has 4 cores, which share activations through memory") != std::string::npos,
      inner);
}

TEST_CASE("mappings in short say what is cut and what is held") {
  Stage stage{.kind = StageKind::kMac};
  stage.out = {.rows = 56, .columns = 56, .channels = 192};
  stage.reduction = 64;
  const FusionGroup group{.name = "conv", .stages = {stage}};
  const auto text = [&](const StageMapping& m, CoreSplit split = CoreSplit::kNone) {
    return short_form(group, {.stages = {m}, .split = split});
  };
  CHECK(text({.rows = 14, .columns = 56, .outputs = 96, .channels = 64, .weight_slots = kHeld}) ==
        "rows 14 x outputs 96, weights held");
  CHECK(text({.rows = 56, .columns = 56, .outputs = 192, .channels = 64}) == "whole");
  CHECK(text({.rows = 7,
              .columns = 28,
              .outputs = 192,
              .channels = 32,
              .order = LoopOrder::kOutputsOuter,
              .input_slots = kHeld,
              .weight_slots = 5},
             CoreSplit::kRows) ==
        "rows 7 x columns 28 x channels 32, outputs outside, input held, weights 5 deep, rows over "
        "cores");
  CHECK(short_form({.name = "a+b", .stages = {stage, stage}},
                   {.stages = {{}, {}}, .chain = true, .stripe_rows = 7}) ==
        "chain of 2, stripes of 7 rows");
}

TEST_CASE("docs/mapping_yaml.md lists exactly the keys that the parser asks for") {
  std::ifstream doc(fs::path(PRESIL_SOURCE_DIR) / "docs/mapping_yaml.md");
  REQUIRE(doc);
  std::set<std::string> documented;
  for (std::string line; std::getline(doc, line);)
    if (line.starts_with("| `"))
      CHECK_MESSAGE(documented.insert(line.substr(3, line.find('`', 3) - 3)).second, line);
  std::set<std::string> asked;
  CompileOptions options;
  const TextFile file(
      "chains: []\nresidency: {a: sram}\ngroups:\n  - {name: b, stages: [{rows: 1}]}\n"
      "  - {name: c, stripe_rows: 1}\n");
  read_mapping(file.path(), options, &asked);
  CHECK(documented == asked);
}

}  // namespace
}  // namespace presil
