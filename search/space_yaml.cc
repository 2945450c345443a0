#include "search/space_yaml.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "core/error.h"
#include "core/yaml_text.h"
#include "sim/precision.h"

namespace presil {

const std::vector<std::string>& block_names() {
  static const std::vector<std::string> names{
      "ibn", "fused_ibn", "group_conv_ibn", "tucker", "conv", "conformer", "lstm"};
  return names;
}

const std::vector<std::string>& head_names() {
  static const std::vector<std::string> names{"classifier", "ssd_lite", "segmentation", "ctc"};
  return names;
}

namespace {

const std::vector<std::string> kActivationNames{
    "none", "relu", "relu6", "hard_swish", "hard_sigmoid", "sigmoid", "silu", "tanh", "gelu"};
const std::vector<std::string> kPlaceNames{"first", "last"};
constexpr std::size_t kMostChoices = 1024, kMostStages = 64;

/// What a property may be. `path`: the kind of its section and its key.
struct Rule {
  std::string path;
  std::string otherwise;  ///< "": it must be given
  double min = 0, max = 0;
  bool ordered = true;  ///< more of it costs more
};

const Rule& rule_of(const std::string& path) {
  static const std::vector<Rule> rules{
      {"input.resolution", "", 8, 4096},
      {"input.frames", "", 8, 65536},
      {"depth_multiplier", "1", 0.05, 16},
      {"channel_multiple", "8", 1, 512, false},
      {"output_stride", "0", 0, 128, false},
      {"stem.channels", "", 1, 8192},
      {"stem.kernel", "3", 1, 15},
      {"stem.stride", "2", 1, 8, false},
      {"stem.activation", "relu6"},
      {"stage.block", "ibn"},
      {"stage.kernel", "3", 1, 63},
      {"stage.expansion", "4", 0.1, 32},
      {"stage.channels", "", 1, 8192},
      {"stage.depth", "1", 1, 64},
      {"stage.stride", "1", 1, 8, false},
      {"stage.stride_at", "first"},
      {"stage.squeeze_excite", "0", 0, 1},
      {"stage.activation", "relu6"},
      {"stage.group_channels", "8", 1, 8192},
      {"stage.compression", "0.5", 0.05, 1},
      {"stage.heads", "4", 1, 64, false},
      {"stage.precision", "default"},
      {"head.channels", "0", 0, 16384},
      {"head.output_size", "0", 0, 4096, false},  // 0 is the largest
      {"head.activation", "relu6"},
  };
  const auto found =
      std::find_if(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.path == path; });
  PRESIL_CHECK(found != rules.end(), "no rule for property {}", path);
  return *found;
}

std::string kind_of(const std::string& section) {
  if (section.empty() || section == "input" || section == "stem" || section == "head")
    return section;
  return "stage";
}

const Rule& rule_of(const std::string& section, const std::string& key) {
  const std::string kind = kind_of(section);
  return rule_of(kind.empty() ? key : kind + "." + key);
}

// -- One value. All throw Error with the rule alone; the caller adds the place.

double number(const std::string& text, const Rule& rule) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    throw Error("must be a number, is '{}'", text);
  if (value < rule.min || value > rule.max)
    throw Error("must be in [{}, {}], is {}", rule.min, rule.max, value);
  return value;
}

