#include "models/onnx_writer.h"

#include <array>
#include <cmath>
#include <cstring>

#include "core/error.h"
#include "core/random.h"
#include "models/tensor_permute.h"

namespace presil {

namespace {

int onnx_type(const TensorDesc& tensor) {
  using onnx::TensorProto;
  switch (tensor.type) {
    case DataType::kInt8:
      return TensorProto::INT8;
    case DataType::kUint8:
      return TensorProto::UINT8;
    case DataType::kInt16:
      return TensorProto::INT16;
    case DataType::kInt32:
      return TensorProto::INT32;
    case DataType::kInt64:
      return TensorProto::INT64;
    case DataType::kBool:
      return TensorProto::BOOL;
    case DataType::kFloat16:
      return TensorProto::FLOAT16;
    case DataType::kBfloat16:
      return TensorProto::BFLOAT16;
    case DataType::kFloat32:
      return TensorProto::FLOAT;
    case DataType::kFloat64:
      return TensorProto::DOUBLE;
    case DataType::kInt4:
      break;
  }
  throw Error("tensor '{}': {} has no place in an ONNX file of this version", tensor.name,
              name_of(tensor.type));
}

void declare(onnx::ValueInfoProto& value, const std::string& name, const TensorDesc& tensor) {
  value.set_name(name);
  auto* type = value.mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx_type(tensor));
  type->mutable_shape();
  for (const std::int64_t extent : tensor.shape)
    type->mutable_shape()->add_dim()->set_dim_value(extent);
}

/// What random weights look like: normal with this deviation around this mean.
struct Spread {
  double mean = 0, deviation = 0;
};

/// By what reads the constant first.
Spread spread_of(const Graph& graph, TensorId id) {
  const TensorDesc& tensor = graph.tensor(id);
  const auto readers = graph.consumers(id);
  if (readers.empty()) return {};
  const Op& op = graph.op(readers.front());
  std::size_t position = 0;
  while (op.inputs[position] != id) ++position;
  const bool norm = op.kind == OpKind::kBatchNorm || op.kind == OpKind::kLayerNorm ||
                    op.kind == OpKind::kInstanceNorm;
  if (norm) return {.mean = position == 1 || position == 4 ? 1.0 : 0.0};
  if (tensor.shape.size() < 2) return {};
  if (op.kind == OpKind::kGather) return {.deviation = 1};
  const bool recurrent =
      op.kind == OpKind::kLstm || op.kind == OpKind::kGru || op.kind == OpKind::kRnn;
  if (recurrent && position == 3) return {};
  const double inputs = recurrent ? static_cast<double>(tensor.shape.back())
                                  : static_cast<double>(element_count(tensor.shape)) /
                                        static_cast<double>(tensor.shape.front());
  return {.deviation = std::sqrt(2.0 / std::max(1.0, inputs))};
}

/// Little-endian fp32, as raw_data holds it.
std::string random_floats(std::int64_t count, Spread spread, std::uint64_t seed) {
  Random random(seed);
  std::string bytes(static_cast<std::size_t>(count) * sizeof(float), '\0');
  for (std::int64_t i = 0; i < count; ++i) {
    const auto value = static_cast<float>(
        spread.deviation == 0 ? spread.mean : spread.mean + spread.deviation * random.normal());
    std::memcpy(bytes.data() + static_cast<std::size_t>(i) * sizeof(float), &value, sizeof value);
  }
  return bytes;
}

}  // namespace

onnx::AttributeProto& OnnxNodeWriter::add(const char* name,
                                          onnx::AttributeProto::AttributeType type) {
  auto* attribute = node_.add_attribute();
  attribute->set_name(name);
  attribute->set_type(type);
  return *attribute;
}
OnnxNodeWriter& OnnxNodeWriter::integer(const char* name, std::int64_t value) {
  add(name, onnx::AttributeProto::INT).set_i(value);
  return *this;
}
OnnxNodeWriter& OnnxNodeWriter::integers(const char* name,
                                         const std::vector<std::int64_t>& values) {
  auto& attribute = add(name, onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) attribute.add_ints(value);
  return *this;
}
OnnxNodeWriter& OnnxNodeWriter::real(const char* name, float value) {
  add(name, onnx::AttributeProto::FLOAT).set_f(value);
  return *this;
}
OnnxNodeWriter& OnnxNodeWriter::text(const char* name, const std::string& value) {
  add(name, onnx::AttributeProto::STRING).set_s(value);
  return *this;
}

