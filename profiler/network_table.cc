#include "profiler/network_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "profiler/quantity_text.h"
#include "profiler/text_table.h"

namespace presil {

namespace {

std::string shape_text(const Shape& shape) {
  return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape, "x"));
}

/// "3x3/2", with dilation "3x3/1 d2", with groups "3x3/1 g8".
std::string window_text(const Op& op) {
  const auto text = [](const Window& w) {
    std::string s = fmt::format("{}x{}/{}", w.kernel_h, w.kernel_w, w.stride_h);
    if (w.stride_w != w.stride_h) s += fmt::format("x{}", w.stride_w);
    if (w.dilation_h > 1 || w.dilation_w > 1)
      s += fmt::format(" d{}", std::max(w.dilation_h, w.dilation_w));
    return s;
  };
  if (const auto* conv = std::get_if<ConvAttrs>(&op.attrs)) {
    const bool grouped = conv->groups > 1 && op.kind != OpKind::kDepthwiseConv;
    return text(conv->window) + (grouped ? fmt::format(" g{}", conv->groups) : "");
  }
  if (const auto* pool = std::get_if<PoolAttrs>(&op.attrs)) return text(pool->window);
  return "";
}

std::string kind_of(const Op& op) {
  if (const auto* host = std::get_if<HostAttrs>(&op.attrs)) return host->type + " (host)";
  return std::string(op_info(op.kind).name);
}

std::int64_t constant_bytes(const Graph& graph, const Op& op) {
  std::int64_t bytes = 0;
  for (const TensorId id : op.inputs)
    if (id != kNoTensor && graph.tensor(id).constant) bytes += byte_count(graph.tensor(id));
  return bytes;
}

std::string tensors_text(const Graph& graph, std::span<const TensorId> ids) {
  std::vector<std::string> texts;
  for (const TensorId id : ids) {
    const TensorDesc& tensor = graph.tensor(id);
    texts.push_back(fmt::format("{} {} {}", shortened(tensor.name, 40), name_of(tensor.type),
                                shape_text(tensor.shape)));
  }
  return fmt::format("{}", fmt::join(texts, "; "));
}

std::string types_text(const Graph& graph, bool constant) {
  std::map<DataType, std::int64_t> bytes;
  for (const TensorDesc& tensor : graph.tensors())
    if (tensor.constant == constant) bytes[tensor.type] += byte_count(tensor);
  std::vector<std::pair<std::int64_t, DataType>> order;
  for (const auto& [type, n] : bytes) order.emplace_back(n, type);
  std::stable_sort(order.begin(), order.end(), [](auto& a, auto& b) { return a.first > b.first; });
  std::vector<std::string> texts;
  for (const auto& [n, type] : order)
    texts.push_back(fmt::format("{} ({})", name_of(type), bytes_text(n)));
  return texts.empty() ? "none" : fmt::format("{}", fmt::join(texts, ", "));
}

/// What all operators of a kind add up to.
struct KindSum {
  std::int64_t count = 0, macs = 0, bytes = 0;
};

TextTable kinds_table(const Graph& graph) {
  std::vector<std::pair<std::string, KindSum>> kinds;  // in the order of first appearance
  for (const Op& op : graph.ops()) {
    const std::string kind = kind_of(op);
    auto found = std::find_if(kinds.begin(), kinds.end(), [&](auto& k) { return k.first == kind; });
    if (found == kinds.end()) found = kinds.insert(kinds.end(), {kind, {}});
    ++found->second.count;
    found->second.macs += macs_of(graph, op).value;
    found->second.bytes += constant_bytes(graph, op);
  }
  const auto total = static_cast<double>(std::max<std::int64_t>(macs_of(graph).value, 1));
  TextTable table({{.title = "operator", .flexible = true},
                   {.title = "count", .right = true},
                   {.title = "MACs", .right = true},
                   {.title = "share", .right = true},
                   {.title = "parameters", .right = true}});
  for (const auto& [kind, sum] : kinds)
    table.add({kind, fmt::format("{}", sum.count), sum.macs > 0 ? count_text(sum.macs) : "-",
               sum.macs > 0 ? percent_text(static_cast<double>(sum.macs) / total) : "-",
               sum.bytes > 0 ? bytes_text(sum.bytes) : "-"});
  return table;
}

}  // namespace

std::int64_t parameter_count(const Graph& graph) {
  std::int64_t count = 0;
  for (const TensorDesc& tensor : graph.tensors())
    if (tensor.constant) count += element_count(tensor.shape);
  return count;
}

std::string network_summary(const Graph& graph) {
  std::string text;
  const auto line = [&](std::string_view label, const std::string& what) {
    text += wrapped(fmt::format("{:<12} {}", label, what), 13) + "\n";
  };
  line("network", fmt::format("{} (hash {})", shortened(graph.name(), 60), graph.hash()));
  line("inputs", tensors_text(graph, graph.inputs()));
  line("outputs", tensors_text(graph, graph.outputs()));
  line("MACs", fmt::format("{} ({})", count_text(macs_of(graph).value),
                           with_thousands(macs_of(graph).value)));
  line("parameters",
       fmt::format("{} in {}: {}", count_text(parameter_count(graph)),
                   bytes_text(parameter_bytes(graph).value), types_text(graph, true)));
  line("activations",
       fmt::format("at most {} alive at once; all of them: {}",
                   bytes_text(peak_activation_bytes(graph).value), types_text(graph, false)));
  line("operators", fmt::format("{}, after what needs no work at inference was folded away",
                                graph.ops().size()));
  return text + "\n" + kinds_table(graph).text();
}

std::string network_layers(const Graph& graph) {
  TextTable table({{.title = "#", .right = true},
                   {.title = "name", .flexible = true},
                   {.title = "operator", .flexible = true},
                   {.title = "window"},
                   {.title = "input", .flexible = true},
                   {.title = "output", .flexible = true},
                   {.title = "type"},
                   {.title = "MACs", .right = true},
                   {.title = "constants", .right = true}});
  for (std::size_t i = 0; i < graph.ops().size(); ++i) {
    const Op& op = graph.ops()[i];
    const std::int64_t macs = macs_of(graph, op).value, bytes = constant_bytes(graph, op);
    const bool reads = !op.inputs.empty() && op.inputs[0] != kNoTensor;
    table.add({fmt::format("{}", i + 1), op.name, kind_of(op), window_text(op),
               reads ? shape_text(graph.tensor(op.inputs[0]).shape) : "-",
               shape_text(graph.tensor(op.outputs[0]).shape),
               std::string(name_of(graph.tensor(op.outputs[0]).type)),
               macs > 0 ? count_text(macs) : "-", bytes > 0 ? bytes_text(bytes) : "-"});
  }
  return table.text();
}

}  // namespace presil
