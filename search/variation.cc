#include "search/variation.h"

#include "core/error.h"

namespace presil {

namespace {

std::uint16_t other_choice(const Axis& axis, std::uint16_t now, Random& random) {
  const auto count = static_cast<std::int64_t>(axis.choices.size());
  if (axis.ordered() && random.uniform() < 0.8) {
    const bool up = now == 0 || (now + 1 < count && random.uniform() < 0.5);
    return static_cast<std::uint16_t>(up ? now + 1 : now - 1);
  }
  const std::int64_t pick = random.integer(0, count - 2);
  return static_cast<std::uint16_t>(pick >= now ? pick + 1 : pick);
}

}  // namespace

Genome mutated(const SearchSpace& space, const Genome& genome, Random& random) {
  Genome child = genome;
  const auto count = static_cast<std::int64_t>(space.axes().size());
  const std::int64_t surely = random.integer(0, count - 1);
  for (std::int64_t i = 0; i < count; ++i) {
    if (i != surely && random.uniform() * static_cast<double>(count) >= 1) continue;
    const auto at = static_cast<std::size_t>(i);
    child.genes[at] = other_choice(space.axes()[at], child.genes[at], random);
  }
  return child;
}

Genome crossed(const Genome& a, const Genome& b, Random& random) {
  PRESIL_CHECK(a.genes.size() == b.genes.size(), "genomes of two spaces");
  Genome child = a;
  for (std::size_t i = 0; i < child.genes.size(); ++i)
    if (random.uniform() < 0.5) child.genes[i] = b.genes[i];
  return child;
}

std::vector<Genome> neighbours(const SearchSpace& space, const Genome& genome) {
  std::vector<Genome> result;
  for (std::size_t i = 0; i < space.axes().size(); ++i) {
    const Axis& axis = space.axes()[i];
    for (std::size_t choice = 0; choice < axis.choices.size(); ++choice) {
      const std::size_t now = genome.genes[i];
      const bool step = choice + 1 == now || now + 1 == choice;
      if (choice == now || (axis.ordered() && !step)) continue;
      result.push_back(genome);
      result.back().genes[i] = static_cast<std::uint16_t>(choice);
    }
  }
  return result;
}

}  // namespace presil
