#include "hw/group_windows.h"

#include <algorithm>

namespace presil {

std::vector<GroupWindow> group_windows(const Program& program, const Timeline& timeline) {
  std::vector<GroupWindow> windows(program.group_names.size());
  for (const Span& span : timeline.spans) {
    const Command& command = program.commands[static_cast<std::size_t>(span.command)];
    std::int64_t& end = windows[static_cast<std::size_t>(command.group)].end;
    end = std::max(end, span.done.value);
  }
  std::int64_t reached = 0;
  for (GroupWindow& window : windows) {
    window.begin = reached;
    window.end = reached = std::max(reached, window.end);
  }
  if (!windows.empty()) windows.back().end = timeline.total.value;
  return windows;
}

}  // namespace presil
