#include "sim/kept_weights.h"

#include <algorithm>

#include "sim/placement.h"
#include "sim/tile_candidates.h"

namespace presil {

namespace {

/// SRAM of the residents that live while each group runs.
std::vector<std::int64_t> resident_bytes(const FusedNetwork& network,
                                         const std::vector<bool>& resident) {
  std::vector<std::int64_t> bytes(network.groups.size(), 0);
  const std::vector<Lifetime> lives = lifetimes(network);
  for (std::size_t s = 0; s < resident.size(); ++s) {
    if (!resident[s]) continue;
    const int end = std::min(lives[s].last + 1, static_cast<int>(bytes.size()));
    for (int g = std::max(0, lives[s].first); g < end; ++g)
      bytes[static_cast<std::size_t>(g)] += aligned(network.storages[s].map.bytes());
  }
  return bytes;
}

}  // namespace

std::vector<bool> choose_kept_weights(const ChipSpec& chip, const FusedNetwork& network,
                                      const std::vector<bool>& resident,
                                      const std::vector<int>& memory,
                                      const std::vector<std::optional<bool>>& pinned, Leave leave) {
  const std::size_t groups = network.groups.size();
  std::vector<bool> stay(groups, false);
  std::int64_t kept = 0;
  const auto keep = [&](std::size_t g) {
    stay[g] = true;
    kept += weight_total(network.groups[g]);
  };
  for (std::size_t g = 0; g < groups; ++g)
    if (pinned[g].value_or(false)) keep(g);
  if (!chip.sram.across_layers) return stay;
  const std::vector<std::int64_t> residents = resident_bytes(network, resident);
  std::int64_t needed = 0;
  for (std::size_t g = 0; g < groups; ++g) {
    const std::int64_t smallest =
        smallest_footprint({chip, network, resident, memory, 0, stay[g]}, network.groups[g]);
    needed = std::max(
        needed,
        residents[g] + (leave == Leave::kComfortable ? comfortable(chip, smallest) : 2 * smallest));
  }
  for (std::size_t g = 0; g < groups; ++g) {
    const std::int64_t bytes = weight_total(network.groups[g]);
    if (bytes == 0 || pinned[g] || kept + bytes + needed > chip.sram_bytes()) continue;
    keep(g);
  }
  return stay;
}

bool all_weights_stay(const FusedNetwork& network, const std::vector<bool>& weights_stay) {
  for (std::size_t g = 0; g < network.groups.size(); ++g)
    if (!weights_stay[g] && weight_total(network.groups[g]) > 0) return false;
  return true;
}

}  // namespace presil
