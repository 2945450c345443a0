#include "sim/views.h"

#include <algorithm>

#include "sim/element_order.h"

namespace presil {

namespace {

/// Are the pixels of the two shapes the same, with the same channels, in the same order; or is the
/// result a flattened feature map that only matrix products read?
bool keeps_places(const StageContext& context, const Op& op) {
  const FeatureMap in = context.map_of(op.inputs[0]);
  const FeatureMap out = context.map_of(op.outputs[0]);
  // The same pixels with the same channels, in the same order.
  const bool last = context.last[static_cast<std::size_t>(op.inputs[0])];
  const bool same_layout = last == context.last[static_cast<std::size_t>(op.outputs[0])]
                               ? last || in.batch == out.batch
                               : in.rows * in.columns == 1 && out.rows * out.columns == 1;
  const bool same_pixels =
      in.channels == out.channels && in.elements() == out.elements() && same_layout;
  if (same_pixels && (in.columns == out.columns || in.blocks() == 1)) return true;
  // A feature map that only matrix products with constants read, whose weights are laid out for it.
  const std::span<const OpId> readers = context.graph.consumers(op.outputs[0]);
  return !readers.empty() && std::all_of(readers.begin(), readers.end(), [&](OpId reader) {
    return context.graph.op(reader).kind == OpKind::kFullyConnected &&
           in.rows * in.columns * in.channels == out.channels * out.rows * out.columns &&
           out.rows * out.columns == 1;
  });
}

/// Does every element stay at its byte? (A flattened one: without padding between the elements,
/// since the weights are laid out for the order of its bytes.)
bool keeps_bytes(const StageContext& context, const Op& op) {
  const FeatureMap in = context.map_of(op.inputs[0]), out = context.map_of(op.outputs[0]);
  if (in.channels != out.channels) {
    // The next image has to begin where the next row of the flattened one does.
    if (in.batch > 1 && in.rows * in.row_bytes() != out.row_bytes()) return false;
    return in.channels % in.atom == 0 || in.rows * in.columns == 1;
  }
  const auto order = [&](TensorId id) {
    return ElementOrder(context.graph.tensor(id).shape, context.last[static_cast<std::size_t>(id)]);
  };
  const ElementOrder from = order(op.inputs[0]), to = order(op.outputs[0]);
  const Source source = source_of(context.graph, context.last, op);
  bool same = true;
  for_each_index(to.shape, [&](const Shape& index) { same &= source(index) == to.ordinal(index); });
  return same;
}

}  // namespace

bool same_values(const Graph& graph, TensorId a, TensorId b) {
  const TensorDesc &x = graph.tensor(a), &y = graph.tensor(b);
  if (x.type != y.type) return false;
  if (!x.quantization || !y.quantization) return !x.quantization && !y.quantization;
  return x.quantization->scale == y.quantization->scale &&
         x.quantization->zero_point == y.quantization->zero_point;
}

bool is_view(const StageContext& context, const Op& op) {
  if (op.kind != OpKind::kIdentity && op.kind != OpKind::kReshape) return false;
  if (!same_values(context.graph, op.inputs[0], op.outputs[0])) return false;
  if (op.kind == OpKind::kIdentity) return true;
  if (op.kind != OpKind::kReshape) return false;
  return keeps_places(context, op) && keeps_bytes(context, op);
}

}  // namespace presil