std::size_t word(const std::string& text, const std::vector<std::string>& known) {
  const auto found = std::find(known.begin(), known.end(), text);
  if (found != known.end()) return static_cast<std::size_t>(found - known.begin());
  const std::string near = nearest(text, known);
  throw Error("must be one of {}, is '{}'{}", fmt::join(known, ", "), text,
              near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
}

void parse(const std::string& text, const Rule& rule, double& value) { value = number(text, rule); }
void parse(const std::string& text, const Rule& rule, std::int64_t& value) {
  const double real = number(text, rule);
  if (real != std::floor(real)) throw Error("must be a whole number, is {}", text);
  value = static_cast<std::int64_t>(real);
}
void parse(const std::string& text, const Rule&, BlockKind& value) {
  value = static_cast<BlockKind>(word(text, block_names()));
}
void parse(const std::string& text, const Rule&, StridePlace& value) {
  value = static_cast<StridePlace>(word(text, kPlaceNames));
}
void parse(const std::string& text, const Rule&, Activation& value) {
  value = static_cast<Activation>(word(text, kActivationNames));
}
void parse(const std::string& text, const Rule&, PrecisionName& value) {
  if (text != "default") parse_precision(text);
  value.text = text == "default" ? "" : text;
}

template <typename T>
constexpr bool kIsNumber = std::is_same_v<T, double> || std::is_same_v<T, std::int64_t>;

/// "16..64+16" and "8..64*2" written out; any other text as it is.
std::vector<std::string> written_out(const std::string& text) {
  const std::size_t dots = text.find("..");
  const std::size_t step_at = text.find_first_of("+*", dots == std::string::npos ? 0 : dots);
  if (dots == std::string::npos || step_at == std::string::npos) return {text};
  const Rule any{.path = "", .otherwise = "", .min = -1e9, .max = 1e9};
  const double last = number(text.substr(dots + 2, step_at - dots - 2), any);
  const double step = number(text.substr(step_at + 1), any);
  double value = number(text.substr(0, dots), any);
  const bool doubles = text[step_at] == '*';
  if (value <= 0 || last < value || (doubles ? step <= 1 : step <= 0))
    throw Error("must rise from above 0, as 16..64+16 or 8..64*2, is '{}'", text);
  std::vector<std::string> result;
  for (; value <= last * (1 + 1e-9); value = doubles ? value * step : value + step) {
    if (result.size() == kMostChoices) throw Error("must be at most {} choices", kMostChoices);
    result.push_back(fmt::format("{}", value));
  }
  return result;
}

template <typename T>
Property<T> parse_choice(const std::vector<std::string>& texts, const Rule& rule) {
  Property<T> choice;
  for (const std::string& text : texts) {
    for (const std::string& one : written_out(text)) {
      if (std::find(choice.texts.begin(), choice.texts.end(), one) != choice.texts.end())
        throw Error("names {} twice", one);
      parse(one, rule, choice.values.emplace_back());
      choice.texts.push_back(one);
      if constexpr (kIsNumber<T>) {
        const std::size_t n = choice.values.size();
        if (n > 1 && choice.values[n - 2] >= choice.values[n - 1])
          throw Error("must ascend, but {} follows {}", one, choice.texts[n - 2]);
      }
    }
  }
  if (choice.texts.size() > kMostChoices)
    throw Error("must be at most {} choices, is {}", kMostChoices, choice.texts.size());
  return choice;
}

/// Reads the properties of the sections that the visit goes through.
class PropertyReader {
 public:
  PropertyReader(YamlMap& root, YamlMap& input, YamlMap& stem, YamlMap& head,
                 std::vector<YamlMap>& stages)
      : root_(root), input_(input), stem_(stem), head_(head), stages_(stages) {}

  template <typename T>
  void operator()(const std::string& section, const std::string& key, Property<T>& choice) {
    if (kind_of(section) == "stage" && key == "block") ++stage_;
    YamlMap& map = map_of(section);
    const Rule& rule = rule_of(section, key);
    if (!map.has(key) && rule.otherwise.empty()) map.fail(key, "is missing");
    const auto texts = map.has(key) ? map.texts(key) : std::vector<std::string>{rule.otherwise};
    try {
      choice = parse_choice<T>(texts, rule);
    } catch (const Error& error) {
      map.fail(key, error.what());
    }
  }

 private:
  YamlMap& map_of(const std::string& section) {
    if (section.empty()) return root_;
    if (section == "input") return input_;
    if (section == "stem") return stem_;
    if (section == "head") return head_;
    return stages_[static_cast<std::size_t>(stage_)];
  }

  YamlMap &root_, &input_, &stem_, &head_;
  std::vector<YamlMap>& stages_;
  int stage_ = -1;
};

std::string stage_name(YamlMap& map, std::size_t index, std::set<std::string>& used) {
  const std::string name = map.text("name", fmt::format("s{}", index + 1));
  const std::string letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  if (name.empty() || name.find_first_not_of(letters) != std::string::npos ||
      kind_of(name) != "stage")
    map.fail("name", fmt::format("must be letters, digits, '_' and '-', and not input, stem or "
                                 "head, is '{}'",
                                 name));
  if (!used.insert(name).second) map.fail("name", fmt::format("names '{}' twice", name));
  return name;
}

/// The rules across properties.
void check_stage(YamlMap& map, const StageSpec& stage, bool sequence) {
  for (std::size_t i = 0; i < stage.block.values.size(); ++i)
    if (is_sequence_block(stage.block.values[i]) != sequence)
      map.fail("block", fmt::format("'{}' is a block of {}, and the input is {}",
                                    stage.block.texts[i], sequence ? "images" : "sequences",
                                    sequence ? "a sequence" : "an image"));
  if (sequence && (stage.stride.values.size() > 1 || stage.stride.values[0] != 1))
    map.fail("stride", "must be 1 for sequences; the stem has their strides");
}

}  // namespace

