#pragma once
// A matrix of features, row by row, as learners take it.

#include <cstddef>
#include <span>
#include <vector>

namespace presil {

class FeatureRows {
 public:
  explicit FeatureRows(std::size_t columns) : columns_(columns) {}

  void add(std::span<const float> row) { values_.insert(values_.end(), row.begin(), row.end()); }
  std::size_t columns() const { return columns_; }
  std::size_t size() const { return columns_ == 0 ? 0 : values_.size() / columns_; }
  std::span<const float> row(std::size_t i) const {
    return {values_.data() + i * columns_, columns_};
  }
  std::span<const float> values() const { return values_; }

 private:
  std::size_t columns_;
  std::vector<float> values_;
};

}  // namespace presil
