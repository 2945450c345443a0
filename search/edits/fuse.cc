// Fused inverted bottlenecks: the 1x1 expansion and the depthwise convolution behind it become one
// full convolution (Xiong et al., MobileDets, 2021).

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "search/edits/crossover.h"
#include "search/edits/edit_parts.h"
#include "search/edits/edit_rules.h"
#include "search/edits/rough_cost.h"

namespace presil {

namespace {

struct Bottleneck {
  OpId expansion = 0, depthwise = 0;
  std::vector<OpId> activations;  ///< between them
};

std::optional<Bottleneck> bottleneck_at(const Graph& graph, OpId expansion) {
  const Op& op = graph.op(expansion);
  if (!is_pointwise(graph, op) || !graph.tensor(op.inputs[1]).constant) return std::nullopt;
  const auto path = path_behind(graph, expansion);
  if (!path || !is_depthwise(graph, graph.op(path->last))) return std::nullopt;
  // A projection in front of a depthwise convolution is no expansion.
  if (graph.tensor(op.outputs[0]).shape[1] < graph.tensor(op.inputs[0]).shape[1])
    return std::nullopt;
  return Bottleneck{expansion, path->last, path->activations};
}

Network fused(const Network& network, const Bottleneck& block) {
  const Graph& graph = network.graph;
  GraphChange change;
  change.ops[block.expansion].bypass = true;
  for (const OpId op : block.activations) change.ops[op].bypass = true;
  OpChange& full = change.ops[block.depthwise];
  full.kind = OpKind::kConv;
  full.outputs = graph.tensor(graph.op(block.depthwise).outputs[0]).shape[1];
  return {changed(graph, change), network.precision};
}

/// Useful multiply-accumulates a cycle at these shapes.
double rate(const Graph& graph, const ChipSpec& chip, const PrecisionPlan& precision, OpId op) {
  return static_cast<double>(macs_of(graph, graph.op(op)).value) /
         std::max(1.0, array_cycles(graph, chip, precision, op));
}

/// The closed form with all lanes at work, and with those that these shapes fill.
Crossover theory(const EditContext& context, const Bottleneck& block, const Edit& edit) {
  const Op& depthwise = context.graph().op(block.depthwise);
  const Window& window = depthwise.as<ConvAttrs>().window;
  const PrecisionMode& mode = context.mode(block.depthwise);
  const Network full = apply_edit(context.network, edit);
  const PrecisionPlan plan = plan_precision(full.graph, context.chip, full.precision);
  const OpId conv = op_named(full.graph, depthwise.name);
  return {.peak = crossover_channels(window, peak_conv_rate(context.chip, mode),
                                     peak_depthwise_rate(context.chip, mode)),
          .here = crossover_channels(
              window, rate(full.graph, context.chip, plan, conv),
              rate(context.graph(), context.chip, context.precision, block.depthwise)),
          .channels = context.shape(context.graph().op(block.expansion).inputs[0])[1]};
}

void propose(const EditContext& context, Proposals& proposals) {
  const Graph& graph = context.graph();
  for (OpId id = 0; id < static_cast<OpId>(graph.ops().size()); ++id) {
    const auto block = bottleneck_at(graph, id);
    if (!block) continue;
    const Op &expansion = graph.op(id), &depthwise = graph.op(block->depthwise);
    const Shape &x = context.shape(expansion.inputs[0]), &y = context.shape(depthwise.outputs[0]);
    const std::string window = window_text(depthwise.as<ConvAttrs>().window);
    Edit edit{.kind = std::string(kFuse.kind),
              .text = fmt::format("{}: fuse with depthwise {}, {} -> {}",
                                  layer_text(expansion.name), window, x[1], y[1]),
              .ops = {expansion.name, depthwise.name},
              .values = {x[1]},
              .precision = "",
              .context = fmt::format("{}, {} inputs, {}", window, range_text(x[1]), map_text(y))};
    try {
      edit.crossover = theory(context, *block, edit);
      proposals.edits.push_back(std::move(edit));
    } catch (const Error& error) {
      proposals.refusals.push_back({edit.text, error.what()});
    }
  }
}

Network apply(const Network& network, const Edit& edit) {
  const auto block = bottleneck_at(network.graph, op_named(network.graph, edit.ops.at(0)));
  if (!block || network.graph.op(block->depthwise).name != edit.ops.at(1))
    throw Error("'{}' is no expansion in front of the depthwise '{}' any more", edit.ops[0],
                edit.ops.at(1));
  return fused(network, *block);
}

}  // namespace

const EditRule kFuse{"fuse", "expansion and depthwise become one full convolution", propose, apply};

}  // namespace presil
