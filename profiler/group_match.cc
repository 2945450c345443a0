#include "profiler/group_match.h"

#include <map>
#include <numeric>
#include <string>

namespace presil {

namespace {

/// Sets that are joined; the smallest member stands for its set.
class Joined {
 public:
  explicit Joined(std::size_t count) : above_(count) {
    std::iota(above_.begin(), above_.end(), std::size_t{0});
  }
  std::size_t root(std::size_t member) {
    while (above_[member] != member) member = above_[member] = above_[above_[member]];
    return member;
  }
  void join(std::size_t x, std::size_t y) {
    x = root(x);
    y = root(y);
    above_[std::max(x, y)] = std::min(x, y);
  }

 private:
  std::vector<std::size_t> above_;
};

/// The group of each name; names of several groups are left out.
std::map<std::string, std::size_t> by_name(const std::vector<GroupDocument>& groups) {
  std::map<std::string, std::size_t> found;
  std::map<std::string, int> count;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    found[groups[g].name] = g;
    ++count[groups[g].name];
  }
  std::erase_if(found, [&](const auto& entry) { return count[entry.first] > 1; });
  return found;
}

}  // namespace

std::vector<GroupMatch> match_groups(const std::vector<GroupDocument>& a,
                                     const std::vector<GroupDocument>& b) {
  Joined joined(a.size() + b.size());
  const std::map<std::string, std::size_t> a_names = by_name(a);
  for (const auto& [name, g] : by_name(b))
    if (const auto found = a_names.find(name); found != a_names.end())
      joined.join(found->second, a.size() + g);
  std::multimap<std::string, std::size_t> a_ops;
  for (std::size_t g = 0; g < a.size(); ++g)
    for (const std::string& op : a[g].ops) a_ops.emplace(op, g);
  for (std::size_t g = 0; g < b.size(); ++g)
    for (const std::string& op : b[g].ops) {
      const auto [first, last] = a_ops.equal_range(op);
      for (auto found = first; found != last; ++found) joined.join(found->second, a.size() + g);
    }
  // Roots are the smallest, so that matches come in the order of a's groups.
  std::map<std::size_t, GroupMatch> matches;
  for (std::size_t g = 0; g < a.size(); ++g) matches[joined.root(g)].a.push_back(g);
  for (std::size_t g = 0; g < b.size(); ++g) matches[joined.root(a.size() + g)].b.push_back(g);
  std::vector<GroupMatch> result;
  for (auto& [root, match] : matches) result.push_back(std::move(match));
  return result;
}

}  // namespace presil
