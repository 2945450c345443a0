#include "search/surrogate.h"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace presil {

namespace {

constexpr std::size_t kMostPoints = 400;
constexpr double kNoise = 1e-3;

double distance(const SearchSpace& space, const Genome& a, const Genome& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.genes.size(); ++i) {
    if (a.genes[i] == b.genes[i]) continue;
    const Axis& axis = space.axes()[i];
    sum += axis.ordered() ? std::abs(static_cast<double>(a.genes[i]) - b.genes[i]) /
                                static_cast<double>(axis.choices.size() - 1)
                          : 1;
  }
  return sum;
}

/// One objective, standardised.
class Process {
 public:
  Process(const Eigen::MatrixXd& distances, Eigen::VectorXd values) {
    mean_ = values.mean();
    scale_ = std::sqrt((values.array() - mean_).square().mean());
    if (!(scale_ > 0)) scale_ = 1;
    const Eigen::VectorXd y = (values.array() - mean_) / scale_;
    double best = -std::numeric_limits<double>::infinity();
    for (const double length : {0.75, 1.5, 3.0, 6.0}) {
      Eigen::MatrixXd kernel = (-distances.array() / length).exp();
      kernel.diagonal().array() += kNoise;
      const Eigen::LLT<Eigen::MatrixXd> factor(kernel);
      const Eigen::VectorXd weights = factor.solve(y);
      const Eigen::MatrixXd& lower = factor.matrixLLT();
      const double likelihood = -0.5 * y.dot(weights) - lower.diagonal().array().log().sum();
      if (!(likelihood > best)) continue;
      best = likelihood;
      length_ = length;
      weights_ = weights;
    }
  }

  double predict(const Eigen::VectorXd& distances) const {
    return mean_ + scale_ * (-distances.array() / length_).exp().matrix().dot(weights_);
  }

 private:
  double mean_ = 0, scale_ = 1, length_ = 1;
  Eigen::VectorXd weights_;
};

/// The evaluations to learn from: those of the first fronts, and the last.
std::vector<std::size_t> training_set(const std::vector<RankedPoint>& points) {
  std::vector<std::size_t> usable;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (std::isfinite(points[i].objectives.front())) usable.push_back(i);
  if (usable.size() <= kMostPoints) return usable;
  std::vector<RankedPoint> finite;
  for (const std::size_t i : usable) finite.push_back(points[i]);
  std::vector<std::size_t> kept;
  for (const auto& front : non_dominated_sort(finite))
    for (const std::size_t i : front)
      if (kept.size() < kMostPoints / 2) kept.push_back(usable[i]);
  for (auto it = usable.rbegin(); it != usable.rend() && kept.size() < kMostPoints; ++it)
    if (std::find(kept.begin(), kept.end(), *it) == kept.end()) kept.push_back(*it);
  return kept;
}

/// Scales so that what is known lies in [0, 1]; the reference is 1.1.
class Normaliser {
 public:
  explicit Normaliser(const std::vector<Objectives>& points)
      : low_(points.front()), high_(points.front()) {
    for (const Objectives& p : points)
      for (std::size_t k = 0; k < p.size(); ++k) {
        low_[k] = std::min(low_[k], p[k]);
        high_[k] = std::max(high_[k], p[k]);
      }
  }
  Objectives operator()(Objectives p) const {
    for (std::size_t k = 0; k < p.size(); ++k)
      p[k] = high_[k] > low_[k] ? (p[k] - low_[k]) / (high_[k] - low_[k]) : 0;
    return p;
  }

 private:
  Objectives low_, high_;
};

/// Greedily the points that add most hypervolume; when none adds any, the first of the others.
std::vector<std::size_t> most_volume(std::vector<Objectives> known,
                                     const std::vector<Objectives>& points, std::size_t keep) {
  const Objectives reference(known.front().size(), 1.1);
  std::vector<std::size_t> kept;
  std::vector<bool> taken(points.size(), false);
  while (kept.size() < std::min(keep, points.size())) {
    std::vector<Objectives> front;
    for (const std::size_t i : pareto_front(known)) front.push_back(known[i]);
    const double before = hypervolume(front, reference);
    double best = -1;
    std::size_t at = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (taken[i]) continue;
      front.push_back(points[i]);
      const double gain = hypervolume(front, reference) - before;
      front.pop_back();
      if (gain > best) {
        best = gain;
        at = i;
      }
    }
    taken[at] = true;
    kept.push_back(at);
    known = front;
    known.push_back(points[at]);
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

std::vector<std::size_t> first_ones(std::size_t count, std::size_t keep) {
  std::vector<std::size_t> kept(std::min(count, keep));
  std::iota(kept.begin(), kept.end(), std::size_t{0});
  return kept;
}

std::vector<std::size_t> choose(const SearchSpace& space, const Goal& goal,
                                std::span<const Evaluation> told,
                                std::span<const Genome> candidates, std::size_t keep) {
  std::vector<RankedPoint> points;
  for (const Evaluation& e : told) points.push_back(ranked(e, goal));
  const std::vector<std::size_t> training = training_set(points);
  if (training.size() < 8) return first_ones(candidates.size(), keep);
  const auto n = static_cast<Eigen::Index>(training.size());
  Eigen::MatrixXd distances(n, n);
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index j = 0; j <= i; ++j)
      distances(i, j) = distances(j, i) =
          distance(space, told[training[static_cast<std::size_t>(i)]].genome,
                   told[training[static_cast<std::size_t>(j)]].genome);
  // Violations are learned like objectives, as one more of them.
  std::vector<Process> processes;
  const std::size_t objectives = goal.objectives.size();
  const bool constrained = !goal.constraints.empty();
  for (std::size_t k = 0; k < objectives + (constrained ? 1 : 0); ++k) {
    Eigen::VectorXd values(n);
    for (Eigen::Index i = 0; i < n; ++i) {
      const RankedPoint& p = points[training[static_cast<std::size_t>(i)]];
      values(i) = k < objectives ? p.objectives[k] : std::min(p.violation, 10.0);
    }
    processes.emplace_back(distances, values);
  }
  std::vector<Objectives> known;
  for (const RankedPoint& p : points)
    if (p.violation == 0) known.push_back(p.objectives);
  if (known.empty())
    for (const std::size_t i : training) known.push_back(points[i].objectives);
  const Normaliser normalise(known);
  for (Objectives& p : known) p = normalise(p);
  std::vector<Objectives> guesses;
  for (const Genome& genome : candidates) {
    Eigen::VectorXd to(n);
    for (Eigen::Index i = 0; i < n; ++i)
      to(i) = distance(space, genome, told[training[static_cast<std::size_t>(i)]].genome);
    Objectives guess;
    for (std::size_t k = 0; k < objectives; ++k) guess.push_back(processes[k].predict(to));
    guess = normalise(guess);
    const double violation = constrained ? std::max(0.0, processes.back().predict(to)) : 0;
    for (double& value : guess) value += violation;
    guesses.push_back(guess);
  }
  return most_volume(std::move(known), guesses, keep);
}

}  // namespace

Prefilter learned_prefilter(const SearchSpace& space, const Goal& goal) {
  return [&space, &goal](std::span<const Evaluation> told, std::span<const Genome> candidates,
                         std::size_t keep) { return choose(space, goal, told, candidates, keep); };
}

}  // namespace presil
