#pragma once
// Which part of a run belongs to which fusion group.

#include <vector>

#include "hw/program.h"
#include "hw/timeline.h"

namespace presil {

/// [begin, end) in cycles; may be empty.
struct GroupWindow {
  std::int64_t begin = 0, end = 0;
  std::int64_t length() const { return end - begin; }
};

/// A group owns the time between the completion of the groups before it, in the order of their
/// indices, and its own (DESIGN.md section 4): windows follow each other from 0 to
/// Timeline::total, so they add up to it, overlap included. A group whose commands were done before
/// those of an earlier group gets nothing; the last gets the completion cycles.
std::vector<GroupWindow> group_windows(const Program& program, const Timeline& timeline);

}  // namespace presil
