#pragma once
// One node of an ONNX graph: its place for messages and its attributes, with their types checked.
// Private to the ONNX importer.

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/onnx_file.h"

namespace presil {

class OnnxNode {
 public:
  /// Both must outlive the node.
  OnnxNode(const OnnxFile& file, const onnx::NodeProto& proto) : file_(file), proto_(proto) {}

  const onnx::NodeProto& proto() const { return proto_; }
  const std::string& type() const { return proto_.op_type(); }
  /// "" for the ONNX domain.
  std::string_view domain() const;
  int opset() const { return file_.opset(); }
  /// The node's name, or that of its first result.
  std::string_view name() const;
  /// "FILE: node "conv1" (Conv)": the place in every message about a node.
  std::string place() const;

  std::size_t input_count() const { return static_cast<std::size_t>(proto_.input_size()); }
  std::size_t output_count() const { return static_cast<std::size_t>(proto_.output_size()); }
  /// Is there an operand (a result) `i`, and is it given?
  bool has_input(std::size_t i) const { return i < input_count() && !input_name(i).empty(); }
  bool has_output(std::size_t i) const { return i < output_count() && !output_name(i).empty(); }
  const std::string& input_name(std::size_t i) const { return proto_.input(static_cast<int>(i)); }
  const std::string& output_name(std::size_t i) const { return proto_.output(static_cast<int>(i)); }

  // -- Attributes. Each throws Error if the attribute is there with another type.

  bool has(std::string_view name) const { return find(name) != nullptr; }
  std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
  float real(std::string_view name, float otherwise) const;
  std::string text(std::string_view name, std::string_view otherwise) const;
  /// Empty if the attribute is absent.
  std::vector<std::int64_t> integers(std::string_view name) const;
  std::vector<float> reals(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;
  /// nullptr if absent.
  const onnx::TensorProto* tensor(std::string_view name) const;
  const onnx::GraphProto* graph(std::string_view name) const;

 private:
  const onnx::AttributeProto* find(std::string_view name) const;
  const onnx::AttributeProto* find(std::string_view name, int type) const;

  const OnnxFile& file_;
  const onnx::NodeProto& proto_;
};

}  // namespace presil
