#pragma once
// Boosted trees as we evaluate them: one flat array of nodes in breadth order. No library needed.

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace presil {

/// A sum of regression trees over a row of features. Value type; evaluation is const and
/// thread-safe.
class Forest {
 public:
  Forest() = default;
  /// From XGBoost's JSON model (`XGBoosterSaveModelToBuffer`, gbtree, one output). Throws
  /// InternalError for a layout that it does not know.
  static Forest from_xgboost(std::string_view json);

  /// `out[i]` = base + the leaf of every tree for `rows[i]`. Rows are finite and at least
  /// columns() long. Many rows at once are the fast path.
  void evaluate(std::span<const float* const> rows, std::span<double> out) const;
  double evaluate(const float* row) const;

  std::size_t trees() const { return trees_.size(); }
  /// 1 + the highest feature that any tree asks for; 0 for an empty forest.
  std::size_t columns() const;

  /// The bytes of a bundle, little-endian; parse() takes them off the front of `bytes`. Throws
  /// Error where they are too short or make no trees.
  std::string serialised() const;
  static Forest parse(std::string_view& bytes);

 private:
  /// `value < threshold` goes to `left`, else to `left + 1`; of its tree's nodes. A leaf goes to
  /// itself whatever the value, so that every row takes the same number of steps.
  struct Node {
    float threshold;
    std::uint16_t feature, left;
  };
  struct Tree {
    std::uint32_t first, nodes, depth;
  };
  template <std::size_t kRows>
  void walk(const Tree& tree, const float* const* rows, double* out) const;

  double base_ = 0;
  std::vector<Tree> trees_;
  std::vector<Node> nodes_;
  std::vector<float> values_;  ///< of each node; 0 inside
};

}  // namespace presil
