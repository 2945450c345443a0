#pragma once
// A property of a space's networks: one fixed value, or several to choose from.

#include <cstdint>
#include <string>
#include <vector>

namespace presil {

/// One index a choice: the index of the chosen value on each Axis of a SearchSpace, in its order.
struct Genome {
  std::vector<std::uint16_t> genes;

  auto operator<=>(const Genome&) const = default;
};

/// `values` and how each is written in files. More than one value: gene `axis` chooses.
template <typename T>
struct Property {
  std::vector<T> values;
  std::vector<std::string> texts;
  int axis = -1;

  const T& at(const Genome& genome) const {
    return values[axis < 0 ? 0 : genome.genes[static_cast<std::size_t>(axis)]];
  }
};

/// What a gene chooses among.
struct Axis {
  std::string name;                  ///< "depth_multiplier", "s1.channels"
  std::vector<std::string> choices;  ///< at least two, as written
  std::vector<double> values;        ///< of an ordered axis, ascending; empty for named choices
  bool ordered() const { return !values.empty(); }
  /// Widths of layers: what an engine's parallelism makes rocky.
  bool channels() const { return name.ends_with("channels"); }
};

}  // namespace presil
