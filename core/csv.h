#pragma once
// Reads small comma-separated tables with a header line: reference data, lists of results.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace presil {

/// A table. Lines that start with '#' and empty lines are skipped; cells are trimmed; a comma at a
/// line's end adds no cell. No quoting.
class CsvTable {
 public:
  /// Throws Error: unreadable, no header, a row with another number of cells (file:line).
  static CsvTable read(const std::filesystem::path& file);

  std::size_t rows() const { return cells_.size(); }
  const std::vector<std::string>& header() const { return header_; }
  /// Throws Error naming the file and the nearest known column.
  const std::string& text(std::size_t row, std::string_view column) const;
  /// Also throws Error (file:line) if the cell is not a whole number.
  std::int64_t integer(std::size_t row, std::string_view column) const;
  /// Also throws Error (file:line) if the cell is not a number.
  double real(std::size_t row, std::string_view column) const;
  /// Is there such a column?
  bool has(std::string_view column) const;

 private:
  std::string file_;
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> cells_;
  std::vector<int> lines_;
};

}  // namespace presil
