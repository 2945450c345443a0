#include "core/csv.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>

#include "core/error.h"

namespace presil {

namespace {

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1));
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> cells;
  std::size_t begin = 0;
  while (begin <= line.size()) {
    const std::size_t end = std::min(line.find(',', begin), line.size());
    cells.push_back(trimmed(std::string_view(line).substr(begin, end - begin)));
    begin = end + 1;
  }
  if (cells.size() > 1 && cells.back().empty()) cells.pop_back();
  return cells;
}

template <typename Number>
bool parsed(const std::string& cell, Number& value) {
  const char* end = cell.data() + cell.size();
  const auto result = std::from_chars(cell.data(), end, value);
  return result.ec == std::errc() && result.ptr == end;
}

}  // namespace

CsvTable CsvTable::read(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw Error("{}: cannot be read; give the path of a CSV file", file.string());
  CsvTable table;
  table.file_ = file.string();
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (trimmed(line).empty() || line[0] == '#') continue;
    std::vector<std::string> cells = split(line);
    if (table.header_.empty()) {
      table.header_ = std::move(cells);
      continue;
    }
    if (cells.size() != table.header_.size())
      throw Error("{}:{}: {} cells where the header has {}", table.file_, number, cells.size(),
                  table.header_.size());
    table.cells_.push_back(std::move(cells));
    table.lines_.push_back(number);
  }
  if (table.header_.empty()) throw Error("{}: has no header line", table.file_);
  return table;
}

const std::string& CsvTable::text(std::size_t row, std::string_view column) const {
  const auto it = std::find(header_.begin(), header_.end(), column);
  if (it == header_.end()) {
    const std::string near = nearest(column, header_);
    throw Error("{}: needs a column '{}'{}", file_, column,
                near.empty() ? "" : fmt::format(" (nearest: '{}')", near));
  }
  return cells_[row][static_cast<std::size_t>(it - header_.begin())];
}

std::int64_t CsvTable::integer(std::size_t row, std::string_view column) const {
  const std::string& cell = text(row, column);
  std::int64_t value = 0;
  if (!parsed(cell, value))
    throw Error("{}:{}: {}: must be a whole number, is '{}'", file_, lines_[row], column, cell);
  return value;
}

double CsvTable::real(std::size_t row, std::string_view column) const {
  const std::string& cell = text(row, column);
  double value = 0;
  if (!parsed(cell, value) || !std::isfinite(value))
    throw Error("{}:{}: {}: must be a number, is '{}'", file_, lines_[row], column, cell);
  return value;
}

bool CsvTable::has(std::string_view column) const {
  return std::find(header_.begin(), header_.end(), column) != header_.end();
}

}  // namespace presil
