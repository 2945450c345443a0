#include "profiler/sweep_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "profiler/quantity_text.h"
#include "profiler/text_table.h"

namespace presil {

namespace {

/// "parallelism_factor" of "mac_array.parallelism_factor", where that is telling.
std::string short_key(const SweepAxis& axis, const std::vector<SweepAxis>& axes) {
  const std::string last = axis.key.substr(axis.key.rfind('.') + 1);
  const auto same = std::count_if(axes.begin(), axes.end(), [&](const SweepAxis& other) {
    return other.key.substr(other.key.rfind('.') + 1) == last;
  });
  return same > 1 || last.size() < 5 ? axis.key : last;
}

TextTable rows_of(const Sweep& sweep, bool front_only) {
  std::vector<TextColumn> columns;
  for (const SweepAxis& axis : sweep.axes)
    columns.push_back({.title = short_key(axis, sweep.axes), .right = true});
  for (const char* title :
       {"latency", "inferences/s", "energy", "area mm2", "util", "peak SRAM", "DRAM"})
    columns.push_back({.title = title, .right = true});
  columns.push_back({.title = "bound by"});
  columns.push_back({.title = ""});
  TextTable table(std::move(columns));
  for (const SweepPoint& point : sweep.points) {
    if (front_only && !point.pareto) continue;
    std::vector<std::string> cells = point.values;
    if (point.ok()) {
      const auto real = [&](const char* key) { return point.result.at(key).get<double>(); };
      const auto whole = [&](const char* key) { return point.result.at(key).get<std::int64_t>(); };
      cells.insert(cells.end(),
                   {time_text(real("latency_us")), three_digits(real("inferences_per_second")),
                    energy_text(real("energy_pj")), three_digits(real("area_mm2")),
                    percent_text(real("utilisation")), bytes_text(whole("peak_sram_bytes")),
                    bytes_text(whole("dram_read_bytes") + whole("dram_write_bytes")),
                    point.result.at("bound_by").get<std::string>(),
                    point.knee     ? "pareto, knee"
                    : point.pareto ? "pareto"
                                   : ""});
    } else {
      cells.resize(cells.size() + 8, "-");
      cells.push_back(point.status);
    }
    table.add(std::move(cells));
  }
  return table;
}

std::string values_text(const Sweep& sweep, const SweepPoint& point) {
  std::string text;
  for (std::size_t a = 0; a < sweep.axes.size(); ++a)
    text += fmt::format("{}{}={}", a > 0 ? " " : "", sweep.axes[a].key, point.values[a]);
  return text;
}

/// Each reason once, with how many points it holds for and the first of them.
std::string failures_of(const Sweep& sweep) {
  std::map<std::string, std::pair<const SweepPoint*, std::size_t>> reasons;
  std::vector<std::string> order;
  for (const SweepPoint& point : sweep.points) {
    if (point.ok()) continue;
    const std::string reason = fmt::format("{}: {}", point.status, point.reason);
    auto& [first, count] = reasons[reason];
    if (count++ == 0) {
      first = &point;
      order.push_back(reason);
    }
  }
  constexpr std::size_t kMostReasons = 5;
  std::string text;
  for (std::size_t r = 0; r < std::min(order.size(), kMostReasons); ++r) {
    const auto& [first, count] = reasons[order[r]];
    text += wrapped(fmt::format("{}{} {}", values_text(sweep, *first),
                                count > 1 ? fmt::format(" and {} more", count - 1) : "", order[r]),
                    2) +
            "\n";
  }
  if (order.size() > kMostReasons)
    text += fmt::format("... and {} other reasons\n", order.size() - kMostReasons);
  return text;
}

}  // namespace

std::string sweep_table(const Sweep& sweep, const SweepTableOptions& options) {
  const bool front_only = !options.all && sweep.points.size() > SweepTableOptions::kMostRows;
  std::size_t front = 0, failed = 0;
  const SweepPoint* knee = nullptr;
  for (const SweepPoint& point : sweep.points) {
    front += point.pareto;
    failed += !point.ok();
    if (point.knee) knee = &point;
  }
  std::string text =
      fmt::format("{} on variants of {}: {} points{}\n\n", sweep.model, sweep.chip,
                  sweep.points.size(), failed > 0 ? fmt::format(", {} failed", failed) : "");
  text += rows_of(sweep, front_only).text() + "\n";
  if (front_only)
    text +=
        fmt::format("Only the {} points of the Pareto front are shown; --all shows all.\n", front);
  text +=
      "pareto: no other point is at least as good in latency, energy and area, and better in "
      "one.\n";
  if (knee != nullptr)
    text +=
        wrapped(fmt::format("knee: {}: of the front, the point with the smallest sum of latency, "
                            "energy and area, each from 0 (least of the front) to 1 (most).",
                            values_text(sweep, *knee)),
                2) +
        "\n";
  return text + failures_of(sweep);
}

}  // namespace presil
