#pragma once
// Edits: single, named changes to a network, of which an expert would try the promising ones.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hw/chip_spec.h"
#include "models/channel_groups.h"
#include "models/graph_change.h"
#include "search/space.h"

namespace presil {

/// Input channels up to which a fused inverted bottleneck is faster, in closed form
/// (edits/crossover.h): with all lanes at work, and with those that the shapes here fill.
struct Crossover {
  double peak = 0, here = 0;
  std::int64_t channels = 0;  ///< that it has
  bool pays() const { return static_cast<double>(channels) < here; }
};

/// A proposal. Operators are known by their names, so that it can be applied behind other edits.
struct Edit {
  std::string kind;  ///< of its EditRule
  std::string text;  ///< "block2: fuse 1x1 16 -> 96 and depthwise 3x3/2 into one convolution"
  /// What it touches, the operator that it is about first; empty: the whole network.
  std::vector<std::string> ops;
  std::vector<std::int64_t> values;  ///< new extents
  std::string precision;             ///< as parse_precision() reads it
  /// What it has in common with the same edit elsewhere: "3x3/2, 16-31 inputs, map 64-127".
  std::string context;
  std::optional<Crossover> crossover;  ///< of a fused inverted bottleneck
};

/// Something worth changing that cannot be changed.
struct Refusal {
  std::string text, reason;
};

struct Proposals {
  std::vector<Edit> edits;
  std::vector<Refusal> refusals;
};

/// What the rules look at.
struct EditContext {
  const Network& network;
  const ChipSpec& chip;
  const PrecisionPlan& precision;
  const std::vector<ChannelGroup>& groups;

  const Graph& graph() const { return network.graph; }
  const Shape& shape(TensorId id) const { return graph().tensor(id).shape; }
  /// The array's shape for an operator with multiply-accumulates.
  const PrecisionMode& mode(OpId op) const {
    return chip.mac_array
        .modes[static_cast<std::size_t>(precision.mode[static_cast<std::size_t>(op)])];
  }
};

/// One kind of edit: one file. A new kind is a file and a row in edit_rules.cc.
struct EditRule {
  std::string_view kind, what;
  void (*propose)(const EditContext& context, Proposals& proposals);
  /// Throws Error saying why the edit does not fit the network (any more).
  Network (*apply)(const Network& network, const Edit& edit);
};

std::span<const EditRule> edit_rules();

/// Of all rules, in their order.
Proposals propose_edits(const EditContext& context);
/// The changed, checked network. Patterns of precisions that match nothing any more go. Throws
/// Error: the edit does not fit, or the network's outputs would change (but by a smaller input).
Network apply_edit(const Network& network, const Edit& edit);
/// Do both decide the same thing, so that only one of them can be applied?
bool same_subject(const Edit& a, const Edit& b);

/// Names of operators made unique ("conv", "conv#2").
Graph with_unique_names(const Graph& graph);
/// A layer's name for a line of text: no more than the end of a path.
std::string layer_text(const std::string& name);

}  // namespace presil
