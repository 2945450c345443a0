#include "estimator/compare_reason.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace presil {

namespace {

/// A part of the time below this is not worth a word.
constexpr double kWorthAWord = 0.005;

std::string percent(double share) { return fmt::format("{:+.1f} %", 100 * share); }

std::string short_count(double cycles) {
  if (cycles < 1e4) return fmt::format("{:.0f}", cycles);
  return cycles < 1e6 ? fmt::format("{:.1f} k", cycles / 1e3)
                      : fmt::format("{:.1f} M", cycles / 1e6);
}

std::string in_words(const std::string& bound) {
  std::string words = bound;
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

/// Of a chain the first and the last member; of a fused TFLite layer the last of its names.
std::string short_name(const std::string& name) {
  const auto last_of = [](const std::string& text) { return text.substr(text.rfind(';') + 1); };
  const std::size_t first = name.find('+'), last = name.rfind('+');
  if (first == std::string::npos) return last_of(name);
  return fmt::format("{}..{}", last_of(name.substr(0, first)), last_of(name.substr(last + 1)));
}

void add_part(std::string& text, const std::string& part) {
  if (part.empty()) return;
  if (!text.empty()) text += "; ";
  text += part;
}

std::string planning(const Comparison& c) {
  const std::size_t others = c.compiled_groups - c.groups.size();
  if (others == 0 || c.planned_otherwise < kWorthAWord * c.simulated) return "";
  return fmt::format(
      "planned differently: {} of {} groups of the compiler, {:.0f} % of the time (from the "
      "compiler's own groups {})",
      others, c.compiled_groups, 100 * c.planned_otherwise / c.simulated,
      percent(c.estimated_as_compiled / c.simulated - 1));
}

std::string bounds(const GroupComparison& g) {
  if (g.bound == g.prior_bound) return fmt::format("bound by {} on both sides", in_words(g.bound));
  return fmt::format("bound by {} in the simulator, by {} in the closed form", in_words(g.bound),
                     in_words(g.prior_bound));
}

std::string closed_form(const GroupComparison& g) {
  return fmt::format("the closed form alone says {}", short_count(g.prior));
}

std::string hiding(const GroupComparison& g) {
  return g.judged() ? ""
                    : fmt::format("it ran mostly beside its neighbours: alone it needs {}",
                                  short_count(g.own_work));
}

std::string placing(const GroupComparison& g) {
  return g.placed_alike ? "" : "the compiler keeps other maps of it in SRAM";
}

std::string ranges(const GroupComparison& g) {
  return g.out_of_range.empty()
             ? ""
             : fmt::format("out of range: training saw no such {}", g.out_of_range);
}

std::string of_group(const GroupComparison& g) {
  std::string text = bounds(g);
  add_part(text, closed_form(g));
  add_part(text, hiding(g));
  add_part(text, placing(g));
  add_part(text, ranges(g));
  return text;
}

std::string worst(const Comparison& c) {
  const GroupComparison* g = c.worst_group();
  if (g == nullptr || std::abs(g->estimated - g->simulated) < kWorthAWord * c.simulated) return "";
  return fmt::format("{} alone is {} of all: {} cycles estimated, {} simulated; {}",
                     short_name(g->name), percent((g->estimated - g->simulated) / c.simulated),
                     short_count(g->estimated), short_count(g->simulated), of_group(*g));
}

}  // namespace

std::string reason_of(const Comparison& c) {
  std::string text = planning(c);
  add_part(text, worst(c));
  if (text.empty()) text = "no group stands out";
  if (c.out_of_range > 0)
    add_part(text, fmt::format("groups with a feature out of range: {}", c.out_of_range));
  return text;
}

std::string reason_of(const GroupComparison& group) { return of_group(group); }

}  // namespace presil
