#pragma once
// Names, nodes and constants of an ONNX file under construction. Private to the exporter.

#include <onnx/onnx_pb.h>

#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "models/graph.h"
#include "models/onnx_export.h"

namespace presil {

/// One node, to which attributes are added.
class OnnxNodeWriter {
 public:
  explicit OnnxNodeWriter(onnx::NodeProto& node) : node_(node) {}

  OnnxNodeWriter& integer(const char* name, std::int64_t value);
  OnnxNodeWriter& integers(const char* name, const std::vector<std::int64_t>& values);
  OnnxNodeWriter& real(const char* name, float value);
  OnnxNodeWriter& text(const char* name, const std::string& value);

 private:
  onnx::AttributeProto& add(const char* name, onnx::AttributeProto::AttributeType type);
  onnx::NodeProto& node_;
};

class OnnxWriter {
 public:
  /// Both must outlive the writer. Declares inputs and outputs.
  OnnxWriter(const Graph& graph, const ExportOptions& options);

  const Graph& graph() const { return graph_; }
  const Shape& shape(TensorId id) const { return graph_.tensor(id).shape; }
  /// The tensor's name in the file; "" for kNoTensor. Writes a constant the first time.
  std::string name(TensorId id);
  /// The nodes that follow are this operator's: the one that makes its result has its name.
  void begin(const Op& op) { op_ = &op; }
  /// An `outputs` entry may be a name of the caller's own (fresh()).
  OnnxNodeWriter node(const char* type, const std::vector<std::string>& inputs,
                      const std::vector<std::string>& outputs);
  /// A name that nothing else has.
  std::string fresh(const std::string& base);
  /// Constants with a name of their own; returns it.
  std::string integers(const std::string& base, const std::vector<std::int64_t>& values);
  std::string real(const std::string& base, float value);
  /// Constant weights [O,I] written as [I,O].
  std::string swapped(TensorId id);

  std::string bytes() const;

 private:
  std::string unique(const std::string& wanted);
  void write_constant(const std::string& name, const TensorDesc& tensor, TensorId id);

  const Graph& graph_;
  const ExportOptions& options_;
  const Op* op_ = nullptr;
  onnx::ModelProto model_;
  std::vector<std::string> names_;
  std::vector<bool> written_;
  std::unordered_set<std::string> used_, used_nodes_;
};

}  // namespace presil
