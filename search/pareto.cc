#include "search/pareto.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/error.h"

namespace presil {

bool dominates(const Objectives& a, const Objectives& b) {
  bool smaller = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    smaller |= a[i] < b[i];
  }
  return smaller;
}

bool dominates(const RankedPoint& a, const RankedPoint& b) {
  if (a.violation > 0 || b.violation > 0) return a.violation < b.violation;
  return dominates(a.objectives, b.objectives);
}

std::vector<std::vector<std::size_t>> non_dominated_sort(std::span<const RankedPoint> points) {
  std::vector<std::vector<std::size_t>> better_than(points.size());
  std::vector<std::size_t> worse_than(points.size(), 0), front;
  for (std::size_t i = 0; i < points.size(); ++i)
    for (std::size_t j = 0; j < points.size(); ++j)
      if (dominates(points[i], points[j])) {
        better_than[i].push_back(j);
        ++worse_than[j];
      }
  for (std::size_t i = 0; i < points.size(); ++i)
    if (worse_than[i] == 0) front.push_back(i);
  std::vector<std::vector<std::size_t>> fronts;
  while (!front.empty()) {
    std::vector<std::size_t> next;
    for (const std::size_t i : front)
      for (const std::size_t j : better_than[i])
        if (--worse_than[j] == 0) next.push_back(j);
    std::sort(next.begin(), next.end());
    fronts.push_back(std::move(front));
    front = std::move(next);
  }
  return fronts;
}

std::vector<std::size_t> pareto_front(std::span<const Objectives> points) {
  // What dominates a point is smaller in lexicographic order, so the front so far is enough.
  std::vector<std::size_t> order(points.size()), front;
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return points[a] < points[b]; });
  for (const std::size_t i : order) {
    const bool beaten = std::any_of(front.begin(), front.end(), [&](std::size_t j) {
      return points[j] == points[i] || dominates(points[j], points[i]);
    });
    if (!beaten) front.push_back(i);
  }
  std::sort(front.begin(), front.end());
  return front;
}

std::vector<double> crowding(std::span<const RankedPoint> points,
                             std::span<const std::size_t> front) {
  std::vector<double> distance(front.size(), 0);
  if (front.empty()) return distance;
  constexpr double kEnd = std::numeric_limits<double>::infinity();
  std::vector<std::size_t> order(front.size());
  for (std::size_t k = 0; k < points[front[0]].objectives.size(); ++k) {
    const auto value = [&](std::size_t i) { return points[front[i]].objectives[k]; };
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return value(a) < value(b); });
    distance[order.front()] = distance[order.back()] = kEnd;
    const double span = value(order.back()) - value(order.front());
    if (!(span > 0)) continue;
    for (std::size_t i = 1; i + 1 < order.size(); ++i)
      distance[order[i]] += (value(order[i + 1]) - value(order[i - 1])) / span;
  }
  return distance;
}

namespace {

double box(const Objectives& point, const Objectives& reference) {
  double volume = 1;
  for (std::size_t k = 0; k < point.size(); ++k) volume *= reference[k] - point[k];
  return volume;
}

/// Of two objectives: a staircase.
double area(std::vector<Objectives> points, const Objectives& reference) {
  std::sort(points.begin(), points.end());
  double sum = 0, height = reference[1];
  for (const Objectives& p : points) {
    if (p[1] >= height) continue;
    sum += (reference[0] - p[0]) * (height - p[1]);
    height = p[1];
  }
  return sum;
}

std::vector<Objectives> front_of(const std::vector<Objectives>& points) {
  std::vector<Objectives> front;
  for (const std::size_t i : pareto_front(points)) front.push_back(points[i]);
  return front;
}

/// Sum over the points of what each adds to those behind it.
double volume(std::vector<Objectives> points, const Objectives& reference) {
  if (points.empty()) return 0;
  if (reference.size() == 1) {
    double best = reference[0];
    for (const Objectives& p : points) best = std::min(best, p[0]);
    return reference[0] - best;
  }
  if (reference.size() == 2) return area(std::move(points), reference);
  std::sort(points.begin(), points.end());
  double sum = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::vector<Objectives> shared;  // what the later ones cover of this one's box
    for (std::size_t j = i + 1; j < points.size(); ++j) {
      shared.push_back(points[j]);
      for (std::size_t k = 0; k < reference.size(); ++k)
        shared.back()[k] = std::max(points[i][k], points[j][k]);
    }
    sum += box(points[i], reference) - volume(front_of(shared), reference);
  }
  return sum;
}

}  // namespace

double hypervolume(std::span<const Objectives> points, const Objectives& reference) {
  std::vector<Objectives> inside;
  for (const Objectives& p : points) {
    PRESIL_CHECK(p.size() == reference.size(), "{} objectives against a reference of {}", p.size(),
                 reference.size());
    bool below = true;
    for (std::size_t k = 0; k < p.size(); ++k) below &= p[k] < reference[k];
    if (below) inside.push_back(p);
  }
  return volume(front_of(inside), reference);
}

}  // namespace presil
