#pragma once
// Edits that paid, in a file that grows: what won earlier is tried first.

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "search/edits/edit.h"

namespace presil {

/// One win.
struct Pattern {
  std::string kind, context;  ///< of the Edit
  std::string chip, model;    ///< where
  std::string metric;         ///< what got smaller: "latency_ms"
  double gain = 0;            ///< by which share
};

/// What is known of one kind of edit in one context, over chips and models.
struct Wins {
  int count = 0;
  double best = 0;
};

/// A line of JSON a pattern. Append-only: several programs may add at once.
class PatternStore {
 public:
  /// A file that does not exist is empty. Throws Error: unreadable, damaged (file:line).
  explicit PatternStore(std::filesystem::path file);

  std::size_t size() const { return size_; }
  /// Of the metric; count 0 if it never won.
  Wins wins(const Edit& edit, const std::string& metric) const;
  /// Throws Error (disk full, ...).
  void append(const std::vector<Pattern>& patterns);

 private:
  void remember(const Pattern& pattern);

  std::filesystem::path file_;
  std::size_t size_ = 0;
  std::map<std::pair<std::string, std::string>, Wins> wins_;  ///< by kind + metric and context
};

}  // namespace presil
