#pragma once
// The loop: an algorithm asks, an evaluator answers, an archive keeps.

#include <functional>
#include <string>
#include <vector>

#include "search/algorithm.h"
#include "search/archive.h"

namespace presil {

struct SearchOptions {
  AlgorithmOptions algorithm;
  std::size_t evaluations = 1000;  ///< repeats count
  /// Called now and then: evaluations so far, all of them in order.
  std::function<void(const std::vector<Evaluation>&)> progress;
};

struct SearchResult {
  std::vector<Evaluation> evaluations;  ///< in the order of asking
  std::vector<std::size_t> front;  ///< feasible, not dominated, each once; by the first objective
  std::string infeasible;          ///< why `front` is empty; "" otherwise
};

/// `archive` may be null. Deterministic: the same for any number of workers, and after a kill.
/// Throws Error if the archive is of another course of the search.
SearchResult search(const SearchSpace& space, const Goal& goal, Evaluator& evaluator,
                    const SearchOptions& options, Archive* archive = nullptr);

/// The feasible, non-dominated ones.
std::vector<std::size_t> front_of(const std::vector<Evaluation>& evaluations, const Goal& goal);
/// Of the feasible ones, against the worst feasible value of each objective so far: for a line that
/// shows how a search goes, since the reference moves.
double running_hypervolume(const std::vector<Evaluation>& evaluations, const Goal& goal);

}  // namespace presil
