// A full convolution in place of a depthwise one: more multiply-accumulates, on lanes that a
// depthwise convolution leaves idle.

#include "core/error.h"
#include "search/edits/edit_parts.h"
#include "search/edits/edit_rules.h"

namespace presil {

namespace {

/// The 1x1 convolution behind a depthwise one: with it, the separable convolution that it is part
/// of.
std::optional<Path> separable_at(const Graph& graph, OpId depthwise) {
  const auto path = path_behind(graph, depthwise);
  if (!path || !is_pointwise(graph, graph.op(path->last)) ||
      !graph.tensor(graph.op(path->last).inputs[1]).constant)
    return std::nullopt;
  return path;
}

Edit edit_of(std::vector<std::string> ops, const Window& window, const Shape& in,
             std::int64_t outputs, bool separable) {
  const std::string text =
      fmt::format("{}{} -> full {}, {} -> {}", layer_text(ops[0]), separable ? " + 1x1" : "",
                  window_text(window), in[1], outputs);
  return {.kind = std::string(kDense.kind),
          .text = text,
          .ops = std::move(ops),
          .values = {outputs},
          .precision = "",
          .context = fmt::format("{} {}, {} -> {}, {}", separable ? "separable" : "depthwise",
                                 window_text(window), range_text(in[1]), range_text(outputs),
                                 map_text(in))};
}

void propose(const EditContext& context, Proposals& proposals) {
  const Graph& graph = context.graph();
  for (OpId id = 0; id < static_cast<OpId>(graph.ops().size()); ++id) {
    const Op& op = graph.op(id);
    if (!is_depthwise(graph, op)) continue;
    const Shape& x = context.shape(op.inputs[0]);
    const Window& window = op.as<ConvAttrs>().window;
    proposals.edits.push_back(edit_of({op.name}, window, x, x[1], false));
    const auto path = separable_at(graph, id);
    if (!path) continue;
    const Op& pointwise = graph.op(path->last);
    proposals.edits.push_back(edit_of({op.name, pointwise.name}, window, x,
                                      context.shape(pointwise.outputs[0])[1], true));
  }
}

Network apply(const Network& network, const Edit& edit) {
  const Graph& graph = network.graph;
  const OpId id = op_named(graph, edit.ops.at(0));
  const Op& op = graph.op(id);
  if (!is_depthwise(graph, op)) throw Error("'{}' is no depthwise convolution any more", op.name);
  GraphChange change;
  if (edit.ops.size() == 1) {
    change.ops[id].kind = OpKind::kConv;
    change.ops[id].outputs = graph.tensor(op.outputs[0]).shape[1];
    return {changed(graph, change), network.precision};
  }
  const auto path = separable_at(graph, id);
  if (!path || graph.op(path->last).name != edit.ops[1])
    throw Error("'{}' is not in front of the 1x1 convolution '{}' any more", op.name, edit.ops[1]);
  change.ops[id].bypass = true;
  for (const OpId activation : path->activations) change.ops[activation].bypass = true;
  change.ops[path->last].window = op.as<ConvAttrs>().window;
  return {changed(graph, change), network.precision};
}

}  // namespace

const EditRule kDense{"dense", "a full convolution in place of a depthwise one", propose, apply};

}  // namespace presil
