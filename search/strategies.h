#pragma once
// How the algorithms choose what to evaluate next. search/algorithm.h is for everybody else.

#include <deque>
#include <set>
#include <span>
#include <vector>

#include "search/evaluator.h"

namespace presil {

/// What every strategy has: the space, the goal, a stream of random numbers, and what was chosen.
struct StrategyState {
  const SearchSpace* space = nullptr;
  const Goal* goal = nullptr;
  Random random{1};
  std::set<Genome> chosen{};

  /// make() until it gives a genome that was not chosen yet and is not in `also`, at most 64 times.
  template <typename Make>
  Genome fresh(const Make& make, const std::set<Genome>& also) {
    Genome genome = make();
    for (int i = 0; i < 64 && (chosen.contains(genome) || also.contains(genome)); ++i)
      genome = make();
    return genome;
  }
  RankedPoint rank(const Evaluation& e) const { return ranked(e, *goal); }
};

// Each strategy: batch() is how many genomes it wants evaluated before it is told (of the same for
// any number of workers), candidates(n) are n of them, absorb() tells.

/// Every genome as likely, with repeats.
struct RandomSearch {
  std::size_t batch() const { return 32; }
  std::vector<Genome> candidates(StrategyState& state, std::size_t n);
  void absorb(StrategyState&, std::span<const Evaluation>) {}
};

/// Real et al., Regularized Evolution for Image Classifier Architecture Search, 2019: a child of
/// the best of a sample, the oldest dies. Several objectives: any of the sample's first front.
struct RegularisedEvolution {
  std::size_t population = 50, sample = 10;
  std::deque<Evaluation> members{};

  std::size_t batch() const { return members.size() < population ? population : 8; }
  std::vector<Genome> candidates(StrategyState& state, std::size_t n);
  void absorb(StrategyState& state, std::span<const Evaluation> told);
};

/// From a random start to the neighbours of what is not dominated yet, until none is left; then
/// from another random start (Pareto local search, Paquete et al., 2004).
struct LocalSearch {
  std::vector<Evaluation> front{};
  std::set<Genome> explored{};
  std::vector<Genome> open{};  ///< neighbours that wait

  std::size_t batch() const { return 16; }
  std::vector<Genome> candidates(StrategyState& state, std::size_t n);
  void absorb(StrategyState& state, std::span<const Evaluation> told);
};

/// Deb et al., 2002, with crossing and mutation of named choices (variation.h), and half a
/// population of children at a time.
struct Nsga2 {
  std::size_t population = 40;
  std::vector<Evaluation> members{};

  std::size_t batch() const {
    return members.empty() ? population : std::max<std::size_t>(1, population / 2);
  }
  std::vector<Genome> candidates(StrategyState& state, std::size_t n);
  void absorb(StrategyState& state, std::span<const Evaluation> told);
};

}  // namespace presil
