#pragma once
// What a user fixes of a compile (`--mapping FILE`, sim/mapping_yaml.h); the compiler decides the
// rest. An illegal pin is an Error that names the group or tensor, the rule, the value and the
// limit.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/mapping.h"

namespace presil {

/// The size of a pinned tile that is the stage's whole extent.
inline constexpr std::int64_t kWhole = 0;

struct Pins {
  /// Each inner list names the groups (as fuse() calls them) that run depth-first together; empty:
  /// none do. Without a value the compiler chooses.
  std::optional<std::vector<std::vector<std::string>>> chains;
  /// By tensor name (storage_names() or any tensor that lies in the storage): in SRAM or not.
  std::map<std::string, bool> residency;
  /// By group name: do its weights stay in SRAM between inferences? Only in steady state.
  std::map<std::string, bool> weights_stay;
  /// "file:line" of "chain 0", "tensor NAME", "group NAME", where known.
  std::map<std::string, std::string> places;

  /// "file:line: mapping of group 'NAME'", the beginning of every message about it.
  std::string about(const std::string& kind, const std::string& name) const;
};

/// A name for each storage: its root tensor's, with "#2", "#3", ... behind it where tensors share a
/// name.
std::vector<std::string> storage_names(const Graph& graph, const FusedNetwork& network);

/// The storages that may be in SRAM for their whole time on this chip; empty, or the reason why
/// not.
std::string why_never_resident(const ChipSpec& chip, const FusedNetwork& network,
                               std::size_t storage, bool alive);

/// For each storage what the pins say. `alive`: of each storage, is it written or read outside of a
/// chain? Throws Error for unknown tensors, storages that cannot be resident, and contradictions.
std::vector<std::optional<bool>> pinned_residency(const ChipSpec& chip, const Graph& graph,
                                                  const FusedNetwork& network,
                                                  const std::vector<bool>& alive, const Pins& pins);

/// Indices of the groups of each pinned chain, in schedule order. Throws Error for unknown names,
/// names in two chains and groups that do not follow one another.
std::vector<std::vector<std::size_t>> pinned_chains(const FusedNetwork& network, const Pins& pins);

/// The groups that are pinned by name exist. Throws Error with the nearest name.
void check_pinned_groups(const FusedNetwork& network,
                         const std::map<std::string, Mapping>& mappings, const Pins& pins);

/// A pinned mapping with kWhole replaced by the extents of the group's stages.
Mapping filled_in(const FusionGroup& group, Mapping mapping);

}  // namespace presil
