#pragma once
// Which numbers of channels of a network are one number.

#include <string>
#include <vector>

#include "models/graph.h"

namespace presil {

/// Tensors whose channels must change together: elementwise operators, depthwise convolutions,
/// poolings and the like tie their operands to their results; a convolution or kFullyConnected
/// makes a new number.
struct ChannelGroup {
  std::int64_t channels = 0;
  std::vector<OpId> makers;     ///< convolutions and kFullyConnected that make it, ascending
  std::vector<OpId> carriers;   ///< depthwise convolutions inside of it
  std::vector<OpId> consumers;  ///< convolutions and kFullyConnected that sum over it
  /// Why it cannot change: it reaches an input, an output, a reshape, ... "" if it can.
  std::string fixed;
};

/// In the order of their first makers; groups that no op makes are left out. Feature maps
/// [N,C,H,W] and rows [N,F]; what has other dimensions is fixed. Concatenations over channels may
/// be of any sum.
std::vector<ChannelGroup> channel_groups(const Graph& graph);

}  // namespace presil
