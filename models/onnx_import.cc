// import_onnx: one pass over the nodes in the file's order, which is an execution order.

#include <map>
#include <string>
#include <vector>

#include "models/import.h"
#include "models/onnx_check.h"
#include "models/onnx_fold.h"
#include "models/onnx_operators.h"

namespace presil {
namespace {

using Names = std::unordered_set<std::string_view>;

/// Names that a subgraph may take from outside.
void add_captured(const onnx::GraphProto& graph, Names& names) {
  for (const auto& output : graph.output()) names.insert(output.name());
  for (const auto& node : graph.node()) {
    for (const auto& input : node.input()) names.insert(input);
    for (const auto& attribute : node.attribute()) {
      if (attribute.has_g()) add_captured(attribute.g(), names);
      for (const auto& inner : attribute.graphs()) add_captured(inner, names);
    }
  }
}

/// Which nodes the graph's outputs depend on, and the names they read. Files list nodes in an
/// execution order, so one pass from the end is enough.
struct Needs {
  std::vector<bool> nodes;
  Names names;
};

Needs needs_of(const onnx::GraphProto& graph) {
  Needs needs;
  needs.nodes.resize(static_cast<std::size_t>(graph.node_size()), false);
  for (const auto& output : graph.output()) needs.names.insert(output.name());
  for (int i = graph.node_size(); i-- > 0;) {
    const onnx::NodeProto& node = graph.node(i);
    bool needed = false;
    for (const auto& output : node.output())
      needed = needed || (!output.empty() && needs.names.contains(output));
    if (!needed) continue;
    needs.nodes[static_cast<std::size_t>(i)] = true;
    for (const auto& input : node.input()) needs.names.insert(input);
    for (const auto& attribute : node.attribute()) {
      if (attribute.has_g()) add_captured(attribute.g(), needs.names);
      for (const auto& inner : attribute.graphs()) add_captured(inner, needs.names);
    }
  }
  return needs;
}

/// An expression over weights without values is a weight without values.
void demote(OnnxContext& context, const OnnxNode& node) {
  for (std::size_t i = 0; i < node.output_count(); ++i) {
    if (!node.has_output(i)) continue;
    const OnnxValue* made = context.find(node.output_name(i));
    if (made == nullptr || made->constant || made->id == kNoTensor) continue;
    const TensorDesc& tensor = context.builder().tensor(made->id);
    context.bind(node, i,
                 OnnxConstant{.type = tensor.type, .shape = tensor.shape, .data = nullptr});
  }
}

bool keeps_quantization(const OnnxNode& node) {
  return node.type() == "QuantizeLinear" || node.type() == "DequantizeLinear";
}

void convert(OnnxContext& context, const OnnxNode& node) {
  if (fold_onnx_node(context, node)) return;
  const std::string name = onnx_operator_name(node);
  const OnnxConverter converter = onnx_converter(name);
  if (converter == nullptr && can_fold_onnx(node))
    throw OnnxUnsupported("the operator is supported only where its operands are constant");
  if (converter == nullptr)
    throw OnnxUnsupported("the operator is not supported; {}", supported_onnx_operators(name));
  converter(context, node);
  if (!keeps_quantization(node) && has_constant_operands(context, node) &&
      !has_operand_values(context, node))
    demote(context, node);
}

/// What the node cannot do without being run by the host; empty if it was converted.
std::string problem_of(OnnxContext& context, const OnnxNode& node) {
  std::string problem;
  try {
    convert(context, node);
    return {};
  } catch (const OnnxUnsupported& reason) {
    problem = reason.what();
  }
  if (!context.options().allow_host_ops) return problem;
  try {
    convert_onnx_host(context, node);
  } catch (const OnnxUnsupported& reason) {
    return problem + "; nor can it run on the host: " + reason.what();
  }
  return {};
}

constexpr std::string_view kRemedy = "--host-ops places such operators on the host CPU";

void convert_checked(OnnxContext& context, const OnnxChecker& checker, const OnnxNode& node) {
  std::string problem;
  try {
    checker.check(node);
    problem = problem_of(context, node);
  } catch (const Error& error) {  // one from the graph's own checks gets the place in the file
    const std::string text = error.what();
    if (text.starts_with(context.file().path())) throw;
    throw Error("{}: {}", node.place(), text);
  }
  if (problem.empty()) return;
  if (context.options().allow_host_ops) throw Error("{}: {}", node.place(), problem);
  throw Error("{}: {}; {}", node.place(), problem, kRemedy);
}

/// All operators that presil does not have are told at once, before any node is converted.
void check_supported(const OnnxContext& context, const onnx::GraphProto& graph,
                     const Needs& needs) {
  const onnx::NodeProto* first = nullptr;
  std::map<std::string, int> missing;
  for (int i = 0; i < graph.node_size(); ++i) {
    const OnnxNode node(context.file(), graph.node(i));
    if (!needs.nodes[static_cast<std::size_t>(i)] || can_fold_onnx(node)) continue;
    const std::string name = onnx_operator_name(node);
    if (onnx_converter(name) != nullptr) continue;
    if (first == nullptr) first = &graph.node(i);
    ++missing[name];
  }
  if (first == nullptr) return;
  const OnnxNode node(context.file(), *first);
  const std::string name = onnx_operator_name(node);
  missing.erase(name);
  std::vector<std::string> others;
  for (const auto& [type, count] : missing) {
    constexpr std::size_t kMost = 8;
    others.push_back(others.size() < kMost ? printable(type) : "...");
    if (others.size() > kMost) break;
  }
  throw Error("{}: the operator is not supported{}; {}; {}", node.place(),
              others.empty() ? "" : fmt::format(" (nor are {})", fmt::join(others, ", ")),
              supported_onnx_operators(name), kRemedy);
}

void convert_needed(OnnxContext& context, const onnx::GraphProto& graph, const Needs& needs) {
  if (!context.options().allow_host_ops) check_supported(context, graph, needs);
  const OnnxChecker checker(context.file());
  for (int i = 0; i < graph.node_size(); ++i)
    if (needs.nodes[static_cast<std::size_t>(i)])
      convert_checked(context, checker, OnnxNode(context.file(), graph.node(i)));
}

}  // namespace

void convert_onnx_nodes(OnnxContext& context, const onnx::GraphProto& graph) {
  convert_needed(context, graph, needs_of(graph));
}

Graph import_onnx(const std::filesystem::path& path, const ImportOptions& options) {
  const OnnxFile file(path);
  try {
    OnnxContext context(file, options);
    const Needs needs = needs_of(file.graph());
    context.add_main_graph(needs.names);
    convert_needed(context, file.graph(), needs);
    return context.finish();
  } catch (const Error& error) {
    const std::string text = error.what();
    if (text.starts_with(file.path())) throw;
    throw Error("{}: {}", file.path(), text);
  }
}

}  // namespace presil
