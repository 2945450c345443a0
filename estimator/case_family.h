#pragma once
// Families of cases: each makes random small networks of one kind. docs/estimator_sampling.md lists
// them from this table.

#include <span>
#include <string_view>

#include "estimator/case_draw.h"
#include "estimator/sample.h"

namespace presil {

struct CaseFamily {
  std::string_view name;  ///< as plans and samples spell it
  Level level = Level::kOperator;
  std::string_view meaning;
  /// Throws Error when the shapes that came out do not fit: draw again.
  Graph (*make)(CaseDraw& draw) = nullptr;
  /// Cases come in pairs that differ by one channel, on both sides of a step edge.
  bool edge = false;
};

/// All families but `mined`, which needs networks (mined_shapes.h). The order is part of what a
/// plan gives.
std::span<const CaseFamily> case_families();

// The parts of the table: case_operators.cc, case_subgraphs.cc, case_networks.cc.
std::span<const CaseFamily> operator_families();
std::span<const CaseFamily> vector_families();
std::span<const CaseFamily> subgraph_families();
std::span<const CaseFamily> network_families();

}  // namespace presil
