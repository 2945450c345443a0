// `--set key=value`: one value of the tree is replaced before it is read.

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "hw/chip_yaml.h"

namespace presil {

namespace {

struct Override {
  const std::string& key;
  const std::string& value;

  [[noreturn]] void fail(const std::string& rule) const {
    throw Error("--set {}={}: {}", key, value, rule);
  }
};

std::vector<std::string> split(const std::string& key) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= key.size();) {
    const std::size_t dot = std::min(key.find('.', at), key.size());
    parts.push_back(key.substr(at, dot - at));
    at = dot + 1;
  }
  return parts;
}

/// The entry of a list by index or by its `name`. Sets `part` to the index.
YAML::Node list_entry(const Override& wanted, const YAML::Node& list, std::string& part) {
  std::vector<std::string> known;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const bool named = list[i].IsMap() && list[i]["name"] && list[i]["name"].IsScalar();
    const std::string name = named ? list[i]["name"].Scalar() : std::to_string(i);
    if (part == name || part == std::to_string(i)) {
      part = std::to_string(i);
      return list[i];
    }
    known.push_back(name);
  }
  wanted.fail(fmt::format("the list has no entry '{}'; known: {}", part, fmt::join(known, ", ")));
}

/// `path` as chip_yaml_keys() spells it.
std::string pattern_of(const std::vector<std::string>& parts) {
  std::vector<std::string> pattern = parts;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool index =
        !pattern[i].empty() && pattern[i].find_first_not_of("0123456789") == std::string::npos;
    const bool data = i > 0 && pattern[i - 1] == "memory_byte";
    if (index || data) pattern[i].assign(1, '*');
  }
  return fmt::format("{}", fmt::join(pattern, "."));
}

void check_known(const Override& wanted, const std::vector<std::string>& parts,
                 const std::vector<std::string>& known) {
  const std::string pattern = pattern_of(parts);
  if (std::binary_search(known.begin(), known.end(), pattern)) return;
  std::string near = nearest(pattern, known);
  if (near.empty()) {  // perhaps only the section is missing: "kib" for "sram.kib"
    const auto ends = std::find_if(known.begin(), known.end(), [&](const std::string& key) {
      return key.ends_with("." + parts.back());
    });
    if (ends != known.end()) near = *ends;
  }
  wanted.fail(near.empty() ? "a chip file has no such key; docs/chip_yaml.md lists them"
                           : fmt::format("a chip file has no such key; did you mean '{}'?", near));
}

/// A rate or a duration is given in one of two units: setting one takes the other away.
void drop_other_unit(YAML::Node map, const std::string& key) {
  if (key == "gb_per_s") map.remove("bytes_per_cycle");
  if (key == "bytes_per_cycle") map.remove("gb_per_s");
  if (key.ends_with("_ns")) map.remove(key.substr(0, key.size() - 3) + "_cycles");
  if (key.ends_with("_cycles")) map.remove(key.substr(0, key.size() - 7) + "_ns");
}

void set_one(YAML::Node root, const Override& wanted, const std::vector<std::string>& known) {
  std::vector<std::string> parts = split(wanted.key);
  YAML::Node node = root;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    YAML::Node next;
    if (node.IsSequence()) {
      next.reset(list_entry(wanted, node, parts[i]));
    } else if (node.IsMap()) {
      if (!node[parts[i]]) {
        check_known(wanted, parts, known);
        node[parts[i]] = YAML::Node(YAML::NodeType::Map);
      }
      next.reset(node[parts[i]]);
    } else {
      check_known(wanted, parts, known);
      wanted.fail(fmt::format("'{}' holds no further keys in this file", parts[i - 1]));
    }
    node.reset(next);
  }
  check_known(wanted, parts, known);
  if (node.IsSequence()) list_entry(wanted, node, parts.back());
  if (!node.IsMap() || (node[parts.back()] && !node[parts.back()].IsScalar()))
    wanted.fail("holds further keys; name one of them");
  drop_other_unit(node, parts.back());
  node[parts.back()] = YAML::Node(wanted.value);
}

/// mac_array.parallelism_factor and .dot_length stand for all modes: the first gets the value, the
/// others are scaled with it.
void scale_modes(YAML::Node root, const Override& wanted, const std::string& member) {
  const YAML::Node array = root["mac_array"];
  if (!array || !array.IsMap() || !array["modes"] || !array["modes"].IsSequence())
    wanted.fail("the file has no list mac_array.modes");
  YAML::Node modes = array["modes"];
  double value = 0;
  if (!YAML::convert<double>::decode(YAML::Node(wanted.value), value) || !(value >= 1) ||
      value > 65536 || value != std::floor(value))
    wanted.fail("must be a whole number from 1 to 65536");
  double first = 0;
  for (std::size_t i = 0; i < modes.size(); ++i) {
    double old = 0;
    if (!modes[i].IsMap() || !modes[i][member] ||
        !YAML::convert<double>::decode(modes[i][member], old) || !(old >= 1))
      wanted.fail(fmt::format("mac_array.modes.{}.{} is no number to scale", i, member));
    if (i == 0) first = old;
    const double scaled = old * value / first;
    if (scaled < 1 || scaled != std::floor(scaled))
      wanted.fail(fmt::format(
          "mac_array.modes.{0}.{1} would become {2}, which is no whole number >= 1; set each "
          "mac_array.modes.N.{1} instead",
          i, member, scaled));
    modes[i][member] = YAML::Node(fmt::format("{}", scaled));
  }
}

}  // namespace

void apply_overrides(YAML::Node root, const ChipOverrides& overrides) {
  if (overrides.empty()) return;
  if (!root.IsMap()) return;  // read_chip() says so
  const std::vector<std::string> known = chip_yaml_keys();
  for (const auto& [key, value] : overrides) {
    const Override wanted{key, value};
    if (key == "mac_array.parallelism_factor" || key == "mac_array.dot_length")
      scale_modes(root, wanted, key.substr(key.find('.') + 1));
    else
      set_one(root, wanted, known);
  }
}

}  // namespace presil