OnnxWriter::OnnxWriter(const Graph& graph, const ExportOptions& options)
    : graph_(graph), options_(options), written_(graph.tensors().size(), false) {
  for (const TensorDesc& tensor : graph.tensors()) {
    if (tensor.quantization)
      throw Error("tensor '{}' is quantised; only float networks are exported to ONNX",
                  tensor.name);
    names_.push_back(unique(tensor.name));
  }
  model_.set_ir_version(8);
  model_.set_producer_name("presil");
  auto* opset = model_.add_opset_import();
  opset->set_domain("");
  opset->set_version(17);
  onnx::GraphProto& proto = *model_.mutable_graph();
  proto.set_name(graph.name());
  for (const TensorId id : graph.inputs())
    declare(*proto.add_input(), names_[static_cast<std::size_t>(id)], graph.tensor(id));
  for (const TensorId id : graph.outputs())
    declare(*proto.add_output(), names_[static_cast<std::size_t>(id)], graph.tensor(id));
}

std::string OnnxWriter::unique(const std::string& wanted) {
  const std::string base = wanted.empty() ? "tensor" : wanted;
  std::string name = base;
  for (int i = 2; !used_.insert(name).second; ++i) name = fmt::format("{}#{}", base, i);
  return name;
}

std::string OnnxWriter::name(TensorId id) {
  if (id == kNoTensor) return "";
  const auto index = static_cast<std::size_t>(id);
  if (graph_.tensor(id).constant && !written_[index]) {
    written_[index] = true;
    write_constant(names_[index], graph_.tensor(id), id);
  }
  return names_[index];
}

OnnxNodeWriter OnnxWriter::node(const char* type, const std::vector<std::string>& inputs,
                                const std::vector<std::string>& outputs) {
  onnx::NodeProto& node = *model_.mutable_graph()->add_node();
  node.set_op_type(type);
  const bool whole = op_ != nullptr && outputs.front() == name(op_->outputs[0]);
  const bool named = whole && used_nodes_.insert(op_->name).second;
  node.set_name(named ? op_->name : fmt::format("{}:{}", type, outputs.front()));
  for (const std::string& input : inputs) node.add_input(input);
  for (const std::string& output : outputs) node.add_output(output);
  return OnnxNodeWriter(node);
}

std::string OnnxWriter::fresh(const std::string& base) { return unique(base); }

std::string OnnxWriter::integers(const std::string& base, const std::vector<std::int64_t>& values) {
  auto& tensor = *model_.mutable_graph()->add_initializer();
  tensor.set_name(unique(base));
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_dims(static_cast<std::int64_t>(values.size()));
  for (const std::int64_t value : values) tensor.add_int64_data(value);
  return tensor.name();
}

std::string OnnxWriter::real(const std::string& base, float value) {
  auto& tensor = *model_.mutable_graph()->add_initializer();
  tensor.set_name(unique(base));
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_float_data(value);
  return tensor.name();
}

std::string OnnxWriter::swapped(TensorId id) {
  constexpr std::array<std::size_t, 2> kSwap{1, 0};
  const TensorDesc tensor = permuted(graph_.tensor(id), kSwap);
  const std::string name = unique(tensor.name + ".transposed");
  write_constant(name, tensor, id);
  return name;
}

void OnnxWriter::write_constant(const std::string& name, const TensorDesc& tensor, TensorId id) {
  auto& proto = *model_.mutable_graph()->add_initializer();
  proto.set_name(name);
  proto.set_data_type(onnx_type(tensor));
  for (const std::int64_t extent : tensor.shape) proto.add_dims(extent);
  if (tensor.data) {
    proto.set_raw_data(tensor.data->data(), tensor.data->size());
  } else if (options_.weights && tensor.type == DataType::kFloat32) {
    // A stream a tensor, so that a wider layer leaves the others' weights alone.
    const std::uint64_t seed = options_.seed * 0x100000001b3u + static_cast<std::uint64_t>(id);
    proto.set_raw_data(random_floats(element_count(tensor.shape), spread_of(graph_, id), seed));
  } else if (options_.weights) {
    proto.set_raw_data(std::string(static_cast<std::size_t>(byte_count(tensor)), '\0'));
  }
}

std::string OnnxWriter::bytes() const {
  std::string bytes;
  if (!model_.SerializeToString(&bytes))
    throw Error("network '{}': larger than an ONNX file without external data may be (2 GiB)",
                graph_.name());
  return bytes;
}

}  // namespace presil
