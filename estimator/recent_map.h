#pragma once
// A map that forgets what was not asked for lately.

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace presil {

/// Keys are words, compared whole. Holds at most twice `most` values after forget(), which drops
/// those that were not found since the call before it that dropped any; pointers to others stay
/// good.
template <typename Value>
class RecentMap {
 public:
  using Key = std::vector<std::uint64_t>;

  explicit RecentMap(std::size_t most) : most_(most) {}

  /// Null: it is not there.
  Value* find(const Key& key) {
    if (const auto found = young_.find(key); found != young_.end()) return &found->second;
    auto node = old_.extract(key);
    return node.empty() ? nullptr : &young_.insert(std::move(node)).position->second;
  }
  /// Precondition: find(key) was null.
  Value& add(const Key& key, Value value) {
    return young_.emplace(key, std::move(value)).first->second;
  }
  void forget() {
    if (young_.size() < most_) return;
    old_ = std::move(young_);
    young_ = {};
  }
  std::size_t size() const { return young_.size() + old_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const Key& key) const {
      std::uint64_t state = key.size();
      for (const std::uint64_t word : key) {
        state = (state ^ word) * 0x9e3779b97f4a7c15u;
        state ^= state >> 32;
      }
      return state;
    }
  };
  using Map = std::unordered_map<Key, Value, Hash>;

  std::size_t most_;
  Map young_, old_;
};

}  // namespace presil
