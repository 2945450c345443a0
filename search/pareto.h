#pragma once
// Comparing networks by several objectives. Every objective is minimised.

#include <cstddef>
#include <span>
#include <vector>

namespace presil {

using Objectives = std::vector<double>;

/// At least as small everywhere, and smaller somewhere.
bool dominates(const Objectives& a, const Objectives& b);

/// A point with its constraints: feasible ones (violation 0) come before all others, those by what
/// they miss (Deb et al., NSGA-II, 2002, section VI).
struct RankedPoint {
  Objectives objectives;
  double violation = 0;
};
bool dominates(const RankedPoint& a, const RankedPoint& b);

/// Indices by front, the best front first, ascending inside of one. Equal points share a front.
std::vector<std::vector<std::size_t>> non_dominated_sort(std::span<const RankedPoint> points);

/// Indices of the points that no other dominates; of equal points the first only.
std::vector<std::size_t> pareto_front(std::span<const Objectives> points);

/// Crowding distance of each of `front` (indices in `points`), as NSGA-II defines it; infinite at
/// both ends of each objective.
std::vector<double> crowding(std::span<const RankedPoint> points,
                             std::span<const std::size_t> front);

/// Volume between the points and `reference` that the points dominate, exact for any number of
/// objectives (While, Bradstreet, Barone: A Fast Way of Calculating Exact Hypervolumes, 2012; WFG).
/// Points that are not below the reference everywhere add nothing.
double hypervolume(std::span<const Objectives> points, const Objectives& reference);

}  // namespace presil
