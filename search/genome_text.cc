// A genome as its users read it: YAML, and a summary of the network.

#include <algorithm>

#include "core/error.h"
#include "core/yaml_reader.h"
#include "core/yaml_text.h"
#include "search/space.h"

namespace presil {

std::string genome_yaml(const SearchSpace& space, const Genome& genome) {
  std::string text = fmt::format("space: {}\ngenome:\n", yaml_text(space.name()));
  for (std::size_t i = 0; i < space.axes().size(); ++i) {
    const Axis& axis = space.axes()[i];
    text += fmt::format("  {}: {}\n", axis.name, yaml_text(axis.choices[genome.genes[i]]));
  }
  return text;
}

Genome read_genome(const SearchSpace& space, const std::filesystem::path& file) {
  const YAML::Node node = load_yaml_file(file);
  YamlMap root(file.string(), "", node);
  if (root.text("space") != space.name())
    root.fail("space", fmt::format("must be '{}', is '{}'", space.name(), root.text("space")));
  YamlMap genes = root.map("genome");
  Genome genome;
  for (const Axis& axis : space.axes()) {
    const std::string text = genes.text(axis.name);
    const auto found = std::find(axis.choices.begin(), axis.choices.end(), text);
    if (found == axis.choices.end())
      genes.fail(axis.name,
                 fmt::format("must be one of {}, is '{}'", fmt::join(axis.choices, ", "), text));
    genome.genes.push_back(static_cast<std::uint16_t>(found - axis.choices.begin()));
  }
  genes.finish();
  root.finish();
  return genome;
}

namespace {

/// The chosen values of one section, "key value" each, fixed ones included.
struct SectionText {
  const Genome& genome;
  std::vector<std::pair<std::string, std::string>> lines;

  template <typename T>
  void operator()(const std::string& section, const std::string& key, const Property<T>& choice) {
    const std::size_t i = choice.axis < 0 ? 0 : genome.genes[static_cast<std::size_t>(choice.axis)];
    const std::string name = section.empty() ? "network" : section;
    if (lines.empty() || lines.back().first != name) lines.emplace_back(name, "");
    std::string& line = lines.back().second;
    line += fmt::format("{}{} {}", line.empty() ? "" : ", ", key, choice.texts[i]);
  }
};

}  // namespace

std::string summary(const SearchSpace& space, const Genome& genome) {
  std::string text = fmt::format("{} {}\n", space.name(), space.key(genome));
  if (space.staged() != nullptr) {
    SectionText sections{genome, {}};
    visit_properties(*space.staged(), sections);
    for (const auto& [name, line] : sections.lines) text += fmt::format("  {}: {}\n", name, line);
  } else {
    for (std::size_t i = 0; i < space.axes().size(); ++i)
      text +=
          fmt::format("  {}: {}\n", space.axes()[i].name, space.axes()[i].choices[genome.genes[i]]);
  }
  const Decoded decoded = space.decode(genome);
  if (const auto* none = std::get_if<NoNetwork>(&decoded))
    return text + fmt::format("  no network: {}\n", none->reason);
  const Graph& graph = std::get<Network>(decoded).graph;
  return text + fmt::format(
                    "  {:.1f} million multiply-accumulates, {:.3f} million parameters, {} "
                    "operators\n",
                    static_cast<double>(macs_of(graph).value) / 1e6,
                    static_cast<double>(parameter_bytes(graph).value) / 4e6, graph.ops().size());
}

}  // namespace presil
