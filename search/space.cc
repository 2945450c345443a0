#include "search/space.h"

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "core/yaml_reader.h"
#include "core/yaml_text.h"
#include "models/builtin_networks.h"
#include "search/decode.h"
#include "search/space_yaml.h"

namespace presil {

namespace {

const std::vector<std::string> kCellOps{"none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3",
                                        "avg_pool_3x3"};
/// Target and source node of each edge, in the order of the digits in the tables.
constexpr std::pair<int, int> kCellEdges[] = {{1, 0}, {2, 0}, {2, 1}, {3, 0}, {3, 1}, {3, 2}};

std::vector<Axis> cell_axes() {
  std::vector<Axis> axes;
  for (const auto& [to, from] : kCellEdges)
    axes.push_back({.name = fmt::format("edge{}{}", to, from), .choices = kCellOps, .values = {}});
  return axes;
}

/// "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|".
std::string cell_text(const Genome& genome) {
  std::string text;
  for (std::size_t i = 0; i < std::size(kCellEdges); ++i) {
    const int from = kCellEdges[i].second;
    if (from == 0) text += i == 0 ? "|" : "+|";
    text += fmt::format("{}~{}|", kCellOps[genome.genes[i]], from);
  }
  return text;
}

std::string fnv1a(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return fmt::format("{:016x}", hash);
}

}  // namespace

SearchSpace::SearchSpace(std::string name, std::variant<StagedSpec, Nb201> kind)
    : name_(std::move(name)), kind_(std::move(kind)) {
  if (auto* staged = std::get_if<StagedSpec>(&kind_))
    axes_ = number_axes(*staged);
  else
    axes_ = cell_axes();
}

SearchSpace SearchSpace::nb201() { return SearchSpace("nb201", Nb201{}); }

SearchSpace SearchSpace::load(const std::filesystem::path& file) {
  return from(load_yaml_file(file), file.string(), file.stem().string());
}

SearchSpace SearchSpace::read(const std::string& yaml, const std::string& name) {
  return from(load_yaml_text(yaml, name), name, name);
}

SearchSpace SearchSpace::from(const YAML::Node& document, const std::string& file,
                              const std::string& otherwise) {
  YamlMap root(file, "", document);
  const std::string name = root.text("name", otherwise);
  if (root.has("cell")) {
    root.choice("cell", {"nb201"}, 0);
    root.finish();
    return SearchSpace(name, Nb201{});
  }
  SearchSpace space(name, read_staged(root));
  if (space.axes_.empty())
    throw Error(
        "{}: every property has one value, so there is nothing to search; give some "
        "property a list of choices",
        file);
  return space;
}

double SearchSpace::size() const {
  double product = 1;
  for (const Axis& axis : axes_) product *= static_cast<double>(axis.choices.size());
  return product;
}

std::string SearchSpace::hash() const { return fnv1a(yaml()); }

void SearchSpace::check(const Genome& genome, const std::string& what) const {
  if (genome.genes.size() != axes_.size())
    throw Error("{}: must have {} genes as space '{}' has axes, has {}", what, axes_.size(), name_,
                genome.genes.size());
  for (std::size_t i = 0; i < axes_.size(); ++i)
    if (genome.genes[i] >= axes_[i].choices.size())
      throw Error("{}: gene {} ({}) must be below {}, is {}", what, i, axes_[i].name,
                  axes_[i].choices.size(), genome.genes[i]);
}

Decoded SearchSpace::decode(const Genome& genome) const {
  PRESIL_CHECK(genome.genes.size() == axes_.size(), "a genome of {} genes in a space of {} axes",
               genome.genes.size(), axes_.size());
  try {
    if (const StagedSpec* spec = staged()) return decode_staged(*spec, genome, name_);
    return Network{.graph = presil::nb201(cell_text(genome)), .precision = {}};
  } catch (const Error& error) {
    return NoNetwork{error.what()};
  }
}

std::string SearchSpace::key(const Genome& genome) const {
  return fmt::format("{}", fmt::join(genome.genes, staged() != nullptr ? "-" : ""));
}

Genome SearchSpace::genome_of(const std::string& key) const {
  Genome genome;
  if (staged() == nullptr) {
    for (const char c : key) {
      if (c < '0' || c > '9') throw Error("genome '{}': must be six digits", key);
      genome.genes.push_back(static_cast<std::uint16_t>(c - '0'));
    }
  } else {
    const char* at = key.data();
    const char* const end = at + key.size();
    while (at < end) {
      std::uint16_t gene = 0;
      const auto [next, error] = std::from_chars(at, end, gene);
      if (error != std::errc() || (next < end && *next != '-'))
        throw Error("genome '{}': must be numbers joined by '-', as 0-3-1", key);
      genome.genes.push_back(gene);
      at = next < end ? next + 1 : end;
    }
  }
  check(genome, fmt::format("genome '{}'", key));
  return genome;
}

Genome SearchSpace::random(Random& random) const {
  Genome genome;
  for (const Axis& axis : axes_)
    genome.genes.push_back(static_cast<std::uint16_t>(
        random.integer(0, static_cast<std::int64_t>(axis.choices.size()) - 1)));
  return genome;
}

SearchSpace SearchSpace::restricted(const std::vector<std::vector<std::size_t>>& kept,
                                    const std::string& name) const {
  PRESIL_CHECK(staged() != nullptr && kept.size() == axes_.size(), "cannot restrict '{}'", name_);
  StagedSpec spec = *staged();
  visit_properties(
      spec, [&]<typename T>(const std::string&, const std::string&, Property<T>& choice) {
        if (choice.axis < 0) return;
        Property<T> smaller;
        for (const std::size_t i : kept[static_cast<std::size_t>(choice.axis)]) {
          smaller.values.push_back(choice.values.at(i));
          smaller.texts.push_back(choice.texts.at(i));
        }
        PRESIL_CHECK(!smaller.values.empty(), "an axis of '{}' keeps no choice", name_);
        choice = smaller;
      });
  SearchSpace space(name, std::move(spec));
  if (space.axes_.empty()) throw Error("space '{}': no axis keeps two choices", name);
  return space;
}

std::string SearchSpace::yaml() const {
  const std::string head = fmt::format("name: {}\n", yaml_text(name_));
  return head + (staged() != nullptr ? write_staged(*staged()) : "cell: nb201\n");
}

}  // namespace presil
