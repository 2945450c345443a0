#include "sim/pins.h"

#include <algorithm>
#include <set>

#include "core/error.h"

namespace presil {

namespace {

std::string did_you_mean(const std::string& name, const std::vector<std::string>& known) {
  const std::string near = nearest(name, known);
  return near.empty() ? "" : fmt::format("; did you mean '{}'?", near);
}

std::vector<std::string> group_names(const FusedNetwork& network) {
  std::vector<std::string> names;
  for (const FusionGroup& group : network.groups) names.push_back(group.name);
  return names;
}

/// Every name that means a storage: its own, and those of the tensors that lie in it.
std::map<std::string, int> storages_by_name(const Graph& graph, const FusedNetwork& network) {
  std::map<std::string, int> found;
  const std::vector<std::string> names = storage_names(graph, network);
  for (std::size_t s = 0; s < names.size(); ++s) found.emplace(names[s], static_cast<int>(s));
  for (std::size_t t = 0; t < network.views.size(); ++t)
    if (network.views[t].storage >= 0)
      found.emplace(graph.tensors()[t].name, network.views[t].storage);
  return found;
}

}  // namespace

std::string Pins::about(const std::string& kind, const std::string& name) const {
  const auto place = places.find(kind + " " + name);
  return fmt::format("{}mapping of {} '{}'", place == places.end() ? "" : place->second + ": ",
                     kind, name);
}

std::vector<std::string> storage_names(const Graph& graph, const FusedNetwork& network) {
  std::vector<std::string> names;
  std::map<std::string, int> used;
  for (const Storage& storage : network.storages) {
    const std::string& name = graph.tensor(storage.root).name;
    const int times = ++used[name];
    names.push_back(times == 1 ? name : fmt::format("{}#{}", name, times));
  }
  return names;
}

std::string why_never_resident(const ChipSpec& chip, const FusedNetwork& network,
                               std::size_t storage, bool alive) {
  const Storage& s = network.storages[storage];
  if (chip.cores > 1)
    return fmt::format(
        "chip '{}' has {} cores, which share activations through memory; residency "
        "needs 1",
        chip.name, chip.cores);
  if (!chip.sram.across_layers)
    return fmt::format("the SRAM of chip '{}' keeps nothing across layers (sram.across_layers)",
                       chip.name);
  if (s.is_input) return "it is an input of the network, which comes from memory";
  if (s.is_output) return "it is an output of the network, which goes to memory";
  if (s.is_constant) return "it is a constant, which comes from memory";
  if (s.on_host) return "the host reads or writes it, which needs it in memory";
  if (s.ring_rows > 0) return "a cascade keeps a ring of its rows in memory";
  if (!alive) return "no group reads or writes it outside of a chain";
  return "";
}

std::vector<std::optional<bool>> pinned_residency(const ChipSpec& chip, const Graph& graph,
                                                  const FusedNetwork& network,
                                                  const std::vector<bool>& alive,
                                                  const Pins& pins) {
  std::vector<std::optional<bool>> pinned(network.storages.size());
  if (pins.residency.empty()) return pinned;
  const std::map<std::string, int> storages = storages_by_name(graph, network);
  for (const auto& [name, in_sram] : pins.residency) {
    const auto found = storages.find(name);
    if (found == storages.end()) {
      throw Error("{}: no activation is called so{}", pins.about("tensor", name),
                  did_you_mean(name, storage_names(graph, network)));
    }
    const auto s = static_cast<std::size_t>(found->second);
    if (in_sram) {
      const std::string reason = why_never_resident(chip, network, s, alive[s]);
      if (!reason.empty())
        throw Error("{}: cannot be in sram: {}", pins.about("tensor", name), reason);
    }
    if (pinned[s].value_or(in_sram) != in_sram)
      throw Error("{}: is pinned to {}, but lies in '{}', which is pinned to {}",
                  pins.about("tensor", name), in_sram ? "sram" : "memory",
                  graph.tensor(network.storages[s].root).name, in_sram ? "memory" : "sram");
    pinned[s] = in_sram;
  }
  return pinned;
}

std::vector<std::vector<std::size_t>> pinned_chains(const FusedNetwork& network, const Pins& pins) {
  const std::vector<std::string> names = group_names(network);
  std::set<std::size_t> used;
  std::vector<std::vector<std::size_t>> chains;
  for (std::size_t i = 0; i < pins.chains->size(); ++i) {
    const std::vector<std::string>& wanted = (*pins.chains)[i];
    const std::string about = pins.about("chain", fmt::format("{}", i));
    if (wanted.size() < 2)
      throw Error("{}: needs at least 2 groups, has {}; leave single groups out", about,
                  wanted.size());
    std::vector<std::size_t> chain;
    for (const std::string& name : wanted) {
      const auto found = std::find(names.begin(), names.end(), name);
      if (found == names.end())
        throw Error("{}: no group is called '{}' before chains are formed{}", about, name,
                    did_you_mean(name, names));
      const auto g = static_cast<std::size_t>(found - names.begin());
      if (!used.insert(g).second) throw Error("{}: group '{}' is chained twice", about, name);
      if (!chain.empty() && g != chain.back() + 1)
        throw Error("{}: '{}' does not come right after '{}' in the schedule; '{}' does", about,
                    name, wanted[chain.size() - 1],
                    chain.back() + 1 < names.size() ? names[chain.back() + 1] : "nothing");
      chain.push_back(g);
    }
    chains.push_back(std::move(chain));
  }
  std::sort(chains.begin(), chains.end());
  return chains;
}

void check_pinned_groups(const FusedNetwork& network,
                         const std::map<std::string, Mapping>& mappings, const Pins& pins) {
  if (mappings.empty() && pins.weights_stay.empty()) return;
  const std::vector<std::string> names = group_names(network);
  const std::set<std::string> known(names.begin(), names.end());
  const auto check = [&](const std::string& name) {
    if (known.contains(name)) return;
    for (const FusionGroup& group : network.groups)
      if (std::find(group.members.begin(), group.members.end(), name) != group.members.end())
        throw Error("{}: it runs in the chain '{}'; pin that, or the chains without it",
                    pins.about("group", name), group.name);
    throw Error("{}: no group is called so{}", pins.about("group", name),
                did_you_mean(name, names));
  };
  for (const auto& [name, mapping] : mappings) check(name);
  for (const auto& [name, stay] : pins.weights_stay) check(name);
}

Mapping filled_in(const FusionGroup& group, Mapping mapping) {
  // A chain has stripes instead of tiles.
  if (mapping.chain && mapping.stages.empty())
    mapping.stages.resize(group.stages.size(), {0, 0, 0, 0});
  for (std::size_t i = 0; i < std::min(mapping.stages.size(), group.stages.size()); ++i) {
    const Stage& stage = group.stages[i];
    StageMapping& m = mapping.stages[i];
    const std::int64_t outputs =
        stage.kind == StageKind::kRecurrent ? stage.gates * stage.hidden : stage.out.channels;
    if (m.rows == kWhole) m.rows = stage.out.rows;
    if (m.columns == kWhole) m.columns = stage.out.columns;
    if (m.outputs == kWhole) m.outputs = outputs;
    if (m.channels == kWhole) m.channels = std::max<std::int64_t>(1, stage.reduction);
  }
  return mapping;
}

}  // namespace presil
