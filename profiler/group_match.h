#pragma once
// Which fusion groups of one run are which of another.

#include <cstddef>
#include <vector>

#include "profiler/run_document.h"

namespace presil {

/// Groups of `a` and of `b` (indices, ascending) that do the same work. One side may be empty: only
/// in the other.
struct GroupMatch {
  std::vector<std::size_t> a, b;
};

/// Two groups belong together if they have the same name (that no other group of their run has) or
/// share an operator, by name; what belongs together with the same group does so too. So groups
/// that are fused differently become one match that covers the same operators on both sides.
/// In the order of a's first group, then what is only in b.
std::vector<GroupMatch> match_groups(const std::vector<GroupDocument>& a,
                                     const std::vector<GroupDocument>& b);

}  // namespace presil
