// A stride moved earlier: what lies between works on a smaller map.

#include <algorithm>

#include "core/error.h"
#include "core/units.h"
#include "models/same_padding.h"
#include "search/edits/edit_parts.h"
#include "search/edits/edit_rules.h"

namespace presil {

namespace {

constexpr std::size_t kMostMoves = 3;  ///< convolutions that a stride may move to

bool is_convolution(const Graph& graph, const Op& op) {
  return (op.kind == OpKind::kConv || op.kind == OpKind::kDepthwiseConv) &&
         graph.tensor(op.inputs[0]).shape.size() == 4;
}

bool strides(const Op& op, std::int64_t by) {
  const Window& w = op.as<ConvAttrs>().window;
  return w.stride_h == by && w.stride_w == by && w.dilation_h == 1 && w.dilation_w == 1;
}

bool is_same(const Graph& graph, const Op& op) {
  const Shape& x = graph.tensor(op.inputs[0]).shape;
  return pads_same(op.as<ConvAttrs>().window, x[2], x[3]);
}

/// The same window with another stride, for an input of these extents.
Window restrided(Window window, std::int64_t stride, std::int64_t height, std::int64_t width) {
  window.stride_h = window.stride_w = stride;
  return padded_same(window, height, width);
}

/// Convolutions in front of a strided one, nearest first, with nothing beside the way.
std::vector<OpId> convolutions_before(const Graph& graph, OpId strided) {
  std::vector<OpId> found;
  TensorId at = graph.op(strided).inputs[0];
  while (found.size() < kMostMoves && only_reader(graph, at)) {
    const auto maker = graph.producer(at);
    if (!maker) break;
    const Op& op = graph.op(*maker);
    const bool passes = is_convolution(graph, op) && strides(op, 1) && is_same(graph, op);
    if (!passes && !is_activation(op)) break;
    if (passes) found.push_back(*maker);
    at = op.inputs[0];
  }
  return found;
}

void propose(const EditContext& context, Proposals& proposals) {
  const Graph& graph = context.graph();
  for (OpId id = 0; id < static_cast<OpId>(graph.ops().size()); ++id) {
    const Op& op = graph.op(id);
    if (!is_convolution(graph, op) || !strides(op, 2) || !is_same(graph, op)) continue;
    for (const OpId earlier : convolutions_before(graph, id)) {
      const Op& to = graph.op(earlier);
      proposals.edits.push_back(
          {.kind = std::string(kStride.kind),
           .text =
               fmt::format("stride 2 of {} moves to {}", layer_text(op.name), layer_text(to.name)),
           .ops = {op.name, to.name},
           .values = {2},
           .precision = "",
           .context = fmt::format("{} -> {} {}, {}", window_text(op.as<ConvAttrs>().window),
                                  op_info(to.kind).name, window_text(to.as<ConvAttrs>().window),
                                  map_text(context.shape(to.inputs[0])))});
    }
  }
}

Network apply(const Network& network, const Edit& edit) {
  const Graph& graph = network.graph;
  const OpId from = op_named(graph, edit.ops.at(0)), to = op_named(graph, edit.ops.at(1));
  const std::int64_t stride = edit.values.at(0);
  const bool there = is_convolution(graph, graph.op(from)) && strides(graph.op(from), stride);
  const auto before = there ? convolutions_before(graph, from) : std::vector<OpId>{};
  if (std::find(before.begin(), before.end(), to) == before.end())
    throw Error("'{}' has no stride any more that could move to '{}'", edit.ops[0], edit.ops[1]);
  const auto window = [&](OpId op) { return graph.op(op).as<ConvAttrs>().window; };
  const auto in = [&](OpId op) { return graph.tensor(graph.op(op).inputs[0]).shape; };
  GraphChange change;
  change.ops[to].window = restrided(window(to), stride, in(to)[2], in(to)[3]);
  change.ops[from].window =
      restrided(window(from), 1, ceil_div(in(from)[2], stride), ceil_div(in(from)[3], stride));
  Network result{changed(graph, change), network.precision};
  const OpId now = op_named(result.graph, edit.ops[0]);
  const Shape& made = result.graph.tensor(result.graph.op(now).outputs[0]).shape;
  if (made != graph.tensor(graph.op(from).outputs[0]).shape)
    throw Error("'{}' would make {}", edit.ops[0], to_string(made));
  return result;
}

}  // namespace

const EditRule kStride{"stride", "a convolution strides in place of a later one", propose, apply};

}  // namespace presil
