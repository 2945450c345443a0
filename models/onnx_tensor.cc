#include "models/onnx_tensor.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/error.h"
#include "core/small_float.h"
#include "models/onnx_file.h"

namespace presil {
namespace {

using onnx::TensorProto;
static_assert(std::endian::native == std::endian::little, "raw_data is little-endian");

template <typename Stored, typename Wide, typename Convert>
std::vector<Wide> read(const TensorData& data, Convert convert) {
  std::vector<Wide> values(data.size() / sizeof(Stored));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, data.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = static_cast<Wide>(convert(stored));
  }
  return values;
}

template <typename Stored, typename Values, typename Convert>
std::shared_ptr<const TensorData> write(const Values& values, Convert convert) {
  auto data =
      std::make_shared<TensorData>(static_cast<std::size_t>(values.size()) * sizeof(Stored));
  std::size_t at = 0;
  for (const auto value : values) {
    const auto stored = static_cast<Stored>(convert(value));
    std::memcpy(data->data() + at, &stored, sizeof(Stored));
    at += sizeof(Stored);
  }
  return data;
}

constexpr auto kSame = [](auto value) { return value; };
/// A real as an integer; out of range and NaN saturate or become 0 rather than being undefined.
constexpr auto kToInteger = [](double value) -> std::int64_t {
  constexpr double kLimit = 9223372036854775808.0;
  if (!(value > -kLimit)) return std::isnan(value) ? 0 : std::numeric_limits<std::int64_t>::min();
  if (value >= kLimit) return std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(value);
};

template <typename Wide>
std::vector<Wide> read_as(const OnnxConstant& constant) {
  const TensorData& data = *constant.data;
  switch (constant.type) {
    case DataType::kInt4:
      throw Error("int4 constants cannot be computed with");
    case DataType::kInt8:
      return read<std::int8_t, Wide>(data, kSame);
    case DataType::kUint8:
    case DataType::kBool:
      return read<std::uint8_t, Wide>(data, kSame);
    case DataType::kInt16:
      return read<std::int16_t, Wide>(data, kSame);
    case DataType::kInt32:
      return read<std::int32_t, Wide>(data, kSame);
    case DataType::kInt64:
      return read<std::int64_t, Wide>(data, kSame);
    case DataType::kFloat16:
      return read<std::uint16_t, Wide>(data, [](auto v) { return double_of_half(v); });
    case DataType::kBfloat16:
      return read<std::uint16_t, Wide>(data, [](auto v) { return double_of_bfloat(v); });
    case DataType::kFloat32:
      return read<float, Wide>(data, kSame);
    case DataType::kFloat64:
      return read<double, Wide>(data, kSame);
  }
  return {};
}

template <typename Values>
std::shared_ptr<const TensorData> write_as(DataType type, const Values& values) {
  const auto integer = [](auto value) -> std::int64_t {
    if constexpr (std::is_floating_point_v<decltype(value)>) {
      return kToInteger(value);
    } else {
      return value;
    }
  };
  const auto real = [](auto value) { return static_cast<float>(value); };
  switch (type) {
    case DataType::kInt4:
      throw Error("int4 constants cannot be computed with");
    case DataType::kInt8:
      return write<std::int8_t>(values, integer);
    case DataType::kUint8:
      return write<std::uint8_t>(values, integer);
    case DataType::kBool:
      return write<std::uint8_t>(values, [](auto value) { return value != 0 ? 1 : 0; });
    case DataType::kInt16:
      return write<std::int16_t>(values, integer);
    case DataType::kInt32:
      return write<std::int32_t>(values, integer);
    case DataType::kInt64:
      return write<std::int64_t>(values, integer);
    case DataType::kFloat16:
      return write<std::uint16_t>(values, [&](auto v) { return half_of_double(real(v)); });
    case DataType::kBfloat16:
      return write<std::uint16_t>(values, [&](auto v) { return bfloat_of_double(real(v)); });
    case DataType::kFloat32:
      return write<float>(values, real);
    case DataType::kFloat64:
      return write<double>(values, kSame);
  }
  return nullptr;
}

/// The typed field that carries a tensor's values when raw_data does not.
std::shared_ptr<const TensorData> typed_data(const TensorProto& tensor, DataType type,
                                             std::size_t& count) {
  switch (type) {
    case DataType::kFloat32:
      count = static_cast<std::size_t>(tensor.float_data_size());
      return write<float>(tensor.float_data(), kSame);
    case DataType::kFloat64:
      count = static_cast<std::size_t>(tensor.double_data_size());
      return write<double>(tensor.double_data(), kSame);
    case DataType::kInt64:
      count = static_cast<std::size_t>(tensor.int64_data_size());
      return write<std::int64_t>(tensor.int64_data(), kSame);
    case DataType::kFloat16:
    case DataType::kBfloat16:
      count = static_cast<std::size_t>(tensor.int32_data_size());
      return write<std::uint16_t>(tensor.int32_data(), kSame);
    case DataType::kInt4:
    case DataType::kInt8:
    case DataType::kUint8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kBool:
      break;
  }
  count = static_cast<std::size_t>(tensor.int32_data_size());
  const std::vector<std::int64_t> wide(tensor.int32_data().begin(), tensor.int32_data().end());
  return write_as(type, wide);
}

bool has_typed_data(const TensorProto& tensor) {
  return tensor.float_data_size() > 0 || tensor.int32_data_size() > 0 ||
         tensor.int64_data_size() > 0 || tensor.double_data_size() > 0 ||
         tensor.uint64_data_size() > 0 || tensor.string_data_size() > 0;
}

}  // namespace

