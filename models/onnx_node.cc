#include "models/onnx_node.h"

#include "core/error.h"

namespace presil {

using onnx::AttributeProto;

std::string_view OnnxNode::domain() const {
  return proto_.domain() == "ai.onnx" ? std::string_view() : std::string_view(proto_.domain());
}

std::string_view OnnxNode::name() const {
  if (!proto_.name().empty()) return proto_.name();
  return output_count() > 0 ? std::string_view(output_name(0)) : std::string_view(type());
}

std::string OnnxNode::place() const {
  return fmt::format("{}: node \"{}\" ({})", file_.path(), printable(name()), printable(type()));
}

const AttributeProto* OnnxNode::find(std::string_view name) const {
  for (const AttributeProto& attribute : proto_.attribute())
    if (attribute.name() == name) return &attribute;
  return nullptr;
}

const AttributeProto* OnnxNode::find(std::string_view name, int type) const {
  const AttributeProto* attribute = find(name);
  if (attribute == nullptr) return nullptr;
  if (attribute->type() != type)
    throw Error(
        "{}: attribute {} must be {}, is {}", place(), name,
        AttributeProto::AttributeType_Name(static_cast<AttributeProto::AttributeType>(type)),
        AttributeProto::AttributeType_Name(attribute->type()));
  return attribute;
}

std::int64_t OnnxNode::integer(std::string_view name, std::int64_t otherwise) const {
  const auto* attribute = find(name, AttributeProto::INT);
  return attribute == nullptr ? otherwise : attribute->i();
}

float OnnxNode::real(std::string_view name, float otherwise) const {
  const auto* attribute = find(name, AttributeProto::FLOAT);
  return attribute == nullptr ? otherwise : attribute->f();
}

std::string OnnxNode::text(std::string_view name, std::string_view otherwise) const {
  const auto* attribute = find(name, AttributeProto::STRING);
  return attribute == nullptr ? std::string(otherwise) : attribute->s();
}

std::vector<std::int64_t> OnnxNode::integers(std::string_view name) const {
  const auto* attribute = find(name, AttributeProto::INTS);
  if (attribute == nullptr) return {};
  return {attribute->ints().begin(), attribute->ints().end()};
}

std::vector<float> OnnxNode::reals(std::string_view name) const {
  const auto* attribute = find(name, AttributeProto::FLOATS);
  if (attribute == nullptr) return {};
  return {attribute->floats().begin(), attribute->floats().end()};
}

std::vector<std::string> OnnxNode::texts(std::string_view name) const {
  const auto* attribute = find(name, AttributeProto::STRINGS);
  if (attribute == nullptr) return {};
  return {attribute->strings().begin(), attribute->strings().end()};
}

const onnx::TensorProto* OnnxNode::tensor(std::string_view name) const {
  const auto* attribute = find(name, AttributeProto::TENSOR);
  return attribute == nullptr ? nullptr : &attribute->t();
}

const onnx::GraphProto* OnnxNode::graph(std::string_view name) const {
  const auto* attribute = find(name, AttributeProto::GRAPH);
  return attribute == nullptr ? nullptr : &attribute->g();
}

}  // namespace presil
