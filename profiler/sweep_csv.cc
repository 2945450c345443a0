#include "profiler/sweep_csv.h"

#include <fmt/format.h>

#include <charconv>
#include <set>

#include "core/error.h"
#include "profiler/report_csv.h"

namespace presil {

namespace {

constexpr std::string_view kComment = "# presil sweep ";
constexpr std::string_view kRemedy = "give another file, or --fresh to start over";

std::vector<std::string> header_of(const std::vector<SweepAxis>& axes) {
  std::vector<std::string> header{"point"};
  for (const SweepAxis& axis : axes) header.push_back(axis.key);
  header.push_back("status");
  header.insert(header.end(), sweep_keys().begin(), sweep_keys().end());
  for (const char* last : {"pareto", "knee", "reason"}) header.push_back(last);
  return header;
}

std::string cell_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// The inverse of csv_line() for cells without line breaks.
std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char letter = line[i];
    if (letter == '"') {
      if (quoted && i + 1 < line.size() && line[i + 1] == '"')
        cells.back() += line[++i];
      else
        quoted = !quoted;
    } else if (letter == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += letter;
    }
  }
  return cells;
}

void check_identity(const std::string& name, std::string_view line, const SweepIdentity& wanted) {
  const Json found = line.starts_with(kComment)
                         ? Json::parse(line.substr(kComment.size()), nullptr, false)
                         : Json(Json::value_t::discarded);
  if (!found.is_object())
    throw Error("{}: is there already and is no CSV of a sweep; {}", name, kRemedy);
  std::vector<std::string> differences;
  for (const auto& [key, value] : wanted.items()) {
    const Json there = found.value(key, Json());
    if (there != value)
      differences.push_back(
          fmt::format("{} is {} there and {} here", key, text_of(there), text_of(value)));
  }
  if (!differences.empty())
    throw Error("{}: is of another sweep: {}; {}", name, fmt::join(differences, ", "), kRemedy);
}

/// One line; Error text without a place if it cannot be one of this sweep.
SweepPoint point_of(std::string_view line, const std::vector<SweepAxis>& axes) {
  const std::vector<std::string> cells = cells_of(line), header = header_of(axes);
  if (cells.size() != header.size())
    throw Error("must have {} cells, has {}", header.size(), cells.size());
  SweepPoint point;
  const std::string& number = cells.front();
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), point.index);
  if (error != std::errc() || end != number.data() + number.size() || point.index < 1 ||
      point.index > grid_size(axes))
    throw Error("point must be 1..{}, is '{}'", grid_size(axes), number);
  --point.index;
  point.values.assign(cells.begin() + 1,
                      cells.begin() + 1 + static_cast<std::ptrdiff_t>(axes.size()));
  if (point.values != grid_values(axes, point.index))
    throw Error("the values are not those of point {}", number);
  std::size_t at = 1 + axes.size();
  point.status = cells[at++];
  if (point.status != "ok" && point.status != "failed" && point.status != "crashed")
    throw Error("status must be ok, failed or crashed, is '{}'", point.status);
  for (const std::string& key : sweep_keys()) {
    const std::string& cell = cells[at++];
    if (!point.ok()) continue;
    const bool text = key == "bound_by" || key == "chip_hash";
    point.result[key] = text ? Json(cell) : Json::parse(cell, nullptr, false);
    if (!text && !point.result[key].is_number()) throw Error("{} is no number: '{}'", key, cell);
  }
  point.reason = cells.back();
  return point;
}

}  // namespace

std::string sweep_csv_head(const SweepIdentity& identity, const std::vector<SweepAxis>& axes) {
  return fmt::format("{}{}\n{}", kComment, text_of(identity), csv_line(header_of(axes)));
}

std::string sweep_csv_line(const SweepPoint& point) {
  std::vector<std::string> cells{fmt::format("{}", point.index + 1)};
  cells.insert(cells.end(), point.values.begin(), point.values.end());
  cells.push_back(point.status);
  for (const std::string& key : sweep_keys())
    cells.push_back(point.ok() ? cell_of(point.result.at(key)) : "");
  cells.push_back(point.pareto ? "true" : "false");
  cells.push_back(point.knee ? "true" : "false");
  cells.push_back(point.reason);
  return csv_line(cells);
}

std::string sweep_csv(const Sweep& sweep) {
  std::string csv = sweep_csv_head(sweep.identity, sweep.axes);
  for (const SweepPoint& point : sweep.points) csv += sweep_csv_line(point);
  return csv;
}

SweepFile read_sweep_csv(const std::string& name, const std::string& text,
                         const SweepIdentity& identity, const std::vector<SweepAxis>& axes) {
  SweepFile file;
  std::set<std::size_t> seen;
  int line_number = 0;
  for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos;
       at = end + 1) {
    const std::string_view line(text.data() + at, end - at);
    ++line_number;
    if (line_number == 1) {
      check_identity(name, line, identity);
    } else if (line_number > 2) {
      try {
        file.points.push_back(point_of(line, axes));
        if (!seen.insert(file.points.back().index).second)
          throw Error("point {} stands twice", file.points.back().index + 1);
      } catch (const Error& error) {
        throw Error("{}:{}: {}; {}", name, line_number, error.what(), kRemedy);
      }
    }
    file.bytes = end + 1;
  }
  // Killed before the head was there: nothing is lost.
  if (line_number < 2) file.bytes = 0;
  const bool ours = text.starts_with(kComment) || kComment.starts_with(text);
  if (line_number == 0 && !ours) check_identity(name, text, identity);
  return file;
}

}  // namespace presil
