#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "profiler/diff.h"
#include "profiler/quantity_text.h"
#include "profiler/text_table.h"

namespace presil {

namespace {

std::string value_text(const TotalChange& total, double value) {
  if (total.unit == "us") return time_text(value);
  if (total.unit == "pJ") return energy_text(value);
  if (total.unit == "mW") return power_text(value);
  if (total.unit == "B") return bytes_text(std::llround(value));
  if (total.name.starts_with("MACs")) return count_text(std::llround(value));
  if (total.unit == "share") return percent_text(value);
  return three_digits(value);
}

/// "+12.3 %", "-", "same".
std::string percent_of_change(const std::optional<double>& percent, bool equal) {
  if (equal) return "same";
  return percent ? fmt::format("{:+.1f} %", *percent) : "-";
}

std::string signed_time(double us) {
  return fmt::format("{}{}", us < 0 ? "-" : "+", time_text(std::abs(us)));
}

std::string head_of(const Diff& diff) {
  std::string text;
  const auto add = [&](const std::string& line) { text += wrapped(line, 2) + "\n"; };
  add(fmt::format("a: {} on {} ({})", diff.a.model, diff.a.chip, diff.a.file));
  add(fmt::format("b: {} on {} ({})", diff.b.model, diff.b.chip, diff.b.file));
  for (const Difference& each : diff.differences)
    add(fmt::format("differs: {}: {} in a, {} in b", each.key, each.a, each.b));
  for (const std::string& warning : diff.warnings) add("warning: " + warning);
  return text;
}

std::string totals_of(const Diff& diff) {
  TextTable table({{.title = "total"},
                   {.title = "a", .right = true},
                   {.title = "b", .right = true},
                   {.title = "change", .right = true}});
  for (const TotalChange& total : diff.totals)
    table.add({total.name, value_text(total, total.a), value_text(total, total.b),
               percent_of_change(total.percent(), total.a == total.b)});
  return table.text();
}

}  // namespace

std::string diff_table(const Diff& diff, std::size_t top) {
  std::string text = fmt::format("{}\n{}\n", head_of(diff), totals_of(diff));
  std::size_t changed = 0, only_a = 0, only_b = 0;
  for (const GroupChange& group : diff.groups) {
    changed += !group.why.empty();
    only_a += group.b_names.empty();
    only_b += group.a_names.empty();
  }
  if (changed == 0) return text + "No group changed its time.\n";
  TextTable table({{.title = "#", .right = true},
                   {.title = "group", .flexible = true},
                   {.title = "a", .right = true},
                   {.title = "b", .right = true},
                   {.title = "change", .right = true},
                   {.title = "of all", .right = true}});
  std::string reasons;
  std::size_t shown = 0;
  for (const GroupChange& group : diff.groups) {
    if (group.why.empty()) continue;
    if (shown == top) break;
    ++shown;
    const std::optional<double> share = diff.share_of(group);
    table.add({fmt::format("{}", shown), group.name,
               group.a_names.empty() ? "-" : time_text(group.a.latency_us),
               group.b_names.empty() ? "-" : time_text(group.b.latency_us),
               signed_time(group.delta_us()), share ? percent_text(*share) : "-"});
    reasons += wrapped(fmt::format("{:>3} {}", shown, group.why), 4) + "\n";
  }
  text += table.text();
  if (changed > shown)
    text += fmt::format("... and {} more groups that changed; --top N\n", changed - shown);
  if (only_a + only_b > 0)
    text += fmt::format("{} groups are only in a, {} only in b\n", only_a, only_b);
  return fmt::format("{}\nwhy\n{}", text, reasons);
}

}  // namespace presil