std::string onnx_type_name(int onnx_type) {
  if (!TensorProto::DataType_IsValid(onnx_type)) return fmt::format("type {}", onnx_type);
  std::string name = TensorProto::DataType_Name(static_cast<TensorProto::DataType>(onnx_type));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

std::optional<DataType> data_type_of_onnx(int onnx_type) {
  switch (onnx_type) {
    case TensorProto::FLOAT:
      return DataType::kFloat32;
    case TensorProto::UINT8:
      return DataType::kUint8;
    case TensorProto::INT8:
      return DataType::kInt8;
    case TensorProto::INT16:
      return DataType::kInt16;
    case TensorProto::INT32:
      return DataType::kInt32;
    case TensorProto::INT64:
      return DataType::kInt64;
    case TensorProto::BOOL:
      return DataType::kBool;
    case TensorProto::FLOAT16:
      return DataType::kFloat16;
    case TensorProto::DOUBLE:
      return DataType::kFloat64;
    case TensorProto::BFLOAT16:
      return DataType::kBfloat16;
    default:
      return std::nullopt;  // a number from the file, not an enumerator
  }
}

std::size_t element_bytes(DataType type) { return static_cast<std::size_t>(bits_of(type) / 8); }

OnnxConstant constant_of(const TensorProto& tensor, const std::string& where) {
  const auto type = data_type_of_onnx(tensor.data_type());
  if (!type)
    throw Error(
        "{}: its type {} is not supported; presil has bool, int8 to int64, uint8 and floats", where,
        onnx_type_name(tensor.data_type()));
  OnnxConstant constant{
      .type = *type, .shape = {tensor.dims().begin(), tensor.dims().end()}, .data = nullptr};
  const std::int64_t elements = checked_elements(constant.shape, where);
  const auto wanted = static_cast<std::size_t>(elements) * element_bytes(*type);
  if (tensor.data_location() == TensorProto::EXTERNAL) return constant;
  if (tensor.has_raw_data() && (!tensor.raw_data().empty() || elements == 0)) {
    const std::string& raw = tensor.raw_data();
    if (raw.size() != wanted)
      throw Error("{}: {} bytes of data, but shape {} of {} needs {}", where, raw.size(),
                  to_string(constant.shape), name_of(*type), wanted);
    const auto* bytes = reinterpret_cast<const std::byte*>(raw.data());
    constant.data = std::make_shared<const TensorData>(bytes, bytes + raw.size());
    return constant;
  }
  if (!has_typed_data(tensor)) {
    if (elements == 0) constant.data = std::make_shared<const TensorData>();
    return constant;
  }
  std::size_t count = 0;
  constant.data = typed_data(tensor, *type, count);
  // tf2onnx and Caffe2 write scalars of ConstantOfShape and the like with dims [1]: not our matter.
  if (count != static_cast<std::size_t>(elements))
    throw Error("{}: {} values, but shape {} needs {}", where, count, to_string(constant.shape),
                elements);
  return constant;
}

std::vector<std::int64_t> integers_of(const OnnxConstant& constant) {
  if (!is_float(constant.type)) return read_as<std::int64_t>(constant);
  const std::vector<double> reals = read_as<double>(constant);
  std::vector<std::int64_t> integers(reals.size());
  std::transform(reals.begin(), reals.end(), integers.begin(), kToInteger);
  return integers;
}

std::vector<double> reals_of(const OnnxConstant& constant) { return read_as<double>(constant); }

OnnxConstant constant_from(DataType type, Shape shape, std::span<const std::int64_t> values) {
  return {.type = type, .shape = std::move(shape), .data = write_as(type, values)};
}

OnnxConstant constant_from(DataType type, Shape shape, std::span<const double> values) {
  return {.type = type, .shape = std::move(shape), .data = write_as(type, values)};
}

}  // namespace presil
