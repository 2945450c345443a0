// Channels at the edges of the array's blocks: up for capacity that costs nothing, down for speed.

#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/units.h"
#include "search/edits/edit_parts.h"
#include "search/edits/edit_rules.h"

namespace presil {

namespace {

/// More than these is another network, not an aligned one.
constexpr double kLeast = 0.6, kMost = 1.5;

std::vector<std::string> names_of(const Graph& graph, const ChannelGroup& group) {
  std::vector<std::string> names;
  for (const auto* ops : {&group.makers, &group.carriers, &group.consumers})
    for (const OpId op : *ops)
      if (const std::string& name = graph.op(op).name;
          std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(name);
  return names;
}

/// Edges above or below the number of channels: of the makers' outputs, and of the dot products
/// that sum over them.
std::set<std::int64_t> edges(const EditContext& context, const ChannelGroup& group, bool up) {
  const PrecisionMode& mode = context.mode(group.makers[0]);
  std::set<std::int64_t> result;
  const auto add = [&](std::int64_t block) {
    const std::int64_t edge = up ? round_up(group.channels, block) : group.channels / block * block;
    const double ratio = static_cast<double>(edge) / static_cast<double>(group.channels);
    if (edge != group.channels && ratio >= kLeast && ratio <= kMost) result.insert(edge);
  };
  add(mode.parallelism_factor);
  if (!group.consumers.empty()) add(mode.dot_length);
  if (!group.carriers.empty() && context.chip.mac_array.depthwise_channels > 0)
    add(context.chip.mac_array.depthwise_channels);
  return result;
}

void propose(const EditContext& context, Proposals& proposals, bool up) {
  for (const ChannelGroup& group : context.groups) {
    const auto targets = edges(context, group, up);
    const Op& maker = context.graph().op(group.makers[0]);
    const std::string subject =
        fmt::format("{}: {} channels", layer_text(maker.name), group.channels);
    if (!group.fixed.empty()) {
      if (!targets.empty() && up)
        proposals.refusals.push_back(
            {fmt::format("{} -> {}", subject, *targets.begin()), group.fixed});
      continue;
    }
    for (const std::int64_t target : targets) {
      const PrecisionMode& mode = context.mode(group.makers[0]);
      proposals.edits.push_back(
          {.kind = std::string(up ? kAlignUp.kind : kAlignDown.kind),
           .text = group.makers.size() > 1
                       ? fmt::format("{} -> {} ({} layers)", subject, target, group.makers.size())
                       : fmt::format("{} -> {}", subject, target),
           .ops = names_of(context.graph(), group),
           .values = {target},
           .precision = "",
           .context = fmt::format("{} channels, blocks {}x{}", range_text(group.channels),
                                  mode.parallelism_factor, mode.dot_length)});
    }
  }
}

void propose_up(const EditContext& context, Proposals& proposals) {
  propose(context, proposals, true);
}
void propose_down(const EditContext& context, Proposals& proposals) {
  propose(context, proposals, false);
}

Network apply(const Network& network, const Edit& edit) {
  const Graph& graph = network.graph;
  const OpId maker = op_named(graph, edit.ops.at(0));
  for (const ChannelGroup& group : channel_groups(graph)) {
    if (std::find(group.makers.begin(), group.makers.end(), maker) == group.makers.end()) continue;
    if (!group.fixed.empty())
      throw Error("the channels of '{}' cannot change: {}", edit.ops[0], group.fixed);
    GraphChange change;
    for (const OpId op : group.makers) change.ops[op].outputs = edit.values.at(0);
    return {changed(graph, change), network.precision};
  }
  throw Error("'{}' makes no channels of its own any more", edit.ops[0]);
}

}  // namespace

const EditRule kAlignUp{"align-up", "channels up to an edge of the array's blocks", propose_up,
                        apply};
const EditRule kAlignDown{"align-down", "channels down to an edge of the array's blocks",
                          propose_down, apply};

}  // namespace presil
