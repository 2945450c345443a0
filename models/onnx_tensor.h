#pragma once
// Values that are known while importing: initializers, Constant nodes and what is folded of them.
// Private to the ONNX importer.

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "models/tensor.h"

namespace presil {

/// A constant. Extents may be 0 here (never in a Graph). `data` is null where the file carries dims
/// and no values.
struct OnnxConstant {
  DataType type = DataType::kFloat32;
  Shape shape;
  std::shared_ptr<const TensorData> data;
};

/// "uint64" for the number 13 of TensorProto.DataType.
std::string onnx_type_name(int onnx_type);
/// Empty for a type that presil does not have (string, complex, unsigned above 8 bits, ...).
std::optional<DataType> data_type_of_onnx(int onnx_type);
/// Throws Error (prefix `where`) if presil does not have the type or the values' number is not
/// what the dims say.
OnnxConstant constant_of(const onnx::TensorProto& tensor, const std::string& where);

std::size_t element_bytes(DataType type);

/// Elements as wide as they come: integers (and bool) exactly, floats in double precision. `data`
/// must be there.
std::vector<std::int64_t> integers_of(const OnnxConstant& constant);
std::vector<double> reals_of(const OnnxConstant& constant);
/// Back again: integers wrap around, reals are rounded to the type.
OnnxConstant constant_from(DataType type, Shape shape, std::span<const std::int64_t> values);
OnnxConstant constant_from(DataType type, Shape shape, std::span<const double> values);

}  // namespace presil
