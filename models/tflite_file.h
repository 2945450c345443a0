#pragma once
// A TFLite file whose structure has been verified: every index, length and name below is in range.
// Private to the TFLite importer.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/tensor.h"
#include "tflite_schema_generated.h"

namespace presil {

/// Limits, enforced before memory is allocated.
inline constexpr std::int64_t kMaxTfliteBytes = std::int64_t{1} << 30;
inline constexpr std::uint32_t kMaxTfliteTables = 1'000'000;
inline constexpr std::size_t kMaxTfliteRank = 8;
inline constexpr std::int64_t kMaxTfliteElements = std::int64_t{1} << 40;
inline constexpr std::size_t kMaxTfliteOperands = 4096;
inline constexpr std::size_t kMaxTfliteName = 1024;  ///< longer names are cut

/// One tensor as the file has it: extents in the file's order (feature maps [N,H,W,C]).
struct TfliteTensor {
  std::string_view name;         ///< at most kMaxTfliteName bytes
  std::optional<DataType> type;  ///< empty: a type that presil does not have (string, complex, ...)
  std::string_view type_name;    ///< as the schema spells it
  Shape shape;                   ///< extents >= 0 here; 0 is an error once the tensor is used
  bool open_extents = false;     ///< shape_signature has a -1: `shape` is only an example
  bool variable = false;         ///< state that starts as zeros (recurrent operators)
  bool sparse = false;
  const tflite_schema::QuantizationParameters* quantization = nullptr;  ///< or nullptr
  std::span<const std::byte> data;  ///< of a constant: exactly the bytes that type and shape need
};

/// One operator; tensor indices are in range, -1 (inputs only) is an absent operand.
struct TfliteOp {
  std::int32_t index = 0;  ///< place in the file
  tflite_schema::BuiltinOperator code{};
  std::string code_name;  ///< "CONV_2D", or the custom code
  std::span<const std::int32_t> inputs, outputs;
  const tflite_schema::Operator* raw = nullptr;
};

/// Zero point `i` of `quantization`, which has that many. FlatBuffers' own accessor would need the
/// vector aligned to 8 bytes, which its verifier does not check.
std::int64_t tflite_zero_point(const tflite_schema::QuantizationParameters& quantization,
                               std::size_t i);

/// Reads, verifies and owns a file's bytes; everything it hands out lives as long as it does.
class TfliteFile {
 public:
  /// Throws Error: unreadable, too big, no TFLite file, corrupt, index out of range, tensor data of
  /// another length than the shape says, more than one producer of a tensor, ...
  explicit TfliteFile(const std::filesystem::path& path);
  TfliteFile(const TfliteFile&) = delete;
  TfliteFile& operator=(const TfliteFile&) = delete;

  const std::string& path() const { return path_; }
  std::int64_t size() const { return static_cast<std::int64_t>(bytes_.size()); }
  std::string_view graph_name() const { return graph_name_; }
  const std::vector<TfliteTensor>& tensors() const { return tensors_; }
  const TfliteTensor& tensor(std::int32_t index) const {
    return tensors_[static_cast<std::size_t>(index)];
  }
  const std::vector<TfliteOp>& ops() const { return ops_; }
  std::span<const std::int32_t> inputs() const { return inputs_; }
  std::span<const std::int32_t> outputs() const { return outputs_; }
  /// For each tensor the operator that makes it, or -1.
  const std::vector<std::int32_t>& producers() const { return producers_; }
  /// "FILE: operator 3 (CONV_2D)": the place in every message about an operator.
  std::string place(const TfliteOp& op) const;

 private:
  const tflite_schema::Model& verify() const;
  void read_tensors(const tflite_schema::Model& model, const tflite_schema::SubGraph& graph);
  TfliteTensor read_tensor(const tflite_schema::Model& model, const tflite_schema::Tensor& raw,
                           std::size_t index) const;
  std::span<const std::byte> read_data(const tflite_schema::Model& model,
                                       const tflite_schema::Tensor& raw, const TfliteTensor& tensor,
                                       std::size_t index) const;
  void read_ops(const tflite_schema::Model& model, const tflite_schema::SubGraph& graph);
  TfliteOp read_op(const tflite_schema::Model& model, const tflite_schema::Operator& raw,
                   std::int32_t index) const;
  void check_indices(std::span<const std::int32_t> indices, bool absent_allowed,
                     const std::string& where) const;

  std::string path_;
  std::vector<std::uint8_t> bytes_;
  std::string_view graph_name_;
  std::vector<TfliteTensor> tensors_;
  std::vector<TfliteOp> ops_;
  std::vector<std::int32_t> producers_;
  std::span<const std::int32_t> inputs_, outputs_;
};

}  // namespace presil
