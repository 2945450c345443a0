#include "search/search.h"

#include <algorithm>

#include "core/error.h"

namespace presil {

std::vector<std::size_t> front_of(const std::vector<Evaluation>& evaluations, const Goal& goal) {
  std::vector<std::size_t> feasible;
  std::vector<Objectives> points;
  for (std::size_t i = 0; i < evaluations.size(); ++i) {
    const RankedPoint point = ranked(evaluations[i], goal);
    if (point.violation > 0) continue;
    feasible.push_back(i);
    points.push_back(point.objectives);
  }
  std::vector<std::size_t> local = pareto_front(points), front;
  std::stable_sort(local.begin(), local.end(),
                   [&](std::size_t a, std::size_t b) { return points[a] < points[b]; });
  for (const std::size_t i : local) front.push_back(feasible[i]);
  return front;
}

double running_hypervolume(const std::vector<Evaluation>& evaluations, const Goal& goal) {
  std::vector<Objectives> points;
  for (const Evaluation& e : evaluations) {
    RankedPoint point = ranked(e, goal);
    if (point.violation == 0) points.push_back(std::move(point.objectives));
  }
  if (points.empty()) return 0;
  Objectives reference = points.front();
  for (const Objectives& p : points)
    for (std::size_t k = 0; k < p.size(); ++k) reference[k] = std::max(reference[k], p[k]);
  return hypervolume(points, reference);
}

namespace {

/// The evaluations of `genomes`, from the archive as far as it goes, which begins at `done`.
std::vector<Evaluation> answers(const std::vector<Genome>& genomes, std::size_t done,
                                const SearchSpace& space, Evaluator& evaluator, Archive* archive) {
  std::vector<Evaluation> result;
  for (const Genome& genome : genomes) {
    const std::size_t place = done + result.size();
    if (archive == nullptr || place >= archive->earlier().size()) break;
    const Evaluation& earlier = archive->earlier()[place];
    if (earlier.genome != genome)
      throw Error(
          "the archive's evaluation {} is of network {}, this search asks for {}: it took "
          "another course (another version of presil?); name another file",
          place + 1, space.key(earlier.genome), space.key(genome));
    evaluator.remember(earlier);
    result.push_back(earlier);
  }
  const std::vector<Genome> open(genomes.begin() + static_cast<std::ptrdiff_t>(result.size()),
                                 genomes.end());
  evaluator.evaluate(open, [&](const Evaluation& e) {
    if (archive != nullptr) archive->append(e);
    result.push_back(e);
  });
  return result;
}

}  // namespace

SearchResult search(const SearchSpace& space, const Goal& goal, Evaluator& evaluator,
                    const SearchOptions& options, Archive* archive) {
  Algorithm algorithm(space, goal, options.algorithm);
  SearchResult result;
  while (result.evaluations.size() < options.evaluations) {
    const std::size_t done = result.evaluations.size();
    const std::vector<Genome> genomes = algorithm.ask(options.evaluations - done);
    for (Evaluation& e : answers(genomes, done, space, evaluator, archive)) {
      algorithm.tell(e);
      result.evaluations.push_back(std::move(e));
    }
    if (options.progress) options.progress(result.evaluations);
  }
  result.front = front_of(result.evaluations, goal);
  if (result.front.empty()) {
    std::vector<Measured> seen;
    for (const Evaluation& e : result.evaluations)
      if (e.failure.empty()) seen.push_back(e.measured);
    result.infeasible = infeasibility(goal, seen);
    if (seen.empty() && !result.evaluations.empty())
      result.infeasible += fmt::format("; the first says: {}", result.evaluations.front().failure);
  }
  return result;
}

}  // namespace presil
