#pragma once
// Writes small ONNX models for tests.

#include <doctest/doctest.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/error.h"
#include "models/import.h"

namespace presil::test {

using Ints = std::vector<std::int64_t>;
using Floats = std::vector<float>;
using Attribute = std::variant<std::int64_t, float, std::string, Ints, Floats,
                               std::vector<std::string>, onnx::TensorProto, onnx::GraphProto>;

/// A tensor of float32, or of integers of `type`.
inline onnx::TensorProto tensor_of(const std::string& name, const Ints& dims,
                                   const Floats& values) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const auto dim : dims) tensor.add_dims(dim);
  for (const float value : values) tensor.add_float_data(value);
  return tensor;
}
inline onnx::TensorProto tensor_of(const std::string& name, const Ints& dims, const Ints& values,
                                   int type = onnx::TensorProto::INT64) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (const auto dim : dims) tensor.add_dims(dim);
  for (const auto value : values) {
    if (type == onnx::TensorProto::INT64) {
      tensor.add_int64_data(value);
    } else {
      tensor.add_int32_data(static_cast<std::int32_t>(value));
    }
  }
  return tensor;
}

/// A value_info; extents below 1 are left open, named "dN".
inline void describe(onnx::ValueInfoProto& info, const std::string& name, const Ints& dims,
                     int type = onnx::TensorProto::FLOAT) {
  info.set_name(name);
  auto* tensor = info.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(type);
  tensor->mutable_shape();
  for (const auto dim : dims) {
    auto* entry = tensor->mutable_shape()->add_dim();
    if (dim > 0) {
      entry->set_dim_value(dim);
    } else {
      entry->set_dim_param(fmt::format("d{}", tensor->shape().dim_size() - 1));
    }
  }
}

inline void set_attribute(onnx::AttributeProto& proto, const std::string& name,
                          const Attribute& value) {
  using Type = onnx::AttributeProto;
  proto.set_name(name);
  struct Visitor {
    Type& proto;
    void operator()(std::int64_t v) const {
      proto.set_type(Type::INT);
      proto.set_i(v);
    }
    void operator()(float v) const {
      proto.set_type(Type::FLOAT);
      proto.set_f(v);
    }
    void operator()(const std::string& v) const {
      proto.set_type(Type::STRING);
      proto.set_s(v);
    }
    void operator()(const Ints& v) const {
      proto.set_type(Type::INTS);
      for (const auto i : v) proto.add_ints(i);
    }
    void operator()(const Floats& v) const {
      proto.set_type(Type::FLOATS);
      for (const auto f : v) proto.add_floats(f);
    }
    void operator()(const std::vector<std::string>& v) const {
      proto.set_type(Type::STRINGS);
      for (const auto& s : v) proto.add_strings(s);
    }
    void operator()(const onnx::TensorProto& v) const {
      proto.set_type(Type::TENSOR);
      *proto.mutable_t() = v;
    }
    void operator()(const onnx::GraphProto& v) const {
      proto.set_type(Type::GRAPH);
      *proto.mutable_g() = v;
    }
  };
  std::visit(Visitor{proto}, value);
}

using Attributes = std::vector<std::pair<std::string, Attribute>>;

inline onnx::NodeProto& add_node(onnx::GraphProto& graph, const std::string& type,
                                 const std::vector<std::string>& inputs,
                                 const std::vector<std::string>& outputs,
                                 const Attributes& attributes = {}) {
  onnx::NodeProto& node = *graph.add_node();
  node.set_op_type(type);
  node.set_name(fmt::format("n_{}", outputs.empty() ? type : outputs[0]));
  for (const auto& input : inputs) node.add_input(input);
  for (const auto& output : outputs) node.add_output(output);
  for (const auto& [name, value] : attributes) set_attribute(*node.add_attribute(), name, value);
  return node;
}

class OnnxBuilder {
 public:
  onnx::ModelProto model;

  explicit OnnxBuilder(int opset = 13) {
    model.set_ir_version(7);
    model.add_opset_import()->set_version(opset);
    model.mutable_graph()->set_name("test");
  }
  onnx::GraphProto& graph() { return *model.mutable_graph(); }

  void input(const std::string& name, const Ints& dims, int type = onnx::TensorProto::FLOAT) {
    describe(*graph().add_input(), name, dims, type);
  }
  void output(const std::string& name) { graph().add_output()->set_name(name); }
  onnx::TensorProto& weight(const std::string& name, const Ints& dims, const Floats& values = {}) {
    return *graph().add_initializer() = tensor_of(name, dims, values);
  }
  onnx::TensorProto& integers(const std::string& name, const Ints& dims, const Ints& values,
                              int type = onnx::TensorProto::INT64) {
    return *graph().add_initializer() = tensor_of(name, dims, values, type);
  }
  /// A vector of int64.
  onnx::TensorProto& list(const std::string& name, const Ints& values) {
    return integers(name, {static_cast<std::int64_t>(values.size())}, values);
  }
  onnx::NodeProto& node(const std::string& type, const std::vector<std::string>& inputs,
                        const std::vector<std::string>& outputs,
                        const Attributes& attributes = {}) {
    return add_node(graph(), type, inputs, outputs, attributes);
  }
};

/// A file that goes when this does.
class TemporaryOnnx {
 public:
  explicit TemporaryOnnx(const std::string& bytes) {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path() /
            fmt::format("presil_onnx_{}_{}.onnx", ::getpid(), count++);
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~TemporaryOnnx() { std::filesystem::remove(path_); }
  TemporaryOnnx(const TemporaryOnnx&) = delete;
  TemporaryOnnx& operator=(const TemporaryOnnx&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The outputs' shapes must be those that libonnx infers, as far as it does.
inline void compare_with_libonnx(const Graph& graph, onnx::ModelProto model) {
  try {
    onnx::shape_inference::InferShapes(model, onnx::OpSchemaRegistry::Instance(), {false, 0, true});
  } catch (const std::exception&) {
    return;
  }
  if (model.graph().output_size() != static_cast<int>(graph.outputs().size())) return;
  for (int i = 0; i < model.graph().output_size(); ++i) {
    const auto& type = model.graph().output(i).type().tensor_type();
    Shape theirs;
    bool known = type.has_shape();
    for (const auto& dim : type.shape().dim()) {
      known = known && dim.has_dim_value();
      theirs.push_back(dim.dim_value());
    }
    if (known)
      CHECK(to_string(graph.tensor(graph.outputs()[static_cast<std::size_t>(i)]).shape) ==
            to_string(theirs));
  }
}

inline Graph imported(const OnnxBuilder& builder, const ImportOptions& options = {}) {
  const TemporaryOnnx file(builder.model.SerializeAsString());
  Graph graph = import_onnx(file.path(), options);
  compare_with_libonnx(graph, builder.model);
  return graph;
}

/// The message of the Error without the file's path in front, or "no error".
inline std::string error_of_bytes(const std::string& bytes, const ImportOptions& options = {}) {
  const TemporaryOnnx file(bytes);
  try {
    import_onnx(file.path(), options);
  } catch (const Error& error) {
    const std::string text = error.what(), path = fmt::format("{}: ", file.path().string());
    return text.starts_with(path) ? text.substr(path.size())
                                  : fmt::format("no file name in: {}", text);
  }
  return "no error";
}
inline std::string error_of(const OnnxBuilder& builder, const ImportOptions& options = {}) {
  return error_of_bytes(builder.model.SerializeAsString(), options);
}

}  // namespace presil::test
