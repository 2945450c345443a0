#include "profiler/group_traffic.h"

namespace presil {

std::vector<GroupTraffic> traffic_of_groups(const RunResult& run) {
  std::vector<GroupTraffic> groups(run.groups.size());
  for (GroupTraffic& group : groups) group.memories.resize(run.timeline.memories.size());
  for (const Command& command : run.compiled.program.commands) {
    const auto g = static_cast<std::size_t>(command.group);
    if (g >= groups.size()) continue;  // of a later inference
    const auto add = [&](const Transfer& t, std::array<std::int64_t, kTrafficCount>& bytes) {
      bytes[static_cast<std::size_t>(t.traffic)] += t.stored_bytes();
      groups[g].memories[static_cast<std::size_t>(t.memory)] += t.stored_bytes();
    };
    if (const auto* load = std::get_if<Load>(&command.work)) add(load->transfer, groups[g].read);
    if (const auto* store = std::get_if<Store>(&command.work))
      add(store->transfer, groups[g].written);
  }
  return groups;
}

}  // namespace presil
