#pragma once
// A search space: named choices, and the network that each combination of them makes.

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/random.h"
#include "models/graph.h"
#include "search/choice.h"
#include "search/staged_spec.h"
#include "sim/precision.h"

namespace presil {

/// What a genome stands for: a checked graph (fp32, weights without values) and the precisions that
/// its stages ask for.
struct Network {
  Graph graph;
  PrecisionOptions precision;
};

/// Why a genome is no network: "s3: a map of 1x1 cannot be strided".
struct NoNetwork {
  std::string reason;
};
using Decoded = std::variant<Network, NoNetwork>;

/// Immutable. Two kinds: stages of blocks (StagedSpec), and the cell of NAS-Bench-201 (six edges of
/// five operations).
class SearchSpace {
 public:
  /// Reads docs/search.md's YAML. Throws Error: file:line, key, rule, value, nearest known key.
  static SearchSpace load(const std::filesystem::path& file);
  /// `name` stands for the file in messages.
  static SearchSpace read(const std::string& yaml, const std::string& name);
  /// The 15,625 networks of NAS-Bench-201.
  static SearchSpace nb201();

  const std::string& name() const { return name_; }
  /// At least one. A property with one value has no axis.
  const std::vector<Axis>& axes() const { return axes_; }
  /// Number of genomes.
  double size() const;
  /// 16 hex digits over axes and choices and everything that is fixed.
  std::string hash() const;
  /// nullptr for NAS-Bench-201.
  const StagedSpec* staged() const { return std::get_if<StagedSpec>(&kind_); }

  /// PRESIL_CHECKs that the genome is of this space. Thread-safe, deterministic.
  Decoded decode(const Genome& genome) const;
  /// The name of a network in tables of results: NAS-Bench-201's six digits (`ops6`), else the
  /// genes joined by '-'.
  std::string key(const Genome& genome) const;
  /// The inverse of key(). Throws Error naming the gene.
  Genome genome_of(const std::string& key) const;
  Genome random(Random& random) const;
  /// Throws Error (`what` starts it) unless the genome has this space's genes.
  void check(const Genome& genome, const std::string& what) const;

  /// The same space with only some choices, by axis: `kept[i]` ascending indices of axis i, at
  /// least one each. Throws Error when no axis keeps two. PRESIL_CHECKs on NAS-Bench-201.
  SearchSpace restricted(const std::vector<std::vector<std::size_t>>& kept,
                         const std::string& name) const;
  /// As read() takes it.
  std::string yaml() const;

 private:
  struct Nb201 {};
  SearchSpace(std::string name, std::variant<StagedSpec, Nb201> kind);
  static SearchSpace from(const YAML::Node& document, const std::string& file,
                          const std::string& otherwise);

  std::string name_;
  std::variant<StagedSpec, Nb201> kind_;
  std::vector<Axis> axes_;
};

/// A genome as text: `space`, and every axis with its choice.
std::string genome_yaml(const SearchSpace& space, const Genome& genome);
/// Reads what genome_yaml() writes. Throws Error: file:line, axis, choice, the known ones.
Genome read_genome(const SearchSpace& space, const std::filesystem::path& file);
/// "s1: 2 x fused_ibn 3x3, 24 channels, stride 2, ..." a line a stage, and the network's size.
std::string summary(const SearchSpace& space, const Genome& genome);

}  // namespace presil
