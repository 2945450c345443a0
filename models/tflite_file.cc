#include "models/tflite_file.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <system_error>

#include "core/error.h"

namespace presil {
namespace {

namespace schema = tflite_schema;
static_assert(std::endian::native == std::endian::little, "spans over file data need this");

std::vector<std::uint8_t> read_bytes(const std::filesystem::path& path) {
  std::error_code failure;
  if (!std::filesystem::is_regular_file(path, failure))
    throw Error("{}: not a readable file; give the path of a .tflite file", path.string());
  const auto size = std::filesystem::file_size(path, failure);
  if (failure) throw Error("{}: cannot be read: {}", path.string(), failure.message());
  if (size > static_cast<std::uintmax_t>(kMaxTfliteBytes))
    throw Error("{}: {} bytes; a TFLite file may have at most {}", path.string(), size,
                kMaxTfliteBytes);
  std::vector<std::uint8_t> bytes(size);
  std::ifstream stream(path, std::ios::binary);
  stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (!stream) throw Error("{}: cannot be read to its end", path.string());
  return bytes;
}

std::string_view text_of(const flatbuffers::String* string) {
  if (string == nullptr) return {};
  return std::string_view(string->c_str(), string->size()).substr(0, kMaxTfliteName);
}

std::span<const std::int32_t> span_of(const flatbuffers::Vector<std::int32_t>* vector) {
  if (vector == nullptr) return {};
  return {vector->data(), vector->size()};
}

std::optional<DataType> data_type_of(schema::TensorType type) {
  switch (type) {
    case schema::TensorType::FLOAT32:
      return DataType::kFloat32;
    case schema::TensorType::FLOAT16:
      return DataType::kFloat16;
    case schema::TensorType::FLOAT64:
      return DataType::kFloat64;
    case schema::TensorType::INT32:
      return DataType::kInt32;
    case schema::TensorType::INT64:
      return DataType::kInt64;
    case schema::TensorType::INT16:
      return DataType::kInt16;
    case schema::TensorType::INT8:
      return DataType::kInt8;
    case schema::TensorType::INT4:
      return DataType::kInt4;
    case schema::TensorType::UINT8:
      return DataType::kUint8;
    case schema::TensorType::BOOL:
      return DataType::kBool;
    case schema::TensorType::STRING:
    case schema::TensorType::COMPLEX64:
    case schema::TensorType::COMPLEX128:
    case schema::TensorType::UINT64:
    case schema::TensorType::RESOURCE:
    case schema::TensorType::VARIANT:
    case schema::TensorType::UINT32:
    case schema::TensorType::UINT16:
      return std::nullopt;
  }
  return std::nullopt;  // a value behind the end of the enumeration
}

/// Extents with their product bounded. Throws Error.
Shape checked_shape(std::span<const std::int32_t> extents, const std::string& where) {
  if (extents.size() > kMaxTfliteRank)
    throw Error("{}: has {} dimensions; at most {} are supported", where, extents.size(),
                kMaxTfliteRank);
  std::int64_t elements = 1;
  for (const std::int32_t extent : extents) {
    if (extent < 0) throw Error("{}: extent {} is negative; the file is corrupt", where, extent);
    if (std::max(extent, 1) > kMaxTfliteElements / elements)
      throw Error("{}: more than 2^40 elements; the file is corrupt or the shape is wrong", where);
    elements *= std::max(extent, 1);
  }
  return Shape(extents.begin(), extents.end());
}

}  // namespace

std::int64_t tflite_zero_point(const schema::QuantizationParameters& quantization, std::size_t i) {
  std::int64_t value = 0;
  std::memcpy(&value, quantization.zero_point()->Data() + i * sizeof(value), sizeof(value));
  return value;
}

TfliteFile::TfliteFile(const std::filesystem::path& path)
    : path_(path.string()), bytes_(read_bytes(path)) {
  const schema::Model& model = verify();
  const schema::SubGraph& graph = *model.subgraphs()->Get(0);
  graph_name_ = text_of(graph.name());
  read_tensors(model, graph);
  inputs_ = span_of(graph.inputs());
  outputs_ = span_of(graph.outputs());
  check_indices(inputs_, false, path_ + ": graph inputs");
  check_indices(outputs_, false, path_ + ": graph outputs");
  if (outputs_.empty()) throw Error("{}: the graph has no output, so nothing is to be run", path_);
  read_ops(model, graph);
}

std::string TfliteFile::place(const TfliteOp& op) const {
  return fmt::format("{}: operator {} ({})", path_, op.index, op.code_name);
}

const schema::Model& TfliteFile::verify() const {
  constexpr std::size_t kHeader = 8;  // offset of the root, identifier
  if (bytes_.size() < kHeader || !schema::ModelBufferHasIdentifier(bytes_.data()))
    throw Error("{}: no TFLite file: bytes 4 to 7 must be \"TFL3\" (schema version 3)", path_);
  flatbuffers::Verifier::Options limits;
  limits.max_depth = 16;
  limits.max_tables = kMaxTfliteTables;
  flatbuffers::Verifier verifier(bytes_.data(), bytes_.size(), limits);
  if (!schema::VerifyModelBuffer(verifier))
    throw Error("{}: corrupt or truncated: an offset of the FlatBuffer leaves the file's {} bytes",
                path_, bytes_.size());
  const schema::Model& model = *schema::GetModel(bytes_.data());
  if (model.version() != 3)
    throw Error("{}: schema version {}; only version 3 is supported", path_, model.version());
  if (model.subgraphs() == nullptr || model.subgraphs()->size() == 0)
    throw Error("{}: the file has no subgraph", path_);
  return model;
}

void TfliteFile::read_tensors(const schema::Model& model, const schema::SubGraph& graph) {
  if (graph.tensors() == nullptr) throw Error("{}: the main subgraph has no tensors", path_);
  tensors_.reserve(graph.tensors()->size());
  for (const schema::Tensor* raw : *graph.tensors())
    tensors_.push_back(read_tensor(model, *raw, tensors_.size()));
}

TfliteTensor TfliteFile::read_tensor(const schema::Model& model, const schema::Tensor& raw,
                                     std::size_t index) const {
  TfliteTensor tensor;
  tensor.name = text_of(raw.name());
  tensor.type = data_type_of(raw.type());
  tensor.type_name = schema::EnumNameTensorType(raw.type());
  const std::string where = fmt::format("{}: tensor {} \"{}\"", path_, index, tensor.name);
  tensor.shape = checked_shape(span_of(raw.shape()), where);
  const auto signature = span_of(raw.shape_signature());
  tensor.open_extents = std::find(signature.begin(), signature.end(), -1) != signature.end();
  tensor.variable = raw.is_variable();
  tensor.sparse = raw.sparsity() != nullptr;
  tensor.quantization = raw.quantization();
  tensor.data = read_data(model, raw, tensor, index);
  return tensor;
}

std::span<const std::byte> TfliteFile::read_data(const schema::Model& model,
                                                 const schema::Tensor& raw,
                                                 const TfliteTensor& tensor,
                                                 std::size_t index) const {
  if (raw.buffer() == 0) return {};
  const auto* buffers = model.buffers();
  const std::size_t count = buffers == nullptr ? 0 : buffers->size();
  if (raw.buffer() >= count)
    throw Error("{}: tensor {} \"{}\": buffer {} does not exist; the file has {}", path_, index,
                tensor.name, raw.buffer(), count);
  const schema::Buffer& buffer = *buffers->Get(raw.buffer());
  if (buffer.offset() > 1)
    throw Error(
        "{}: tensor {} \"{}\": its data lies outside of the FlatBuffer, which is not "
        "supported; convert the model into a file below 2 GiB",
        path_, index, tensor.name);
  if (buffer.data() == nullptr || buffer.data()->size() == 0) return {};
  const std::span<const std::byte> data(reinterpret_cast<const std::byte*>(buffer.data()->data()),
                                        buffer.data()->size());
  if (!tensor.type || tensor.sparse) return data;
  const std::int64_t bytes = (element_count(tensor.shape) * bits_of(*tensor.type) + 7) / 8;
  if (static_cast<std::int64_t>(data.size()) != bytes)
    throw Error("{}: tensor {} \"{}\": {} bytes of data, but shape {} of {} needs {}", path_, index,
                tensor.name, data.size(), to_string(tensor.shape), name_of(*tensor.type), bytes);
  return data;
}

void TfliteFile::read_ops(const schema::Model& model, const schema::SubGraph& graph) {
  producers_.assign(tensors_.size(), -1);
  if (graph.operators() == nullptr) return;
  ops_.reserve(graph.operators()->size());
  for (const schema::Operator* raw : *graph.operators()) {
    TfliteOp op = read_op(model, *raw, static_cast<std::int32_t>(ops_.size()));
    for (const std::int32_t output : op.outputs) {
      std::int32_t& producer = producers_[static_cast<std::size_t>(output)];
      if (producer >= 0)
        throw Error("{}: writes tensor {}, which operator {} already makes", place(op), output,
                    producer);
      if (!tensor(output).data.empty())
        throw Error("{}: writes tensor {}, which is a constant", place(op), output);
      producer = op.index;
    }
    ops_.push_back(std::move(op));
  }
}

TfliteOp TfliteFile::read_op(const schema::Model& model, const schema::Operator& raw,
                             std::int32_t index) const {
  const auto* codes = model.operator_codes();
  const std::size_t count = codes == nullptr ? 0 : codes->size();
  if (raw.opcode_index() >= count)
    throw Error("{}: operator {}: operator code {} does not exist; the file has {}", path_, index,
                raw.opcode_index(), count);
  const schema::OperatorCode& code = *codes->Get(raw.opcode_index());
  TfliteOp op;
  op.index = index;
  op.code = std::max(code.builtin_code(),
                     static_cast<schema::BuiltinOperator>(code.deprecated_builtin_code()));
  const std::string_view builtin = schema::EnumNameBuiltinOperator(op.code);
  if (op.code == schema::BuiltinOperator::CUSTOM) {
    op.code_name = text_of(code.custom_code());
  } else {
    op.code_name = builtin.empty() ? fmt::format("builtin {}", static_cast<int>(op.code)) : builtin;
  }
  op.inputs = span_of(raw.inputs());
  op.outputs = span_of(raw.outputs());
  op.raw = &raw;
  check_indices(op.inputs, true, place(op) + " inputs");
  check_indices(op.outputs, false, place(op) + " outputs");
  return op;
}

void TfliteFile::check_indices(std::span<const std::int32_t> indices, bool absent_allowed,
                               const std::string& where) const {
  if (indices.size() > kMaxTfliteOperands)
    throw Error("{}: {} tensors; at most {} are supported", where, indices.size(),
                kMaxTfliteOperands);
  for (const std::int32_t index : indices) {
    const bool known = index >= 0 && static_cast<std::size_t>(index) < tensors_.size();
    if (!known && !(absent_allowed && index == -1))
      throw Error("{}: tensor {} does not exist; the graph has {}", where, index, tensors_.size());
  }
}

}  // namespace presil
