#pragma once
// Pieces cut from real networks: shapes as people use them, in the order in which they come.

#include <span>
#include <vector>

#include "estimator/case_family.h"

namespace presil {

/// The families that need networks: `mined_operator` and `mined_block`. Their `make` is null.
std::span<const CaseFamily> mined_families();

/// `count` operators of the graph from the `first` on, and the activations fused behind them. What
/// they read from outside becomes an input. Throws Error if nothing is left of it.
Graph cut(const Graph& graph, std::size_t first, std::size_t count);

/// A random cut of one of the networks: a single layer, or a block of up to a dozen.
Graph mined_case(CaseDraw& draw, std::span<const Graph> networks, Level level);

}  // namespace presil
