#include "cli/compare_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "estimator/compare_reason.h"
#include "profiler/quantity_text.h"
#include "profiler/report_csv.h"
#include "profiler/text_table.h"

namespace presil::cli {

namespace {

std::string signed_percent(double share) { return fmt::format("{:+.2f}%", 100 * share); }

std::string worst_group_text(const Comparison& c) {
  const GroupComparison* worst = c.worst_group();
  if (worst == nullptr) return "-";
  return fmt::format("{} {:+.1f}% of all", worst->name,
                     100 * (worst->estimated - worst->simulated) / c.simulated);
}

std::string networks_text(const std::vector<Comparison>& comparisons) {
  TextTable table({{.title = "model", .flexible = true},
                   {.title = "chip"},
                   {.title = "simulated", .right = true},
                   {.title = "estimated", .right = true},
                   {.title = "error", .right = true},
                   {.title = "in 90 %"},
                   {.title = "energy", .right = true},
                   {.title = "speed-up", .right = true},
                   {.title = "worst group", .flexible = true}});
  for (const Comparison& c : comparisons) {
    const bool inside = c.interval.low <= c.simulated && c.simulated <= c.interval.high;
    table.add({c.model, c.chip, with_thousands(std::llround(c.simulated)),
               with_thousands(std::llround(c.estimated)), signed_percent(c.error()),
               inside ? "yes" : "no", signed_percent(c.estimated_pj / c.simulated_pj - 1),
               fmt::format("{:.0f}x", c.speed_up()), worst_group_text(c)});
  }
  return table.text();
}

std::string part_of(const AccuracyRow& row) {
  if (!row.chip.empty()) return "on " + row.chip;
  return row.family.empty() ? "all" : row.family;
}

/// Without families of networks that are a single model, which is listed by itself.
std::string accuracy_lines(const CompareReport& report) {
  std::set<std::string> models;
  for (const Comparison& c : report.comparisons) models.insert(c.model);
  TextTable table({{.title = "level"},
                   {.title = "of", .flexible = true},
                   {.title = "cases", .right = true},
                   {.title = "MAPE", .right = true},
                   {.title = "median", .right = true},
                   {.title = "p95", .right = true},
                   {.title = "worst", .right = true},
                   {.title = "in 5%", .right = true},
                   {.title = "in 10%", .right = true},
                   {.title = "bias", .right = true},
                   {.title = "tau", .right = true},
                   {.title = "rho", .right = true},
                   {.title = "in 90 %", .right = true}});
  for (const AccuracyRow& r : report.accuracy) {
    if (r.level == "network" && models.contains(r.family)) continue;
    const auto percent = [](double share) { return fmt::format("{:.1f}%", 100 * share); };
    table.add({r.level, part_of(r), fmt::format("{}", r.cases),
               fmt::format("{:.2f}%", 100 * r.mape), fmt::format("{:.2f}%", 100 * r.median),
               percent(r.p95), percent(r.worst), percent(r.within_5), percent(r.within_10),
               signed_percent(r.bias), fmt::format("{:.3f}", r.tau), fmt::format("{:.3f}", r.rho),
               percent(r.coverage)});
  }
  return table.text();
}

std::string energy_line(const AccuracyRow& energy) {
  return fmt::format(
      "energy of a network: MAPE {:.2f} %, median {:.2f} %, worst {:.1f} %, bias {:+.2f} %\n",
      100 * energy.mape, 100 * energy.median, 100 * energy.worst, 100 * energy.bias);
}

/// "ne-nano 668x, ne-base 375x": medians.
std::string speed_by_chip(const std::vector<Comparison>& comparisons) {
  std::map<std::string, std::vector<Comparison>> chips;
  for (const Comparison& c : comparisons) chips[c.chip].push_back(c);
  std::vector<std::string> parts;
  for (const auto& [chip, of_chip] : chips)
    parts.push_back(fmt::format("{} {:.0f}x", chip, speed_up(of_chip).median));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string speed_text(const std::vector<Comparison>& comparisons) {
  const SpeedUp speed = speed_up(comparisons);
  double simulating = 0, estimating = 0;
  for (const Comparison& c : comparisons) {
    simulating += c.simulate_seconds;
    estimating += c.estimate_seconds;
  }
  return fmt::format(
      "speed-up: median {:.0f}x ({}), {:.3g}x to {:.0f}x; in all {:.3g} s simulated, {:.3g} s "
      "estimated\n",
      speed.median, speed_by_chip(comparisons), speed.least, speed.most, simulating, estimating);
}

/// What the accuracy of groups leaves out, and what it cannot say.
std::string groups_text(const std::vector<Comparison>& comparisons) {
  std::size_t groups = 0, beside = 0;
  double misplaced = 0, otherwise = 0;
  for (const Comparison& c : comparisons) {
    groups += c.groups.size();
    beside += static_cast<std::size_t>(
        std::count_if(c.groups.begin(), c.groups.end(),
                      [](const GroupComparison& group) { return !group.judged(); }));
    misplaced += c.misplaced();
    otherwise += c.planned_otherwise / c.simulated;
  }
  const auto networks = static_cast<double>(comparisons.size());
  return fmt::format(
      "groups: {} planned as compiled, {} of them not judged (they ran mostly beside their "
      "neighbours)\n"
      "of a network's time, on average: {:.1f} % in the wrong group, {:.1f} % in groups planned "
      "differently\n",
      groups, beside, 100 * misplaced / networks, 100 * otherwise / networks);
}

std::string number(double value) { return fmt::format("{:.6g}", value); }
std::string cycles(double value) { return fmt::format("{:.1f}", value); }

}  // namespace

CompareReport report_of(std::vector<Tried> tried, const Bundle& bundle) {
  const char* model = bundle.provenance().source == "measured" ? "additive" : "boosted";
  CompareReport report;
  for (const Tried& each : tried)
    if (each.reason.empty()) report.comparisons.push_back(each.comparison);
  report.accuracy = accuracy_table(model, "compared", scored(report.comparisons));
  report.energy = energy_accuracy(report.comparisons);
  report.tried = std::move(tried);
  return report;
}

std::string compare_text(const CompareReport& report) {
  std::string text = networks_text(report.comparisons);
  for (const Tried& tried : report.tried)
    if (!tried.reason.empty())
      text += fmt::format("not compared: {} on {}: {}\n", tried.model, tried.chip, tried.reason);
  if (report.comparisons.empty()) return text;
  return text + "\n" + accuracy_lines(report) + "\n" + groups_text(report.comparisons) +
         energy_line(report.energy) + speed_text(report.comparisons);
}

std::string networks_csv(const CompareReport& report) {
  const std::vector<std::string> header = {"model",
                                           "chip",
                                           "status",
                                           "simulated_cycles",
                                           "estimated_cycles",
                                           "error",
                                           "low",
                                           "high",
                                           "estimated_as_compiled_cycles",
                                           "simulated_pj",
                                           "estimated_pj",
                                           "simulate_s",
                                           "estimate_s",
                                           "groups",
                                           "groups_planned_alike",
                                           "planned_otherwise_cycles",
                                           "out_of_range",
                                           "worst_group",
                                           "worst_group_simulated",
                                           "worst_group_estimated",
                                           "reason"};
  std::string text = csv_line(header);
  for (const Tried& tried : report.tried) {
    const Comparison& c = tried.comparison;
    std::vector<std::string> cells = {tried.model, tried.chip, tried.reason};
    if (tried.reason.empty()) {
      const GroupComparison* worst = c.worst_group();
      cells = {c.model,
               c.chip,
               "ok",
               fmt::format("{:.0f}", c.simulated),
               cycles(c.estimated),
               number(c.error()),
               cycles(c.interval.low),
               cycles(c.interval.high),
               cycles(c.estimated_as_compiled),
               number(c.simulated_pj),
               number(c.estimated_pj),
               number(c.simulate_seconds),
               number(c.estimate_seconds),
               fmt::format("{}", c.compiled_groups),
               fmt::format("{}", c.groups.size()),
               fmt::format("{:.0f}", c.planned_otherwise),
               fmt::format("{}", c.out_of_range),
               worst == nullptr ? "" : worst->name,
               worst == nullptr ? "" : number(worst->simulated),
               worst == nullptr ? "" : number(worst->estimated),
               reason_of(c)};
    }
    cells.resize(header.size());
    text += csv_line(cells);
  }
  return text;
}

std::string groups_csv(const CompareReport& report) {
  std::string text =
      csv_line({"model", "chip", "level", "group", "family", "stages", "simulated_cycles",
                "estimated_cycles", "low", "high", "prior_cycles", "own_work_cycles", "judged",
                "bound", "prior_bound", "placed_alike", "out_of_range"});
  for (const Comparison& c : report.comparisons)
    for (const GroupComparison& g : c.groups)
      text += csv_line({c.model, c.chip, g.stages > 1 ? "subgraph" : "operator", g.name, g.family,
                        fmt::format("{}", g.stages), fmt::format("{:.0f}", g.simulated),
                        cycles(g.estimated), cycles(g.interval.low), cycles(g.interval.high),
                        cycles(g.prior), cycles(g.own_work), g.judged() ? "1" : "0", g.bound,
                        g.prior_bound, g.placed_alike ? "1" : "0", g.out_of_range});
  return text;
}

}  // namespace presil::cli
