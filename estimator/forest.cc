#include "estimator/forest.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace presil {

namespace {

static_assert(std::endian::native == std::endian::little, "a bundle's bytes are little-endian");

/// A base score is written as a number in a string, in square brackets since XGBoost 2.
double base_score(const nlohmann::json& learner) {
  std::string text = learner.at("learner_model_param").at("base_score").get<std::string>();
  if (!text.empty() && text.front() == '[') text = text.substr(1);
  return std::stod(text);
}

template <typename T>
void append(std::string& bytes, std::span<const T> values) {
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
}

template <typename T>
std::vector<T> take(std::string_view& bytes, std::size_t count) {
  if (count > bytes.size() / sizeof(T)) throw Error("the forest in it ends too early");
  std::vector<T> values(count);
  std::memcpy(values.data(), bytes.data(), count * sizeof(T));
  bytes.remove_prefix(count * sizeof(T));
  return values;
}

}  // namespace

Forest Forest::from_xgboost(std::string_view text) {
  const nlohmann::json model = nlohmann::json::parse(text, nullptr, false);
  PRESIL_CHECK(!model.is_discarded(), "XGBoost's model is no JSON");
  const nlohmann::json& learner = model.at("learner");
  Forest forest;
  forest.base_ = base_score(learner);
  for (const nlohmann::json& source : learner.at("gradient_booster").at("model").at("trees")) {
    const auto left = source.at("left_children").get<std::vector<int>>();
    const auto right = source.at("right_children").get<std::vector<int>>();
    const auto feature = source.at("split_indices").get<std::vector<int>>();
    const auto condition = source.at("split_conditions").get<std::vector<float>>();
    const auto first = static_cast<std::uint32_t>(forest.nodes_.size());
    std::uint32_t depth = 0;
    std::vector<std::pair<int, std::uint32_t>> queue{{0, 0}};  // XGBoost's node, its depth
    for (std::size_t at = 0; at < queue.size(); ++at) {
      const auto [id, level] = queue[at];
      const auto node = static_cast<std::size_t>(id);
      PRESIL_CHECK(queue.size() < 65535, "a tree of more than 65535 nodes");
      if (left[node] < 0) {
        forest.nodes_.push_back(
            {std::numeric_limits<float>::infinity(), 0, static_cast<std::uint16_t>(at)});
        forest.values_.push_back(condition[node]);
        depth = std::max(depth, level);
        continue;
      }
      forest.nodes_.push_back({condition[node], static_cast<std::uint16_t>(feature[node]),
                               static_cast<std::uint16_t>(queue.size())});
      forest.values_.push_back(0);
      queue.emplace_back(left[node], level + 1);
      queue.emplace_back(right[node], level + 1);
    }
    forest.trees_.push_back(
        {first, static_cast<std::uint32_t>(forest.nodes_.size() - first), depth});
  }
  return forest;
}

void Forest::evaluate(std::span<const float* const> rows, std::span<double> out) const {
  PRESIL_CHECK(rows.size() == out.size(), "{} rows for {} results", rows.size(), out.size());
  std::fill(out.begin(), out.end(), base_);
  for (const Tree& tree : trees_) {
    std::size_t row = 0;
    for (; row + 8 <= rows.size(); row += 8) walk<8>(tree, &rows[row], &out[row]);
    for (; row + 4 <= rows.size(); row += 4) walk<4>(tree, &rows[row], &out[row]);
    for (; row < rows.size(); ++row) walk<1>(tree, &rows[row], &out[row]);
  }
}

/// So many rows walk a tree together, to hide their loads' latency.
template <std::size_t kRows>
void Forest::walk(const Tree& tree, const float* const* rows, double* out) const {
  const Node* nodes = nodes_.data() + tree.first;
  const float* values = values_.data() + tree.first;
  std::uint32_t at[kRows] = {};
  for (std::uint32_t level = 0; level < tree.depth; ++level)
    for (std::size_t i = 0; i < kRows; ++i) {
      const Node node = nodes[at[i]];
      at[i] = node.left + static_cast<std::uint32_t>(!(rows[i][node.feature] < node.threshold));
    }
  for (std::size_t i = 0; i < kRows; ++i) out[i] += values[at[i]];
}

double Forest::evaluate(const float* row) const {
  double result = 0;
  evaluate({&row, 1}, {&result, 1});
  return result;
}

std::size_t Forest::columns() const {
  std::size_t columns = 0;
  for (const Node& node : nodes_) columns = std::max<std::size_t>(columns, node.feature + 1u);
  return columns;
}

std::string Forest::serialised() const {
  const std::uint32_t counts[] = {static_cast<std::uint32_t>(trees_.size()),
                                  static_cast<std::uint32_t>(nodes_.size())};
  std::string bytes;
  append<std::uint32_t>(bytes, counts);
  append<double>(bytes, {&base_, 1});
  append<Tree>(bytes, trees_);
  append<Node>(bytes, nodes_);
  append<float>(bytes, values_);
  return bytes;
}

Forest Forest::parse(std::string_view& bytes) {
  const auto counts = take<std::uint32_t>(bytes, 2);
  Forest forest;
  forest.base_ = take<double>(bytes, 1).front();
  forest.trees_ = take<Tree>(bytes, counts[0]);
  forest.nodes_ = take<Node>(bytes, counts[1]);
  forest.values_ = take<float>(bytes, counts[1]);
  for (const Tree& tree : forest.trees_) {
    bool good = tree.nodes > 0 && tree.depth < tree.nodes && tree.first <= counts[1] &&
                tree.nodes <= counts[1] - tree.first;
    for (std::uint32_t n = 0; good && n < tree.nodes; ++n) {
      const Node& node = forest.nodes_[tree.first + n];
      const bool leaf = node.left == n && node.threshold > std::numeric_limits<float>::max();
      good = leaf || (node.left > n && node.left + 1u < tree.nodes);
    }
    if (!good) throw Error("the forest in it has a tree with a node out of its place");
  }
  return forest;
}

}  // namespace presil
