#include "cli/validate_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "profiler/text_table.h"

namespace presil::cli {

namespace {

constexpr std::size_t kWorstRows = 10;

constexpr std::array<const char*, kAblationCount> kAblationNames{"as built", "ideal memory",
                                                                 "no contention", "analytical"};

std::string percent(double share) { return fmt::format("{:.2f}", 100 * share); }
std::string ratio(double value) { return fmt::format("{:.3f}", value); }

/// Cycles as whole numbers, milliseconds with their digits.
std::string number(double value) {
  return value >= 1000 ? fmt::format("{:.0f}", value) : fmt::format("{:.4g}", value);
}

/// MAPE, median, 95 %, worst, Kendall, Spearman.
std::vector<std::string> statistic_cells(const std::vector<Paired>& pairs) {
  return {percent(mean_absolute_error(pairs)),
          percent(absolute_error_percentile(pairs, 0.5)),
          percent(absolute_error_percentile(pairs, 0.95)),
          percent(absolute_error_percentile(pairs, 1)),
          ratio(kendall_tau_b(pairs)),
          ratio(spearman(pairs))};
}

std::vector<TextColumn> with_statistics(std::vector<TextColumn> columns) {
  for (const char* title : {"MAPE %", "median %", "p95 %", "worst %", "Kendall", "Spearman"})
    columns.push_back({.title = title, .right = true});
  return columns;
}

std::vector<std::string> joined(std::vector<std::string> first, std::vector<std::string> second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::string groups_text(const std::vector<ComparedRow>& rows) {
  std::map<std::string, std::vector<Paired>> groups;
  for (const ComparedRow& row : rows) groups[row.row.group].push_back(row.pair());
  if (groups.size() < 2) return "";
  TextTable table({{.title = "group", .flexible = true},
                   {.title = "rows", .right = true},
                   {.title = "MAPE %", .right = true},
                   {.title = "mean error %", .right = true},
                   {.title = "worst %", .right = true}});
  for (const auto& [name, pairs] : groups) {
    double mean = 0;
    for (const Paired& pair : pairs) mean += pair.error() / static_cast<double>(pairs.size());
    table.add({name, std::to_string(pairs.size()), percent(mean_absolute_error(pairs)),
               fmt::format("{:+.2f}", 100 * mean), percent(absolute_error_percentile(pairs, 1))});
  }
  return table.text() + "\n";
}

std::string ablations_text(const std::vector<ComparedRow>& rows) {
  TextTable table(with_statistics({{.title = "presil"}}));
  for (std::size_t a = 0; a < kAblationCount; ++a)
    table.add(
        joined({kAblationNames[a]}, statistic_cells(pairs_of(rows, static_cast<Ablation>(a)))));
  return table.text();
}

std::string value_text(const Statistic& statistic, double value) {
  return statistic.percent ? fmt::format("{:.2f} %", 100 * value) : ratio(value);
}

std::string aims_text(const Validated& v) {
  TextTable table({{.title = "asked", .flexible = true},
                   {.title = "value", .right = true},
                   {.title = "limit", .right = true},
                   {.title = "met"}});
  for (const Statistic& s : v.reference.statistics(v.rows)) {
    const bool aimless = s.aim == Statistic::Aim::kNone;
    table.add({s.name, value_text(s, s.value),
               aimless ? "-"
                       : fmt::format("{} {}", s.aim == Statistic::Aim::kAtMost ? "<=" : ">=",
                                     value_text(s, s.limit)),
               aimless ? "-" : (s.met() ? "yes" : "NO")});
  }
  return table.text();
}

std::string worst_text(const Validated& v) {
  std::vector<ComparedRow> rows = v.rows;
  std::stable_sort(rows.begin(), rows.end(), [](const ComparedRow& a, const ComparedRow& b) {
    return std::abs(a.pair().error()) > std::abs(b.pair().error());
  });
  TextTable table({{.title = "worst rows"},
                   {.title = "group", .flexible = true},
                   {.title = "what", .flexible = true},
                   {.title = "measured", .right = true},
                   {.title = "presil", .right = true},
                   {.title = "error %", .right = true}});
  for (std::size_t i = 0; i < std::min(kWorstRows, rows.size()); ++i) {
    const Paired pair = rows[i].pair();
    table.add({rows[i].row.id, rows[i].row.group, rows[i].row.what, number(pair.measured),
               number(pair.predicted), fmt::format("{:+.2f}", 100 * pair.error())});
  }
  return table.text();
}

}  // namespace

std::string report_text(const Validated& v) {
  std::string text = fmt::format("{} against presil on {}: {} of {} rows\n\n", v.name,
                                 v.reference.chip, v.reference.quantity, v.rows.size());
  for (const std::string& skipped : v.reference.skipped)
    text += wrapped(fmt::format("skipped: {}", skipped), 2) + "\n";
  text += groups_text(v.rows) + ablations_text(v.rows) + "\n" + aims_text(v) + "\n" + worst_text(v);
  return text;
}

std::string summary_text(const std::vector<Validated>& all) {
  TextTable table(with_statistics({{.title = "reference"},
                                   {.title = "file", .flexible = true},
                                   {.title = "chip"},
                                   {.title = "rows", .right = true}}));
  std::vector<TextColumn> columns{{.title = "MAPE % of", .flexible = true}};
  for (const char* name : kAblationNames) columns.push_back({.title = name, .right = true});
  for (const char* title : {"asked", "met"}) columns.push_back({.title = title, .right = true});
  TextTable ablations(std::move(columns));
  std::string missed;
  for (const Validated& v : all) {
    table.add(joined({v.name, v.file, v.reference.chip, std::to_string(v.rows.size())},
                     statistic_cells(pairs_of(v.rows))));
    std::vector<std::string> cells{fmt::format("{} {}", v.name, v.file)};
    for (std::size_t a = 0; a < kAblationCount; ++a)
      cells.push_back(percent(mean_absolute_error(pairs_of(v.rows, static_cast<Ablation>(a)))));
    int asked = 0, met = 0;
    for (const Statistic& s : v.reference.statistics(v.rows)) {
      if (s.aim == Statistic::Aim::kNone) continue;
      ++asked;
      met += s.met();
      if (!s.met())
        missed +=
            fmt::format("falls short: {} {}: {} is {}, asked {} {}\n", v.name, v.file, s.name,
                        value_text(s, s.value),
                        s.aim == Statistic::Aim::kAtMost ? "<=" : ">=", value_text(s, s.limit));
    }
    ablations.add(joined(std::move(cells), {std::to_string(asked), std::to_string(met)}));
  }
  return table.text() + "\n" + ablations.text() + (missed.empty() ? "" : "\n" + missed);
}

std::string predicted_csv(const std::vector<ComparedRow>& rows) {
  std::string text = "id,predicted\n";
  for (const ComparedRow& row : rows)
    text += fmt::format("{},{:.6g}\n", row.row.id, row.pair().predicted);
  return text;
}

}  // namespace presil::cli
