#pragma once
// A sweep as a page of text: the front, its knee, and what failed.

#include <string>

#include "profiler/sweep.h"

namespace presil {

struct SweepTableOptions {
  /// Every point, in the order of the grid; else, of more than kMostRows points, those of the
  /// front.
  bool all = false;
  static constexpr std::size_t kMostRows = 40;
};

/// At most kPageWidth columns wide.
std::string sweep_table(const Sweep& sweep, const SweepTableOptions& options = {});

}  // namespace presil
