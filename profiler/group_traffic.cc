#include "profiler/group_traffic.h"

namespace presil {

std::vector<GroupTraffic> traffic_of_groups(const RunResult& run) {
  std::vector<GroupTraffic> groups(run.groups.size());
  for (const Command& command : run.compiled.program.commands) {
    const auto g = static_cast<std::size_t>(command.group);
    if (g >= groups.size()) continue;  // of a later inference
    if (const auto* load = std::get_if<Load>(&command.work))
      groups[g].read[static_cast<std::size_t>(load->transfer.traffic)] +=
          load->transfer.stored_bytes();
    else if (const auto* store = std::get_if<Store>(&command.work))
      groups[g].written[static_cast<std::size_t>(store->transfer.traffic)] +=
          store->transfer.stored_bytes();
  }
  return groups;
}

}  // namespace presil
