#include "estimator/mined_shapes.h"

#include <algorithm>
#include <map>

#include "core/error.h"

namespace presil {

namespace {

constexpr CaseFamily kFamilies[] = {
    {"mined_operator", Level::kOperator, "one layer of a mined network"},
    {"mined_block", Level::kSubgraph, "2 to 12 layers of a mined network"},
};

bool is_within(const Graph& graph, TensorId tensor, std::size_t first, std::size_t last) {
  const auto producer = graph.producer(tensor);
  return producer && static_cast<std::size_t>(*producer) >= first &&
         static_cast<std::size_t>(*producer) < last;
}

/// Behind the last operator that only an output stage of [first, last) would run.
std::size_t with_fused(const Graph& graph, std::size_t first, std::size_t last) {
  for (; last < graph.ops().size(); ++last) {
    const Op& op = graph.ops()[last];
    if (!op_info(op.kind).fusible ||
        std::none_of(op.inputs.begin(), op.inputs.end(), [&](TensorId input) {
          return input != kNoTensor && is_within(graph, input, first, last);
        }))
      break;
  }
  return last;
}

bool is_read_after(const Graph& graph, TensorId tensor, std::size_t last) {
  if (graph.is_output(tensor) || graph.consumers(tensor).empty()) return true;
  return std::any_of(graph.consumers(tensor).begin(), graph.consumers(tensor).end(),
                     [&](OpId op) { return static_cast<std::size_t>(op) >= last; });
}

}  // namespace

std::span<const CaseFamily> mined_families() { return kFamilies; }

Graph cut(const Graph& graph, std::size_t first, std::size_t count) {
  const std::size_t last = with_fused(graph, first, std::min(first + count, graph.ops().size()));
  GraphBuilder b("cut");
  std::map<TensorId, TensorId> ours;
  const auto operand = [&](TensorId tensor) {
    if (tensor == kNoTensor) return kNoTensor;
    if (const auto found = ours.find(tensor); found != ours.end()) return found->second;
    const TensorDesc& desc = graph.tensor(tensor);
    const TensorId id = desc.constant
                            ? b.add_constant(desc)
                            : b.add_input(desc.name, desc.type, desc.shape, desc.quantization);
    ours.emplace(tensor, id);
    return id;
  };
  for (std::size_t i = first; i < last; ++i) {
    const Op& op = graph.ops()[i];
    std::vector<TensorId> inputs;
    for (const TensorId input : op.inputs) inputs.push_back(operand(input));
    std::vector<TensorDesc> outputs;
    for (const TensorId output : op.outputs) outputs.push_back(graph.tensor(output));
    const std::vector<TensorId> made = b.add_op_into(op.kind, op.attrs, inputs, outputs, op.name);
    for (std::size_t o = 0; o < made.size(); ++o) ours[op.outputs[o]] = made[o];
  }
  for (std::size_t i = first; i < last; ++i)
    for (const TensorId output : graph.ops()[i].outputs)
      if (is_read_after(graph, output, last)) b.mark_output(ours.at(output));
  return std::move(b).finish();
}

Graph mined_case(CaseDraw& draw, std::span<const Graph> networks, Level level) {
  const Graph& graph = networks[static_cast<std::size_t>(
      draw.integer(0, static_cast<std::int64_t>(networks.size()) - 1))];
  const auto ops = static_cast<std::int64_t>(graph.ops().size());
  auto first = static_cast<std::size_t>(draw.integer(0, ops - 1));
  // A cut seldom begins with an operator that would be fused into the one before it.
  while (first > 0 && op_info(graph.ops()[first].kind).fusible && !draw.chance(0.05)) --first;
  const std::int64_t count = level == Level::kOperator ? 1 : draw.integer(2, 12);
  return cut(graph, first, static_cast<std::size_t>(count));
}

}  // namespace presil
