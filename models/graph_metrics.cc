// What a network costs whatever the chip.

#include <algorithm>
#include <limits>

#include "models/shape_rules.h"

namespace presil {

namespace {

[[noreturn]] void fail_uncountable(const std::string& what) {
  throw Error("{}: more than 2^63 multiply-accumulates", what);
}

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

/// Throws Error naming the op if the product overflows. `b` > 0.
Macs product(const Op& op, std::int64_t a, std::int64_t b) {
  if (a > kMost / b) fail_uncountable(op_label(op));
  return Macs(a * b);
}

/// Throws Error naming `what` if the sum overflows.
Macs sum_of(const std::string& what, Macs a, Macs b) {
  if (a.value > kMost - b.value) fail_uncountable(what);
  return a + b;
}

/// Every row of both weight matrices meets every step of every sequence once.
Macs recurrent_macs(const Graph& graph, const Op& op) {
  const Shape& x = graph.tensor(op.inputs[0]).shape;
  const std::int64_t steps = x[0] * x[1];  // time and batch, in either order
  const auto weights = [&](std::size_t i) {
    return product(op, steps, element_count(graph.tensor(op.inputs[i]).shape));
  };
  return sum_of(op_label(op), weights(1), weights(2));
}

}  // namespace

Macs macs_of(const Graph& graph, const Op& op) {
  if (op_info(op.kind).op_class != OpClass::kMac) return Macs(0);
  const auto elements = [&](TensorId id) { return element_count(graph.tensor(id).shape); };
  const OpKind kind = op.kind;
  if (kind == OpKind::kLstm || kind == OpKind::kGru || kind == OpKind::kRnn)
    return recurrent_macs(graph, op);
  const std::int64_t y = elements(op.outputs[0]);
  if (kind == OpKind::kMatMul) {
    const Shape& a = graph.tensor(op.inputs[0]).shape;
    return product(op, y, op.as<MatMulAttrs>().transpose_a ? a[a.size() - 2] : a.back());
  }
  const std::int64_t row = elements(op.inputs[1]) / graph.tensor(op.inputs[1]).shape[0];
  if (kind == OpKind::kTransposedConv) return product(op, elements(op.inputs[0]), row);
  PRESIL_CHECK(
      kind == OpKind::kConv || kind == OpKind::kDepthwiseConv || kind == OpKind::kFullyConnected,
      "no rule for the multiply-accumulates of {}", op_label(op));
  return product(op, y, row);
}

Macs macs_of(const Graph& graph) {
  Macs sum(0);
  for (const Op& op : graph.ops())
    sum = sum_of(fmt::format("network '{}'", graph.name()), sum, macs_of(graph, op));
  return sum;
}

Bytes parameter_bytes(const Graph& graph) {
  Bytes sum(0);
  for (const TensorDesc& tensor : graph.tensors())
    if (tensor.constant) sum += Bytes(byte_count(tensor));
  return sum;
}

Bytes peak_activation_bytes(const Graph& graph) {
  const std::size_t steps = std::max<std::size_t>(graph.ops().size(), 1);
  std::vector<std::int64_t> change(steps + 1, 0);  // of the live bytes, at the start of each op
  for (std::size_t i = 0; i < graph.tensors().size(); ++i) {
    const TensorDesc& tensor = graph.tensors()[i];
    if (tensor.constant) continue;
    const auto id = static_cast<TensorId>(i);
    const auto first = static_cast<std::size_t>(graph.producer(id).value_or(0));
    const auto readers = graph.consumers(id);
    const std::size_t last = graph.is_output(id) ? steps - 1
                             : readers.empty()   ? first
                                                 : static_cast<std::size_t>(readers.back());
    change[first] += byte_count(tensor);
    change[last + 1] -= byte_count(tensor);
  }
  std::int64_t live = 0, peak = 0;
  for (const std::int64_t step : change) peak = std::max(peak, live += step);
  return Bytes(peak);
}

}  // namespace presil
