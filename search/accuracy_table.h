#pragma once
// Accuracies from a table of networks that somebody has trained.

#include <filesystem>
#include <unordered_map>

#include "search/accuracy_model.h"

namespace presil {

class TableAccuracy final : public AccuracyModel {
 public:
  /// A CSV with a column of SearchSpace::key() (`key_column`; "": ops6 or key, whichever the table
  /// has) and one of accuracies. Throws Error: no such column, a key twice, no row.
  TableAccuracy(const std::filesystem::path& file, const std::string& column,
                const std::string& key_column = "");
  /// Throws Error if the table lacks the network.
  double score(const Candidate& candidate) const override;
  std::size_t size() const { return scores_.size(); }

 private:
  std::string file_;
  std::unordered_map<std::string, double> scores_;
};

}  // namespace presil
