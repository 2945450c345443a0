#pragma once
// Ask for genomes, tell what they are worth, ask again.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "search/strategies.h"

namespace presil {

/// Which `keep` of the candidates are worth an evaluation (ascending indices), given all that was
/// told so far. Must be deterministic.
using Prefilter = std::function<std::vector<std::size_t>(
    std::span<const Evaluation> told, std::span<const Genome> candidates, std::size_t keep)>;

struct AlgorithmOptions {
  std::string name = "nsga2";  ///< of algorithm_names()
  std::uint64_t seed = 1;
  std::size_t population = 0;        ///< nsga2, evolution; 0: as the strategy has it
  Prefilter prefilter;               ///< empty: none
  std::size_t candidates_each = 16;  ///< that a prefilter chooses one of
};

/// "random", "evolution", "local", "nsga2".
const std::vector<std::string>& algorithm_names();

/// Deterministic: what is asked depends on the seed and on what was told alone, not on how many are
/// asked at once.
class Algorithm {
 public:
  /// Space and goal must outlive it. Throws Error for an unknown name, with the nearest, and for a
  /// population below 4.
  Algorithm(const SearchSpace& space, const Goal& goal, AlgorithmOptions options);

  /// The next genomes, at most `most`; none when it has to be told of earlier ones first.
  std::vector<Genome> ask(std::size_t most);
  /// In the order of asking.
  void tell(const Evaluation& evaluation);

 private:
  void next_batch();

  AlgorithmOptions options_;
  StrategyState state_;
  std::variant<RandomSearch, RegularisedEvolution, LocalSearch, Nsga2> strategy_;
  std::vector<Genome> batch_;
  std::size_t asked_ = 0;  ///< of batch_
  std::vector<Evaluation> told_, history_;
};

/// Keeps the candidates with the best cheap numbers (minimised; empty: no network): by fronts, the
/// least crowded first. For scores that need no training and for sizes.
Prefilter prefilter_by(std::function<Objectives(const Genome&)> cheap);

}  // namespace presil
