#include "search/strategies.h"

#include <algorithm>

#include "core/error.h"
#include "search/variation.h"

namespace presil {

namespace {

std::size_t pick(Random& random, std::size_t count) {
  return static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(count) - 1));
}

/// n genomes that are neither chosen yet nor twice among themselves, as far as make() finds any.
template <typename Make>
std::vector<Genome> fresh_ones(StrategyState& state, std::size_t n, const Make& make) {
  std::vector<Genome> result;
  std::set<Genome> taken;
  while (result.size() < n) {
    result.push_back(state.fresh(make, taken));
    taken.insert(result.back());
  }
  return result;
}

template <typename Members>
std::vector<RankedPoint> points_of(const StrategyState& state, const Members& members) {
  std::vector<RankedPoint> points;
  for (const Evaluation& e : members) points.push_back(state.rank(e));
  return points;
}

}  // namespace

std::vector<Genome> RandomSearch::candidates(StrategyState& state, std::size_t n) {
  std::vector<Genome> result;
  while (result.size() < n) result.push_back(state.space->random(state.random));
  return result;
}

// ---- Regularised evolution ----

std::vector<Genome> RegularisedEvolution::candidates(StrategyState& state, std::size_t n) {
  if (members.empty())
    return fresh_ones(state, n, [&] { return state.space->random(state.random); });
  const std::vector<RankedPoint> points = points_of(state, members);
  return fresh_ones(state, n, [&] {
    std::vector<std::size_t> drawn;
    for (std::size_t i = 0; i < sample; ++i) drawn.push_back(pick(state.random, members.size()));
    std::vector<std::size_t> best;
    for (const std::size_t i : drawn)
      if (std::none_of(drawn.begin(), drawn.end(),
                       [&](std::size_t j) { return dominates(points[j], points[i]); }))
        best.push_back(i);
    return mutated(*state.space, members[best[pick(state.random, best.size())]].genome,
                   state.random);
  });
}

void RegularisedEvolution::absorb(StrategyState&, std::span<const Evaluation> told) {
  for (const Evaluation& e : told) {
    members.push_back(e);
    if (members.size() > population) members.pop_front();
  }
}

// ---- Local search ----

std::vector<Genome> LocalSearch::candidates(StrategyState& state, std::size_t n) {
  const auto refill = [&] {
    std::vector<std::size_t> unexplored;
    for (std::size_t i = 0; i < front.size(); ++i)
      if (!explored.contains(front[i].genome)) unexplored.push_back(i);
    if (unexplored.empty()) return false;
    const Genome& from = front[unexplored[pick(state.random, unexplored.size())]].genome;
    explored.insert(from);
    for (Genome& genome : neighbours(*state.space, from))
      if (!state.chosen.contains(genome)) open.push_back(std::move(genome));
    return true;
  };
  std::vector<Genome> result;
  std::set<Genome> taken;
  while (result.size() < n) {
    while (open.empty() && refill()) {
    }
    if (open.empty()) {  // a new start
      result.push_back(state.fresh([&] { return state.space->random(state.random); }, taken));
      taken.insert(result.back());
      continue;
    }
    const std::size_t at = pick(state.random, open.size());
    Genome genome = std::move(open[at]);
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
    if (!state.chosen.contains(genome) && taken.insert(genome).second)
      result.push_back(std::move(genome));
  }
  return result;
}

void LocalSearch::absorb(StrategyState& state, std::span<const Evaluation> told) {
  for (const Evaluation& e : told) {
    const RankedPoint point = state.rank(e);
    const auto beats = [&](const Evaluation& other) { return dominates(state.rank(other), point); };
    if (std::any_of(front.begin(), front.end(), beats)) continue;
    std::erase_if(front,
                  [&](const Evaluation& other) { return dominates(point, state.rank(other)); });
    front.push_back(e);
  }
}

// ---- NSGA-II ----

namespace {

/// Front number and crowding of each member: what tournaments and survival compare.
struct Standing {
  std::vector<std::size_t> front;
  std::vector<double> distance;

  explicit Standing(const std::vector<RankedPoint>& points)
      : front(points.size(), 0), distance(points.size(), 0) {
    const auto fronts = non_dominated_sort(points);
    for (std::size_t f = 0; f < fronts.size(); ++f) {
      const std::vector<double> d = crowding(points, fronts[f]);
      for (std::size_t i = 0; i < fronts[f].size(); ++i) {
        front[fronts[f][i]] = f;
        distance[fronts[f][i]] = d[i];
      }
    }
  }
  bool better(std::size_t a, std::size_t b) const {
    return front[a] != front[b] ? front[a] < front[b] : distance[a] > distance[b];
  }
};

}  // namespace

std::vector<Genome> Nsga2::candidates(StrategyState& state, std::size_t n) {
  if (members.empty())
    return fresh_ones(state, n, [&] { return state.space->random(state.random); });
  const Standing standing(points_of(state, members));
  const auto parent = [&]() -> const Genome& {
    const std::size_t a = pick(state.random, members.size());
    const std::size_t b = pick(state.random, members.size());
    return members[standing.better(b, a) ? b : a].genome;
  };
  return fresh_ones(state, n, [&] {
    const Genome child =
        state.random.uniform() < 0.7 ? crossed(parent(), parent(), state.random) : parent();
    // A crossing that made something new may stand as it is.
    if (state.random.uniform() < 0.2 && !state.chosen.contains(child)) return child;
    return mutated(*state.space, child, state.random);
  });
}

void Nsga2::absorb(StrategyState& state, std::span<const Evaluation> told) {
  for (const Evaluation& e : told)
    if (std::none_of(members.begin(), members.end(),
                     [&](const Evaluation& m) { return m.genome == e.genome; }))
      members.push_back(e);
  const Standing standing(points_of(state, members));
  std::vector<std::size_t> order(members.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return standing.better(a, b); });
  order.resize(std::min(order.size(), population));
  std::vector<Evaluation> survivors;
  for (const std::size_t i : order) survivors.push_back(std::move(members[i]));
  members = std::move(survivors);
}

}  // namespace presil
