#include "estimator/case_family.h"

#include <vector>

namespace presil {

std::span<const CaseFamily> case_families() {
  static const std::vector<CaseFamily> all = [] {
    std::vector<CaseFamily> families;
    for (const auto part :
         {operator_families(), vector_families(), subgraph_families(), network_families()})
      families.insert(families.end(), part.begin(), part.end());
    return families;
  }();
  return all;
}

}  // namespace presil
