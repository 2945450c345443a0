#include "search/accuracy_table.h"

#include "core/csv.h"
#include "core/error.h"

namespace presil {

TableAccuracy::TableAccuracy(const std::filesystem::path& file, const std::string& column,
                             const std::string& key_column)
    : file_(file.string()) {
  const CsvTable table = CsvTable::read(file);
  const std::string key = !key_column.empty() ? key_column : table.has("ops6") ? "ops6" : "key";
  for (std::size_t row = 0; row < table.rows(); ++row)
    if (!scores_.emplace(table.text(row, key), table.real(row, column)).second)
      throw Error("{}: '{}' stands twice in column {}", file_, table.text(row, key), key);
  if (scores_.empty()) throw Error("{}: has no rows", file_);
}

double TableAccuracy::score(const Candidate& candidate) const {
  const std::string key = candidate.space.key(candidate.genome);
  const auto found = scores_.find(key);
  if (found == scores_.end()) throw Error("{}: has no row for network {}", file_, key);
  return found->second;
}

}  // namespace presil
