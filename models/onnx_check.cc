#include "models/onnx_check.h"

#include <algorithm>

#include "core/error.h"

namespace presil {
namespace {

bool carries_graph_or_external(const onnx::NodeProto& node) {
  const auto external = [](const onnx::TensorProto& tensor) {
    return tensor.data_location() == onnx::TensorProto::EXTERNAL || tensor.external_data_size() > 0;
  };
  return std::any_of(node.attribute().begin(), node.attribute().end(), [&](const auto& attribute) {
    return attribute.has_g() || attribute.graphs_size() > 0 || external(attribute.t()) ||
           std::any_of(attribute.tensors().begin(), attribute.tensors().end(), external);
  });
}

/// The message without the library's second paragraph, on one line.
std::string first_line(std::string text) {
  text = text.substr(0, text.find("\n\n==>"));
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return printable(text);
}

}  // namespace

OnnxChecker::OnnxChecker(const OnnxFile& file) {
  context_.set_ir_version(static_cast<int>(
      std::clamp<std::int64_t>(file.model().ir_version(), 3, onnx::Version::IR_VERSION)));
  context_.set_opset_imports({{"", file.opset()}});
}

void OnnxChecker::check(const OnnxNode& node) const {
  if (!node.domain().empty() || carries_graph_or_external(node.proto())) return;
  const onnx::OpSchema* schema =
      onnx::OpSchemaRegistry::Schema(node.type(), node.opset(), std::string());
  if (schema == nullptr || schema->Deprecated()) return;
  try {
    onnx::checker::check_node(node.proto(), context_, names_);
  } catch (const std::exception& failure) {
    throw Error("{}: {}", node.place(), first_line(failure.what()));
  }
}

}  // namespace presil
