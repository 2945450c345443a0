#include "search/algorithm.h"

#include <algorithm>
#include <limits>

#include "core/error.h"

namespace presil {

const std::vector<std::string>& algorithm_names() {
  static const std::vector<std::string> names{"random", "evolution", "local", "nsga2"};
  return names;
}

Algorithm::Algorithm(const SearchSpace& space, const Goal& goal, AlgorithmOptions options)
    : options_(std::move(options)),
      state_{.space = &space, .goal = &goal, .random = Random(options_.seed)} {
  const std::size_t population = options_.population;
  if (population > 0 && population < 4)
    throw Error("the population must be at least 4, is {}", population);
  if (options_.name == "random") {
    strategy_ = RandomSearch{};
  } else if (options_.name == "evolution") {
    RegularisedEvolution strategy;
    if (population > 0) strategy.population = population;
    strategy_ = strategy;
  } else if (options_.name == "local") {
    strategy_ = LocalSearch{};
  } else if (options_.name == "nsga2") {
    Nsga2 strategy;
    if (population > 0) strategy.population = population;
    strategy_ = strategy;
  } else {
    const std::string near = nearest(options_.name, algorithm_names());
    throw Error("unknown algorithm '{}'{}; known: {}", options_.name,
                near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near),
                fmt::join(algorithm_names(), ", "));
  }
}

void Algorithm::next_batch() {
  std::visit(
      [&](auto& strategy) {
        if (!told_.empty()) strategy.absorb(state_, told_);
        const std::size_t n = strategy.batch();
        if (!options_.prefilter || history_.empty()) {
          batch_ = strategy.candidates(state_, n);
          return;
        }
        const auto many = strategy.candidates(state_, n * options_.candidates_each);
        batch_.clear();
        for (const std::size_t i : options_.prefilter(history_, many, n))
          batch_.push_back(many.at(i));
      },
      strategy_);
  PRESIL_CHECK(!batch_.empty(), "algorithm '{}' asks for nothing", options_.name);
  state_.chosen.insert(batch_.begin(), batch_.end());
  told_.clear();
  asked_ = 0;
}

std::vector<Genome> Algorithm::ask(std::size_t most) {
  if (told_.size() == batch_.size()) next_batch();
  const std::size_t end = std::min(batch_.size(), asked_ + most);
  const std::vector<Genome> next(batch_.begin() + static_cast<std::ptrdiff_t>(asked_),
                                 batch_.begin() + static_cast<std::ptrdiff_t>(end));
  asked_ = end;
  return next;
}

void Algorithm::tell(const Evaluation& evaluation) {
  PRESIL_CHECK(told_.size() < asked_ && evaluation.genome == batch_[told_.size()],
               "told of a genome that was not asked for");
  told_.push_back(evaluation);
  history_.push_back(evaluation);
}

Prefilter prefilter_by(std::function<Objectives(const Genome&)> cheap) {
  return [cheap = std::move(cheap)](std::span<const Evaluation>, std::span<const Genome> candidates,
                                    std::size_t keep) {
    std::vector<RankedPoint> points;
    std::size_t objectives = 1;
    for (const Genome& genome : candidates) {
      points.push_back({.objectives = cheap(genome)});
      if (points.back().objectives.empty())
        points.back().violation = std::numeric_limits<double>::infinity();
      objectives = std::max(objectives, points.back().objectives.size());
    }
    for (RankedPoint& point : points) point.objectives.resize(objectives, 0);
    std::vector<std::size_t> kept;
    for (const auto& front : non_dominated_sort(points)) {
      const std::vector<double> distance = crowding(points, front);
      std::vector<std::size_t> order(front.size());
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
      std::stable_sort(order.begin(), order.end(),
                       [&](std::size_t a, std::size_t b) { return distance[a] > distance[b]; });
      for (const std::size_t i : order)
        if (kept.size() < keep) kept.push_back(front[i]);
    }
    std::sort(kept.begin(), kept.end());
    return kept;
  };
}

}  // namespace presil
