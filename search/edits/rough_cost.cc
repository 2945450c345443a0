#include "search/edits/rough_cost.h"

#include <algorithm>

#include "hw/timing.h"

namespace presil {

namespace {

double weight_cycles(const Graph& graph, const ChipSpec& chip, const PrecisionPlan& precision,
                     const Op& op) {
  double bytes = 0;
  for (const TensorId id : op.inputs)
    if (id != kNoTensor && graph.tensor(id).constant)
      bytes += static_cast<double>(element_count(graph.tensor(id).shape) * precision.bits(id)) / 8;
  const int memory = chip.memory_index(chip.placement.weights);
  return bytes * chip.weight_compression /
         chip.memories[static_cast<std::size_t>(memory)].bytes_per_cycle;
}

}  // namespace

double array_cycles(const Graph& graph, const ChipSpec& chip, const PrecisionPlan& precision,
                    OpId id) {
  const Op& op = graph.op(id);
  const int mode = precision.mode[static_cast<std::size_t>(id)];
  if (mode < 0 || op.kind == OpKind::kLstm || op.kind == OpKind::kGru || op.kind == OpKind::kRnn)
    return 0;
  const Shape& y = graph.tensor(op.outputs[0]).shape;
  Matrix matrix{.mode = mode};
  const std::int64_t macs = macs_of(graph, op).value, results = element_count(y);
  if (const auto* conv = std::get_if<ConvAttrs>(&op.attrs)) {
    matrix.op = op.kind == OpKind::kDepthwiseConv ? MacOp::kDepthwise : MacOp::kDense;
    matrix.groups = matrix.op == MacOp::kDense ? conv->groups : 1;
    matrix.outputs = y[1] / matrix.groups;
    matrix.taps =
        op.kind == OpKind::kTransposedConv ? 1 : conv->window.kernel_h * conv->window.kernel_w;
    matrix.positions = results / y[1];
  } else {
    matrix.outputs = y.back();
    matrix.positions = results / y.back();
  }
  const std::int64_t sum = std::max<std::int64_t>(1, macs / results);
  matrix.channels =
      matrix.op == MacOp::kDepthwise ? 1 : std::max<std::int64_t>(1, sum / matrix.taps);
  return static_cast<double>(matrix_timing(chip, matrix).compute.value) /
         static_cast<double>(chip.cores);
}

std::vector<double> rough_cycles(const Graph& graph, const ChipSpec& chip,
                                 const PrecisionPlan& precision) {
  std::vector<double> cycles;
  for (OpId op = 0; op < static_cast<OpId>(graph.ops().size()); ++op) {
    const bool multiplies = op_info(graph.op(op).kind).op_class == OpClass::kMac;
    cycles.push_back(multiplies ? std::max(array_cycles(graph, chip, precision, op),
                                           weight_cycles(graph, chip, precision, graph.op(op)))
                                : 0);
  }
  return cycles;
}

}  // namespace presil
