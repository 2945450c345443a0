#include "search/stored_bytes.h"

#include <algorithm>

#include "core/units.h"

namespace presil {

namespace {

std::int64_t stored_bytes(const Graph& graph, const PrecisionPlan& plan, TensorId id) {
  return ceil_div(element_count(graph.tensor(id).shape) * plan.bits(id), 8);
}

/// Does the op write over its first operand?
bool in_place(const Graph& graph, const Op& op) {
  if (!op_info(op.kind).fusible || op.outputs.size() != 1 || op.inputs.empty()) return false;
  const TensorId x = op.inputs[0];
  return !graph.tensor(x).constant && graph.producer(x).has_value() &&
         graph.consumers(x).size() == 1 && !graph.is_output(x) &&
         graph.tensor(x).shape == graph.tensor(op.outputs[0]).shape;
}

}  // namespace

std::int64_t stored_parameter_bytes(const Graph& graph, const PrecisionPlan& plan) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < graph.tensors().size(); ++i)
    if (graph.tensors()[i].constant) sum += stored_bytes(graph, plan, static_cast<TensorId>(i));
  return sum;
}

std::int64_t stored_peak_activation_bytes(const Graph& graph, const PrecisionPlan& plan) {
  const std::size_t steps = std::max<std::size_t>(graph.ops().size(), 1);
  // The op that a tensor's bytes are first needed for: its producer, or the one whose result it
  // takes the place of.
  std::vector<std::size_t> born(graph.tensors().size(), 0);
  std::vector<bool> replaced(graph.tensors().size(), false);
  for (std::size_t i = 0; i < graph.ops().size(); ++i) {
    const Op& op = graph.ops()[i];
    for (const TensorId id : op.outputs) born[static_cast<std::size_t>(id)] = i;
    if (!in_place(graph, op)) continue;
    const auto x = static_cast<std::size_t>(op.inputs[0]);
    replaced[x] = true;
    born[static_cast<std::size_t>(op.outputs[0])] = born[x];
  }
  std::vector<std::int64_t> change(steps + 1, 0);
  for (std::size_t i = 0; i < graph.tensors().size(); ++i) {
    if (graph.tensors()[i].constant || replaced[i]) continue;
    const auto id = static_cast<TensorId>(i);
    const auto readers = graph.consumers(id);
    const std::size_t last = graph.is_output(id) ? steps - 1
                             : readers.empty()   ? born[i]
                                                 : static_cast<std::size_t>(readers.back());
    change[born[i]] += stored_bytes(graph, plan, id);
    change[last + 1] -= stored_bytes(graph, plan, id);
  }
  std::int64_t live = 0, peak = 0;
  for (const std::int64_t step : change) peak = std::max(peak, live += step);
  return peak;
}

}  // namespace presil
