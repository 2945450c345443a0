// Narrower operands: int4 weights, or 8 bits in place of 16.

#include <algorithm>
#include <set>

#include "core/error.h"
#include "search/edits/edit_parts.h"
#include "search/edits/edit_rules.h"

namespace presil {

namespace {

bool is_wide(Precision precision) { return bits_of(precision) > 8; }

bool has_mode(const ChipSpec& chip, Precision weights, Precision activations) {
  const auto& modes = chip.mac_array.modes;
  return std::any_of(modes.begin(), modes.end(), [&](const PrecisionMode& mode) {
    return mode.weights == weights && mode.activations == activations;
  });
}

struct Narrower {
  std::string precision, text;
};

/// What an operator could run in instead.
std::optional<Narrower> narrower(const EditContext& context, OpId id) {
  if (context.precision.mode[static_cast<std::size_t>(id)] < 0) return std::nullopt;
  const PrecisionMode& mode = context.mode(id);
  if (is_wide(mode.weights) || is_wide(mode.activations)) {
    if (!has_mode(context.chip, Precision::kInt8, Precision::kInt8)) return std::nullopt;
    return Narrower{"int8", fmt::format("int8 instead of {} x {}", name_of(mode.weights),
                                        name_of(mode.activations))};
  }
  const Op& op = context.graph().op(id);
  const bool weighs = op.inputs.size() > 1 && context.graph().tensor(op.inputs[1]).constant;
  if (weighs && mode.weights == Precision::kInt8 && mode.activations == Precision::kInt8 &&
      has_mode(context.chip, Precision::kInt4, Precision::kInt8))
    return Narrower{"w4a8", "int4 weights"};
  return std::nullopt;
}

/// The operators whose results an operator reads, over activations: 8 bits begin there.
std::vector<std::string> with_producers(const Graph& graph, OpId id) {
  std::vector<std::string> names{graph.op(id).name};
  for (auto maker = graph.producer(graph.op(id).inputs[0]); maker;) {
    names.push_back(graph.op(*maker).name);
    if (!is_activation(graph.op(*maker))) break;
    maker = graph.producer(graph.op(*maker).inputs[0]);
  }
  return names;
}

Edit edit_of(std::string text, std::vector<std::string> ops, const Narrower& to,
             std::string context) {
  return {.kind = std::string(kPrecision.kind),
          .text = std::move(text),
          .ops = std::move(ops),
          .values = {},
          .precision = to.precision,
          .context = fmt::format("{}, {}", to.text, context)};
}

void propose(const EditContext& context, Proposals& proposals) {
  const Graph& graph = context.graph();
  std::vector<OpId> narrow_weights;
  std::optional<Narrower> whole;
  for (OpId id = 0; id < static_cast<OpId>(graph.ops().size()); ++id) {
    const auto to = narrower(context, id);
    if (!to) continue;
    const Op& op = graph.op(id);
    std::vector<std::string> ops{op.name};
    if (to->precision == "int8") {
      ops = with_producers(graph, id);
      whole = to;
    } else {
      narrow_weights.push_back(id);
    }
    proposals.edits.push_back(
        edit_of(fmt::format("{}: {}", layer_text(op.name), to->text), std::move(ops), *to,
                fmt::format("{} of {} weights", op_info(op.kind).name,
                            range_text(element_count(context.shape(op.inputs[1]))))));
  }
  if (whole)
    proposals.edits.push_back(
        edit_of(fmt::format("the whole network: {}", whole->text), {}, *whole, "whole network"));
  if (narrow_weights.size() < 4) return;
  std::vector<std::string> inner;  // the first and the last layer suffer most
  for (std::size_t i = 1; i + 1 < narrow_weights.size(); ++i)
    inner.push_back(graph.op(narrow_weights[i]).name);
  const std::string text =
      fmt::format("int4 weights in all {} layers but the first and the last", inner.size());
  proposals.edits.push_back(
      edit_of(text, std::move(inner), {"w4a8", "int4 weights"}, "all but first and last"));
}

Network apply(const Network& network, const Edit& edit) {
  Network result = network;
  const PrecisionPair pair = parse_precision(edit.precision);
  if (edit.ops.empty()) result.precision.network = pair;
  std::size_t found = 0;
  const std::set<std::string> names(edit.ops.begin(), edit.ops.end());
  for (const Op& op : network.graph.ops()) {
    if (!names.contains(op.name)) continue;
    result.precision.layers.emplace_back(op.name, pair);
    ++found;
  }
  if (!edit.ops.empty() && found == 0) op_named(network.graph, edit.ops[0]);  // throws
  return result;
}

}  // namespace

const EditRule kPrecision{"precision", "narrower weights or activations", propose, apply};

}  // namespace presil
