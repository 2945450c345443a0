// What a network costs whatever the chip.

#include <algorithm>
#include <limits>

#include "models/shape_rules.h"

namespace presil {

namespace {

[[noreturn]] void fail_uncountable(const std::string& what) {
  throw Error("{}: more than 2^63 multiply-accumulates", what);
}

/// Throws Error naming the op if the product overflows. No factor is 0.
Macs product(const Op& op, std::initializer_list<std::int64_t> factors) {
  std::int64_t result = 1;
  for (const std::int64_t factor : factors) {
    if (result > std::numeric_limits<std::int64_t>::max() / factor) fail_uncountable(op_label(op));
    result *= factor;
  }
  return Macs(result);
}

Macs recurrent_macs(const Graph& graph, const Op& op) {
  const Shape& x = graph.tensor(op.inputs[0]).shape;
  const std::int64_t steps = x[0] * x[1];  // time and batch, in either order
  // Every row of both weight matrices meets every step once.
  const Macs input = product(op, {steps, element_count(graph.tensor(op.inputs[1]).shape)});
  const Macs recurrent = product(op, {steps, element_count(graph.tensor(op.inputs[2]).shape)});
  if (input.value > std::numeric_limits<std::int64_t>::max() - recurrent.value)
    fail_uncountable(op_label(op));
  return input + recurrent;
}

}  // namespace

Macs macs_of(const Graph& graph, const Op& op) {
  if (op_info(op.kind).op_class != OpClass::kMac) return Macs(0);
  const auto elements = [&](TensorId id) { return element_count(graph.tensor(id).shape); };
  const std::int64_t x = elements(op.inputs[0]), w = elements(op.inputs[1]);
  const std::int64_t y = elements(op.outputs[0]);
  const Shape& weights = graph.tensor(op.inputs[1]).shape;
  switch (op.kind) {
    case OpKind::kConv:
    case OpKind::kDepthwiseConv:
    case OpKind::kFullyConnected:
      return product(op, {y, w / weights[0]});  // a row of weights for each output
    case OpKind::kTransposedConv:
      return product(op, {x, w / weights[0]});  // for each input
    case OpKind::kMatMul: {
      const bool transposed = op.as<MatMulAttrs>().transpose_a;
      const Shape& a = graph.tensor(op.inputs[0]).shape;
      return product(op, {y, transposed ? a[a.size() - 2] : a.back()});
    }
    case OpKind::kLstm:
    case OpKind::kGru:
    case OpKind::kRnn:
      return recurrent_macs(graph, op);
    default:
      PRESIL_CHECK(false, "no rule for the multiply-accumulates of {}", op_label(op));
  }
}

Macs macs_of(const Graph& graph) {
  Macs sum(0);
  for (const Op& op : graph.ops()) {
    const Macs macs = macs_of(graph, op);
    if (sum.value > std::numeric_limits<std::int64_t>::max() - macs.value)
      fail_uncountable(fmt::format("network '{}'", graph.name()));
    sum += macs;
  }
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
