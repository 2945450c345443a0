#include "models/constant_values.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/error.h"
#include "core/small_float.h"
#include "models/scale_index.h"

namespace presil {

namespace {

template <typename T>
T element(const TensorData& data, std::size_t i) {
  T value;
  std::memcpy(&value, &data[i * sizeof(T)], sizeof(T));
  return value;
}

double stored(DataType type, const TensorData& data, std::size_t i) {
  switch (type) {
    case DataType::kInt4: {
      const int nibble = std::to_integer<int>(data[i / 2] >> (i % 2 == 0 ? 0 : 4)) & 0x0f;
      return nibble < 8 ? nibble : nibble - 16;
    }
    case DataType::kInt8:
      return element<std::int8_t>(data, i);
    case DataType::kUint8:
    case DataType::kBool:
      return element<std::uint8_t>(data, i);
    case DataType::kInt16:
      return element<std::int16_t>(data, i);
    case DataType::kInt32:
      return element<std::int32_t>(data, i);
    case DataType::kInt64:
      return static_cast<double>(element<std::int64_t>(data, i));
    case DataType::kFloat16:
      return double_of_half(element<std::uint16_t>(data, i));
    case DataType::kBfloat16:
      return double_of_bfloat(element<std::uint16_t>(data, i));
    case DataType::kFloat32:
      return element<float>(data, i);
    case DataType::kFloat64:
      return element<double>(data, i);
  }
  PRESIL_CHECK(false, "element type {}", static_cast<int>(type));
}

template <typename T>
T rounded(double value) {
  constexpr auto kMin = static_cast<double>(std::numeric_limits<T>::min());
  constexpr auto kMax = static_cast<double>(std::numeric_limits<T>::max());
  if (std::isnan(value)) return 0;
  const double whole = std::nearbyint(value);
  if (whole <= kMin) return std::numeric_limits<T>::min();
  return whole >= kMax ? std::numeric_limits<T>::max() : static_cast<T>(whole);
}

template <typename T>
void put(TensorData& data, std::size_t i, T value) {
  std::memcpy(&data[i * sizeof(T)], &value, sizeof(T));
}

void store(DataType type, TensorData& data, std::size_t i, double value) {
  switch (type) {
    case DataType::kInt4: {
      const auto nibble = static_cast<std::byte>(
          static_cast<int>(std::clamp(std::isnan(value) ? 0 : std::nearbyint(value), -8.0, 7.0)) &
          0x0f);
      data[i / 2] |= nibble << (i % 2 == 0 ? 0 : 4);
      return;
    }
    case DataType::kInt8:
      return put(data, i, rounded<std::int8_t>(value));
    case DataType::kUint8:
      return put(data, i, rounded<std::uint8_t>(value));
    case DataType::kBool:
      return put(data, i, static_cast<std::uint8_t>(value != 0 ? 1 : 0));
    case DataType::kInt16:
      return put(data, i, rounded<std::int16_t>(value));
    case DataType::kInt32:
      return put(data, i, rounded<std::int32_t>(value));
    case DataType::kInt64:
      return put(data, i, rounded<std::int64_t>(value));
    case DataType::kFloat16:
      return put(data, i, half_of_double(value));
    case DataType::kBfloat16:
      return put(data, i, bfloat_of_double(value));
    case DataType::kFloat32:
      return put(data, i, static_cast<float>(value));
    case DataType::kFloat64:
      return put(data, i, value);
  }
  PRESIL_CHECK(false, "element type {}", static_cast<int>(type));
}

}  // namespace

std::optional<std::vector<double>> real_values(const TensorDesc& tensor) {
  if (!tensor.data) return std::nullopt;
  std::vector<double> values(static_cast<std::size_t>(element_count(tensor.shape)));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = stored(tensor.type, *tensor.data, i);
  if (!tensor.quantization) return values;
  const Quantization& q = *tensor.quantization;
  const ScaleIndex index(tensor.shape, *tensor.quantization);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] =
        double{q.scale[index(i)]} * (values[i] - static_cast<double>(q.zero_point[index(i)]));
  return values;
}

std::optional<double> real_scalar(const TensorDesc& tensor) {
  if (!tensor.data || element_count(tensor.shape) != 1) return std::nullopt;
  return real_values(tensor)->front();
}

TensorDesc with_values(TensorDesc tensor, const std::vector<double>& values) {
  PRESIL_CHECK(static_cast<std::int64_t>(values.size()) == element_count(tensor.shape),
               "{} values for {}", values.size(), to_string(tensor.shape));
  TensorData data(static_cast<std::size_t>(byte_count(tensor)));
  for (std::size_t i = 0; i < values.size(); ++i) {
    double value = values[i];
    if (tensor.quantization) {
      const std::size_t at = ScaleIndex(tensor.shape, *tensor.quantization)(i);
      value = std::nearbyint(value / double{tensor.quantization->scale[at]}) +
              static_cast<double>(tensor.quantization->zero_point[at]);
    }
    store(tensor.type, data, i, value);
  }
  tensor.data = std::make_shared<const TensorData>(std::move(data));
  return tensor;
}

}  // namespace presil
