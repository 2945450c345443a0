// If, where the condition is known: one branch takes the node's place.

#include <array>

#include "models/onnx_operators.h"

namespace presil {
namespace {

void convert_if(OnnxContext& context, const OnnxNode& node) {
  require_onnx_operands(node, 1, 1);
  const auto condition = context.known_scalar(node, 0);
  if (!condition) throw OnnxUnsupported("a condition that the network computes");
  const std::string_view name = *condition != 0 ? "then_branch" : "else_branch";
  const onnx::GraphProto* branch = node.graph(name);
  if (branch == nullptr) throw Error("{}: has no attribute {}", node.place(), name);
  if (branch->output_size() != node.proto().output_size())
    throw Error("{}: {} has {} results, the node {}", node.place(), name, branch->output_size(),
                node.output_count());
  context.enter(*branch);
  convert_onnx_nodes(context, *branch);
  std::vector<OnnxValue> results;
  for (const auto& output : branch->output()) {
    const OnnxValue* made = context.find(output.name());
    if (made == nullptr)
      throw Error("{}: nothing makes result \"{}\" of {}", node.place(), printable(output.name()),
                  name);
    results.push_back(*made);
  }
  context.leave();
  for (std::size_t i = 0; i < results.size(); ++i)
    if (node.has_output(i)) context.bind(node.output_name(i), std::move(results[i]));
}

constexpr std::array kRows = {OnnxOperator{"If", convert_if}};

}  // namespace

std::span<const OnnxOperator> onnx_control_operators() { return kRows; }

}  // namespace presil
