#include "profiler/group_match.h"

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/connected_components.hpp>
#include <map>
#include <string>

namespace presil {

namespace {

/// Groups of a, then those of b; an edge joins two that have something in common.
using Common = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS>;

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
  Common common(a.size() + b.size());
  const std::map<std::string, std::size_t> a_names = by_name(a);
  for (const auto& [name, g] : by_name(b))
    if (const auto found = a_names.find(name); found != a_names.end())
      boost::add_edge(found->second, a.size() + g, common);
  std::multimap<std::string, std::size_t> a_ops;
  for (std::size_t g = 0; g < a.size(); ++g)
    for (const std::string& op : a[g].ops) a_ops.emplace(op, g);
  for (std::size_t g = 0; g < b.size(); ++g)
    for (const std::string& op : b[g].ops) {
      const auto [first, last] = a_ops.equal_range(op);
      for (auto found = first; found != last; ++found)
        boost::add_edge(found->second, a.size() + g, common);
    }
  // Components are numbered by their smallest member, so that matches come in the order of a.
  std::vector<std::size_t> component(a.size() + b.size());
  std::vector<GroupMatch> matches(boost::connected_components(common, component.data()));
  for (std::size_t g = 0; g < a.size(); ++g) matches[component[g]].a.push_back(g);
  for (std::size_t g = 0; g < b.size(); ++g) matches[component[a.size() + g]].b.push_back(g);
  return matches;
}

}  // namespace presil
