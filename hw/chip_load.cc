// A chip file from its name to a validated ChipSpec.

#include <algorithm>

#include "core/error.h"
#include "hw/chip_validate.h"
#include "hw/chip_yaml.h"

namespace presil {

namespace {

/// The least file that read_chip accepts. With optional sections read as empty ones, reading it
/// asks for every key there is.
constexpr const char* kLeastChip = R"(
name: least
clock_mhz: 1
mac_array:
  modes: [{weights: int8, activations: int8, parallelism_factor: 1, dot_length: 1}]
  stripe: {length: 1}
  accumulators: {kib: 1}
  output_elements_per_cycle: 1
vector_unit:
  lanes: 1
  cycles_per_element: {}
sram: {kib: 1, banks: 1, bank_bytes_per_cycle: 1}
memories: [{name: m, bytes_per_cycle: 1}]
placement: {weights: m, activations: m, inputs: m, outputs: m}
dma: {channels: 1, burst_bytes: 1, outstanding: 1}
energy_pj: {mac: {int8: 0}, memory_byte: {m: 0}, sram_byte: 0, vector_op: 0, idle_mw: 0}
)";

/// Line of `key` in the file, or of its nearest ancestor there; 0 when an override put it in.
int line_of(YAML::Node node, const std::string& key) {
  int line = node.Mark().line + 1;
  for (std::size_t at = 0; at != std::string::npos;) {
    const std::size_t dot = key.find('.', at);
    const std::string part = key.substr(at, dot == std::string::npos ? dot : dot - at);
    YAML::Node next;
    if (node.IsMap())
      for (const auto& entry : node)
        if (entry.first.Scalar() == part) next.reset(entry.second);
    if (node.IsSequence()) {
      const auto index = static_cast<std::size_t>(std::stoul(part));
      next.reset(node[index]);
    }
    if (next.IsNull()) return line;
    line = next.Mark().is_null() ? 0 : next.Mark().line + 1;
    node.reset(next);
    at = dot == std::string::npos ? dot : dot + 1;
  }
  return line;
}

/// "chips/a.yaml:12", and the overrides, which may be what broke a rule between keys.
std::string place_of(const std::filesystem::path& file, const YAML::Node& root,
                     const std::string& key, const ChipOverrides& overrides) {
  std::string place = file.string();
  if (const int line = line_of(root, key); line > 0) place += fmt::format(":{}", line);
  for (const auto& [name, value] : overrides) place += fmt::format(" --set {}={}", name, value);
  return place;
}

}  // namespace

std::vector<std::string> chip_yaml_keys() {
  YAML::Node root = load_yaml_text(kLeastChip, "the least chip");
  for (const std::string& key : chip_vector_cost_keys())
    root["vector_unit"]["cycles_per_element"][key] = "1";
  std::set<std::string> asked;
  read_chip(root, "the least chip", &asked);
  return {asked.begin(), asked.end()};
}

ChipSpec load_chip(const std::filesystem::path& file, const ChipOverrides& overrides) {
  YAML::Node root = load_yaml_file(file);
  apply_overrides(root, overrides);
  ChipSpec chip = read_chip(root, file.string());
  if (const auto problem = first_chip_problem(chip))
    throw Error("{}: {}: {}", place_of(file, root, problem->key, overrides), problem->key,
                problem->text);
  return chip;
}

std::filesystem::path find_chip(const std::string& name_or_path,
                                const std::filesystem::path& folder) {
  const std::filesystem::path named = folder / (name_or_path + ".yaml");
  if (std::filesystem::exists(named)) return named;
  if (std::filesystem::exists(name_or_path)) return name_or_path;
  std::vector<std::string> known;
  if (std::filesystem::is_directory(folder))
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (entry.path().extension() == ".yaml") known.push_back(entry.path().stem().string());
  std::sort(known.begin(), known.end());
  const std::string near = nearest(name_or_path, known);
  throw Error("chip '{}': no such file, and no chip of that name{}; known: {}", name_or_path,
              near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near),
              fmt::join(known, ", "));
}

}  // namespace presil
