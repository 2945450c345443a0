#include "search/edits/edit_parts.h"

#include <algorithm>

#include "core/error.h"

namespace presil {

OpId op_named(const Graph& graph, const std::string& name) {
  for (OpId id = 0; id < static_cast<OpId>(graph.ops().size()); ++id)
    if (graph.op(id).name == name) return id;
  throw Error("there is no operator '{}', or another edit has taken it away", name);
}

std::optional<OpId> only_reader(const Graph& graph, TensorId id) {
  if (graph.is_output(id) || graph.consumers(id).size() != 1) return std::nullopt;
  const Op& reader = graph.op(graph.consumers(id)[0]);
  if (std::count(reader.inputs.begin(), reader.inputs.end(), id) != 1) return std::nullopt;
  return graph.consumers(id)[0];
}

bool is_activation(const Op& op) {
  return op.inputs.size() == 1 && op.outputs.size() == 1 && op_info(op.kind).fusible;
}

bool is_pointwise(const Graph& graph, const Op& op) {
  if (op.kind != OpKind::kConv || graph.tensor(op.inputs[0]).shape.size() != 4) return false;
  const auto& conv = op.as<ConvAttrs>();
  const Window& w = conv.window;
  return conv.groups == 1 && w.kernel_h == 1 && w.kernel_w == 1 && w.stride_h == 1 &&
         w.stride_w == 1 && w.pad_top + w.pad_bottom + w.pad_left + w.pad_right == 0;
}

bool is_depthwise(const Graph& graph, const Op& op) {
  if (op.kind != OpKind::kDepthwiseConv) return false;
  const Shape &x = graph.tensor(op.inputs[0]).shape, &y = graph.tensor(op.outputs[0]).shape;
  const Window& w = op.as<ConvAttrs>().window;
  return x.size() == 4 && x[1] == y[1] && w.kernel_h * w.kernel_w > 1 &&
         graph.tensor(op.inputs[1]).constant;
}

std::optional<Path> path_behind(const Graph& graph, OpId first) {
  Path path;
  OpId at = first;
  for (;;) {
    const auto reader = only_reader(graph, graph.op(at).outputs[0]);
    if (!reader) return std::nullopt;
    if (!is_activation(graph.op(*reader))) {
      path.last = *reader;
      return path;
    }
    path.activations.push_back(at = *reader);
  }
}

std::string window_text(const Window& w) {
  std::string text = fmt::format("{}x{}", w.kernel_h, w.kernel_w);
  if (w.stride_h != 1 || w.stride_w != 1)
    text += w.stride_h == w.stride_w ? fmt::format("/{}", w.stride_h)
                                     : fmt::format("/{}x{}", w.stride_h, w.stride_w);
  return text;
}

std::string range_text(std::int64_t number) {
  std::int64_t low = 1;
  while (low * 2 <= number) low *= 2;
  return low == 1 ? "1" : fmt::format("{}-{}", low, 2 * low - 1);
}

std::string map_text(const Shape& shape) {
  return fmt::format("map {}", range_text(std::min(shape.at(2), shape.at(3))));
}

}  // namespace presil
