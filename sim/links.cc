#include "sim/links.h"

#include <algorithm>

namespace presil {

namespace {

bool streams(const Stage& stage) {
  if (stage.kind != StageKind::kMac && stage.kind != StageKind::kVector) return false;
  if (stage.reach != Reach::kSame && stage.reach != Reach::kWindow) return false;
  return !stage.weights_are_activations && !stage.weights_per_image && stage.in_channel == 0 &&
         stage.in_row == 0;
}

}  // namespace

Links::Links(const FusedNetwork& network)
    : network_(network), readers_(network.storages.size(), 0) {
  for (const FusionGroup& group : network.groups)
    for (const Stage& stage : group.stages) {
      ++readers_[storage(stage.input)];
      if (stage.weights_are_activations) ++readers_[storage(stage.weights)];
      for (const Operand& operand : stage.operands) ++readers_[storage(operand.tensor)];
    }
}

std::string Links::why_not(std::size_t a, std::size_t b) const {
  const FusionGroup& first = network_.groups[a];
  const FusionGroup& second = network_.groups[b];
  if (first.stages.size() != 1 || second.stages.size() != 1) return "one has several parts";
  const Stage& from = first.stages[0];
  const Stage& to = second.stages[0];
  if (to.input != from.output) return "it does not stream that output";
  if (!streams(from) || !streams(to)) return "one needs more than the rows under a window";
  const std::size_t s = storage(from.output);
  const Storage& inner = network_.storages[s];
  if (readers_[s] != 1) return "others read that output";
  if (inner.is_output) return "that output is the network's";
  if (inner.on_host) return "the host reads that output";
  if (from.out_channel != 0 || from.out_row != 0 || inner.root != from.output ||
      from.out.batch != to.in.batch || from.out.rows != to.in.rows ||
      from.out.columns != to.in.columns || from.out.channels != to.in.channels)
    return "it sees that output in another shape";
  const bool twice = std::any_of(to.operands.begin(), to.operands.end(),
                                 [&](const Operand& o) { return o.tensor == from.output; });
  return twice ? "it reads that output twice" : "";
}

FusionGroup Links::merged(std::size_t begin, std::size_t end) const {
  FusionGroup group{.name = network_.groups[begin].name};
  for (std::size_t g = begin; g < end; ++g) {
    if (g > begin) group.name += "+" + network_.groups[g].name;
    group.stages.push_back(network_.groups[g].stages[0]);
    if (end - begin > 1) group.members.push_back(network_.groups[g].name);
  }
  return group;
}

}  // namespace presil
