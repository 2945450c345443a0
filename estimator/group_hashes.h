#pragma once
// The hashes of a network's groups before chains are formed: which shapes it has, at the cost of
// fusing it.

#include <set>
#include <string>

#include "estimator/features.h"

namespace presil {

/// GroupFeatures::hash of every group as sim/fuse.h makes them. Throws Error where compile() does.
std::set<std::string> group_hashes(const Graph& graph, const ChipSpec& chip,
                                   const CompileOptions& options);

}  // namespace presil
