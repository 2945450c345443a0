#pragma once
// Writes small TFLite files for tests.

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "tflite_schema_generated.h"

namespace presil::test {

namespace schema = tflite_schema;
using Bytes8 = std::vector<std::uint8_t>;

template <typename T>
Bytes8 bytes_of(const std::vector<T>& values) {
  const auto* first = reinterpret_cast<const std::uint8_t*>(values.data());
  return Bytes8(first, first + values.size() * sizeof(T));
}

struct TensorSpec {
  std::string name;
  std::vector<std::int32_t> shape;
  schema::TensorType type = schema::TensorType::INT8;
  Bytes8 data = {};
  std::vector<float> scales = {};
  std::int32_t axis = 0;
  std::int32_t zero_point = 0;  ///< of the one scale; its vector is aligned to 4 bytes only
  std::vector<std::int32_t> signature = {};
  int buffer = -1;  ///< set: this index instead of a buffer of its own
};

/// One model; `bytes()` may be called once.
class TfliteBuilder {
 public:
  flatbuffers::FlatBufferBuilder fbb;

  std::int32_t tensor(const TensorSpec& spec) {
    std::uint32_t buffer = 0;
    if (!spec.data.empty()) {
      buffers_.push_back(schema::CreateBufferDirect(fbb, &spec.data));
      buffer = static_cast<std::uint32_t>(buffers_.size());
    }
    if (spec.buffer >= 0) buffer = static_cast<std::uint32_t>(spec.buffer);
    flatbuffers::Offset<schema::QuantizationParameters> quantization;
    if (!spec.scales.empty()) {
      fbb.StartVector(2, sizeof(std::int32_t));  // one int64, low half first in memory
      fbb.PushElement<std::int32_t>(spec.zero_point < 0 ? -1 : 0);
      fbb.PushElement<std::int32_t>(spec.zero_point);
      const flatbuffers::Offset<flatbuffers::Vector<std::int64_t>> zeros(fbb.EndVector(1));
      quantization =
          schema::CreateQuantizationParameters(fbb, 0, 0, fbb.CreateVector(spec.scales), zeros,
                                               schema::QuantizationDetails::NONE, 0, spec.axis);
    }
    tensors_.push_back(schema::CreateTensorDirect(
        fbb, &spec.shape, spec.type, buffer, spec.name.c_str(), quantization, false, 0,
        spec.signature.empty() ? nullptr : &spec.signature));
    return static_cast<std::int32_t>(tensors_.size()) - 1;
  }
  std::int32_t activation(const std::string& name, const std::vector<std::int32_t>& shape) {
    return tensor({.name = name, .shape = shape, .scales = {0.5f}});
  }
  std::int32_t integers(const std::string& name, const std::vector<std::int32_t>& values) {
    return tensor({.name = name,
                   .shape = {static_cast<std::int32_t>(values.size())},
                   .type = schema::TensorType::INT32,
                   .data = bytes_of(values)});
  }

  void op(schema::BuiltinOperator code, const std::vector<std::int32_t>& operands,
          const std::vector<std::int32_t>& results,
          schema::BuiltinOptions type = schema::BuiltinOptions::NONE,
          flatbuffers::Offset<void> options = 0, const char* custom = nullptr) {
    codes_.push_back(schema::CreateOperatorCodeDirect(
        fbb, static_cast<std::int8_t>(std::min(static_cast<int>(code), 127)), custom, 1, code));
    ops_.push_back(schema::CreateOperatorDirect(
        fbb, static_cast<std::uint32_t>(codes_.size()) - 1 + opcode_shift, &operands, &results,
        type, options));
  }

  std::vector<std::int32_t> inputs, outputs;
  std::uint32_t version = 3;
  std::uint32_t opcode_shift = 0;
  bool with_subgraph = true;

  Bytes8 bytes() {
    std::vector<flatbuffers::Offset<schema::Buffer>> buffers = {schema::CreateBuffer(fbb)};
    buffers.insert(buffers.end(), buffers_.begin(), buffers_.end());
    std::vector<flatbuffers::Offset<schema::SubGraph>> graphs;
    if (with_subgraph)
      graphs.push_back(
          schema::CreateSubGraphDirect(fbb, &tensors_, &inputs, &outputs, &ops_, "main"));
    schema::FinishModelBuffer(
        fbb, schema::CreateModelDirect(fbb, version, &codes_, &graphs, "test", &buffers));
    return Bytes8(fbb.GetBufferPointer(), fbb.GetBufferPointer() + fbb.GetSize());
  }

 private:
  std::vector<flatbuffers::Offset<schema::Buffer>> buffers_;
  std::vector<flatbuffers::Offset<schema::Tensor>> tensors_;
  std::vector<flatbuffers::Offset<schema::OperatorCode>> codes_;
  std::vector<flatbuffers::Offset<schema::Operator>> ops_;
};

/// A file that is gone at the end of the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(const Bytes8& bytes, const std::string& ending = ".tflite") {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("presil_" + std::to_string(getpid()) + "_" + std::to_string(count++) + ending);
    write(bytes);
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  void write(const Bytes8& bytes) const {
    std::ofstream stream(path_, std::ios::binary);
    stream.write(reinterpret_cast<const char*>(bytes.data()),
                 static_cast<std::streamsize>(bytes.size()));
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace presil::test
