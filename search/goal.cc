#include "search/goal.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/error.h"

namespace presil {

namespace {

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

constexpr std::size_t kMostObjectives = 4;

}  // namespace

double Constraint::violation(const Measured& measured) const {
  const double value = metric->value(measured);
  if (std::isnan(value)) return std::numeric_limits<double>::infinity();
  const double excess = at_most ? value - bound : bound - value;
  return excess <= 0 ? 0 : excess / (bound == 0 ? 1 : std::abs(bound));
}

std::vector<double> Goal::minimised(const Measured& measured) const {
  std::vector<double> values;
  for (const Objective& objective : objectives) values.push_back(objective.minimised(measured));
  return values;
}

double Goal::violation(const Measured& measured) const {
  double sum = 0;
  for (const Constraint& constraint : constraints) sum += constraint.violation(measured);
  return sum;
}

Objective parse_objective(const std::string& text) {
  const bool prefixed = text.starts_with("min:") || text.starts_with("max:");
  const std::string what = fmt::format("objective '{}'", text);
  const Metric& metric = metric_named(trimmed(prefixed ? text.substr(4) : text), what);
  const bool maximise = prefixed ? text.starts_with("max:") : metric.larger_is_better;
  return {.metric = &metric, .maximise = maximise, .text = trimmed(text)};
}

Constraint parse_constraint(const std::string& text) {
  const std::string what = fmt::format("constraint '{}'", text);
  const std::size_t at = text.find_first_of("<>=");
  if (at == std::string::npos || (text.substr(at, 2) != "<=" && text.substr(at, 2) != ">="))
    throw Error("{}: must be METRIC <= NUMBER or METRIC >= NUMBER, as 'latency_ms <= 4'", what);
  Constraint constraint{.metric = &metric_named(trimmed(text.substr(0, at)), what),
                        .at_most = text[at] == '<',
                        .bound = 0,
                        .text = trimmed(text)};
  const std::string number = trimmed(text.substr(at + 2));
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), constraint.bound);
  if (error != std::errc() || end != number.data() + number.size() ||
      !std::isfinite(constraint.bound))
    throw Error("{}: '{}' is no number; the unit is the metric's ({})", what, number,
                constraint.metric->name);
  return constraint;
}

namespace {

/// Throws Error if no value meets both.
void check_together(const Constraint& a, const Constraint& b) {
  if (a.metric->quantity != b.metric->quantity || a.at_most == b.at_most) return;
  const Constraint& upper = a.at_most ? a : b;
  const Constraint& lower = a.at_most ? b : a;
  const double least = lower.bound * lower.metric->unit;
  if (least <= upper.bound * upper.metric->unit) return;
  throw Error(
      "constraints '{}' and '{}' contradict each other: no value meets both; the nearest that "
      "meets the first is {} <= {}",
      lower.text, upper.text, upper.metric->name, least / upper.metric->unit);
}

}  // namespace

Goal parse_goal(const std::vector<std::string>& objectives,
                const std::vector<std::string>& constraints) {
  Goal goal;
  for (const std::string& text : objectives) {
    goal.objectives.push_back(parse_objective(text));
    for (std::size_t i = 0; i + 1 < goal.objectives.size(); ++i)
      if (goal.objectives[i].metric->quantity == goal.objectives.back().metric->quantity)
        throw Error("objectives '{}' and '{}' are the same quantity; keep one",
                    goal.objectives[i].text, text);
  }
  if (goal.objectives.empty() || goal.objectives.size() > kMostObjectives)
    throw Error("a search needs one to {} objectives, has {}", kMostObjectives,
                goal.objectives.size());
  for (const std::string& text : constraints) {
    goal.constraints.push_back(parse_constraint(text));
    for (std::size_t i = 0; i + 1 < goal.constraints.size(); ++i)
      check_together(goal.constraints[i], goal.constraints.back());
  }
  return goal;
}

std::string infeasibility(const Goal& goal, const std::vector<Measured>& seen) {
  if (seen.empty()) return "no network was evaluated that runs";
  const auto feasible = [&](const Measured& m) { return goal.violation(m) == 0; };
  if (std::any_of(seen.begin(), seen.end(), feasible)) return "";
  std::string text;
  for (const Constraint& constraint : goal.constraints) {
    double best = std::numeric_limits<double>::quiet_NaN();
    for (const Measured& m : seen) {
      const double value = constraint.metric->value(m);
      if (std::isnan(best) || (constraint.at_most ? value < best : value > best)) best = value;
    }
    const bool met = constraint.at_most ? best <= constraint.bound : best >= constraint.bound;
    if (!met)
      text += fmt::format("{}no network of {} meets '{}'; the nearest has {} {:.6g}",
                          text.empty() ? "" : "; ", seen.size(), constraint.text,
                          constraint.metric->name, best);
  }
  if (!text.empty()) return text;
  const Measured& nearest_one = *std::min_element(
      seen.begin(), seen.end(),
      [&](const Measured& a, const Measured& b) { return goal.violation(a) < goal.violation(b); });
  text = fmt::format(
      "each constraint is met by some of {} networks, but none meets all; the "
      "nearest has",
      seen.size());
  for (const Constraint& constraint : goal.constraints)
    text +=
        fmt::format(" {} {:.6g}{}", constraint.metric->name, constraint.metric->value(nearest_one),
                    constraint.violation(nearest_one) > 0 ? " (missed)" : "");
  return text;
}

}  // namespace presil