StagedSpec read_staged(YamlMap& root) {
  StagedSpec spec;
  YamlMap input = root.map("input"), stem = root.map("stem"), head = root.map("head");
  std::vector<YamlMap> stages = root.list("stages");
  if (stages.size() > kMostStages)
    root.fail("stages", fmt::format("must be at most {}, is {}", kMostStages, stages.size()));
  spec.input.sequence = input.has("frames");
  if (spec.input.sequence)
    spec.input.features = input.integer("features", {.min = 8, .max = 4096}, 80);
  else
    spec.input.channels = input.integer("channels", {.min = 1, .max = 4096}, 3);
  spec.head.kind = static_cast<HeadKind>(head.choice("kind", head_names(), 0));
  spec.head.classes = head.integer("classes", {.min = 1, .max = 1e6});
  if ((spec.head.kind == HeadKind::kCtc) != spec.input.sequence)
    head.fail("kind", fmt::format("'{}' does not go with {}",
                                  head_names()[static_cast<std::size_t>(spec.head.kind)],
                                  spec.input.sequence ? "a sequence (use ctc)" : "an image"));
  std::set<std::string> used;
  for (std::size_t i = 0; i < stages.size(); ++i)
    spec.stages.emplace_back().name = stage_name(stages[i], i, used);
  visit_properties(spec, PropertyReader(root, input, stem, head, stages));
  for (std::size_t i = 0; i < stages.size(); ++i) {
    check_stage(stages[i], spec.stages[i], spec.input.sequence);
    stages[i].finish();
  }
  for (const YamlMap* map : {&input, &stem, &head}) map->finish();
  root.finish();
  return spec;
}

namespace {

std::string value_text(const std::vector<std::string>& texts) {
  return texts.size() == 1 ? yaml_text(texts.front()) : yaml_list(texts);
}

/// Collects "key: value" of the properties that are not at their default, by section.
struct PropertyWriter {
  std::vector<std::pair<std::string, std::vector<std::string>>> sections;

  std::vector<std::string>& of(const std::string& section) {
    for (auto& [name, entries] : sections)
      if (name == section) return entries;
    return sections.emplace_back(section, std::vector<std::string>{}).second;
  }
  template <typename T>
  void operator()(const std::string& section, const std::string& key, const Property<T>& choice) {
    if (choice.texts == std::vector<std::string>{rule_of(section, key).otherwise}) return;
    of(section).push_back(fmt::format("{}: {}", key, value_text(choice.texts)));
  }
};

}  // namespace

std::string write_staged(const StagedSpec& spec) {
  PropertyWriter writer;
  if (spec.input.sequence)
    writer.of("input").push_back(fmt::format("features: {}", spec.input.features));
  else
    writer.of("input").push_back(fmt::format("channels: {}", spec.input.channels));
  writer.of("head").push_back(
      fmt::format("kind: {}", head_names()[static_cast<std::size_t>(spec.head.kind)]));
  writer.of("head").push_back(fmt::format("classes: {}", spec.head.classes));
  visit_properties(spec, writer);
  const auto section = [&](const std::string& name) {
    return fmt::format("{}: {{{}}}\n", name, fmt::join(writer.of(name), ", "));
  };
  std::string text = section("input");
  for (const std::string& entry : writer.of("")) text += entry + "\n";
  text += section("stem") + "stages:\n";
  for (const StageSpec& stage : spec.stages) {
    text += fmt::format("  - name: {}\n", stage.name);
    for (const std::string& entry : writer.of(stage.name)) text += fmt::format("    {}\n", entry);
  }
  return text + section("head");
}

std::vector<Axis> number_axes(StagedSpec& spec) {
  std::vector<Axis> axes;
  visit_properties(spec, [&]<typename T>(const std::string& section, const std::string& key,
                                         Property<T>& choice) {
    choice.axis = -1;
    if (choice.values.size() < 2) return;
    choice.axis = static_cast<int>(axes.size());
    Axis& axis = axes.emplace_back();
    axis.name = section.empty() ? key : section + "." + key;
    axis.choices = choice.texts;
    if constexpr (kIsNumber<T>) {
      if (rule_of(section, key).ordered)
        for (const T& value : choice.values) axis.values.push_back(static_cast<double>(value));
    }
  });
  return axes;
}

}  // namespace presil
