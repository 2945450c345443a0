#include "models/tensor_values.h"

#include <bit>
#include <cmath>
#include <type_traits>

#include "core/error.h"
#include "core/random.h"
#include "core/small_float.h"
#include "models/scale_index.h"

namespace presil {

namespace {

static_assert(std::endian::native == std::endian::little, "elements are kept little-endian");

template <typename T>
struct Stored {
  using type = T;
};

/// Calls `use(Stored<T>())` for the integer type of the elements; not for int4 and floats.
template <typename Use>
auto with_integer_type(DataType type, Use use) {
  switch (type) {
    case DataType::kInt8:
      return use(Stored<std::int8_t>());
    case DataType::kUint8:
    case DataType::kBool:
      return use(Stored<std::uint8_t>());
    case DataType::kInt16:
      return use(Stored<std::int16_t>());
    case DataType::kInt32:
      return use(Stored<std::int32_t>());
    case DataType::kInt64:
      return use(Stored<std::int64_t>());
    case DataType::kInt4:
    case DataType::kFloat16:
    case DataType::kBfloat16:
    case DataType::kFloat32:
    case DataType::kFloat64:
      break;
  }
  PRESIL_CHECK(false, "{} is no integer type of whole bytes", name_of(type));
}

std::size_t element_total(const Tensor& tensor) {
  return static_cast<std::size_t>(tensor.elements());
}

std::int64_t nibble_at(const Tensor& tensor, std::size_t i) {
  const int bits = std::to_integer<int>(tensor.bytes[i / 2] >> (i % 2 == 0 ? 0 : 4)) & 0x0f;
  return bits < 8 ? bits : bits - 16;
}

void put_nibble(Tensor& tensor, std::size_t i, std::int64_t value) {
  const int shift = i % 2 == 0 ? 0 : 4;
  std::byte& byte = tensor.bytes[i / 2];
  byte = (byte & ~(std::byte{0x0f} << shift)) | (std::byte(value & 0x0f) << shift);
}

std::vector<double> float_values(const Tensor& tensor) {
  std::vector<double> values;
  values.reserve(element_total(tensor));
  if (tensor.type == DataType::kFloat16) {
    for (const std::uint16_t bits : tensor.as<std::uint16_t>())
      values.push_back(double_of_half(bits));
  } else if (tensor.type == DataType::kBfloat16) {
    for (const std::uint16_t bits : tensor.as<std::uint16_t>())
      values.push_back(double_of_bfloat(bits));
  } else if (tensor.type == DataType::kFloat32) {
    values.assign(tensor.as<float>().begin(), tensor.as<float>().end());
  } else {
    values.assign(tensor.as<double>().begin(), tensor.as<double>().end());
  }
  return values;
}

void store_floats(Tensor& tensor, std::span<const double> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (tensor.type == DataType::kFloat16) {
      tensor.as<std::uint16_t>()[i] = half_of_double(values[i]);
    } else if (tensor.type == DataType::kBfloat16) {
      tensor.as<std::uint16_t>()[i] = bfloat_of_double(values[i]);
    } else if (tensor.type == DataType::kFloat32) {
      tensor.as<float>()[i] = static_cast<float>(values[i]);
    } else {
      tensor.as<double>()[i] = values[i];
    }
  }
}

/// FNV-1a, so that tensors with the same seed differ.
std::uint64_t hash_of(const std::string& name) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3u;
  return hash;
}

}  // namespace

Tensor empty_tensor(const TensorDesc& desc) {
  return {.type = desc.type,
          .shape = desc.shape,
          .quantization = desc.quantization,
          .bytes = TensorData(static_cast<std::size_t>(byte_count(desc)))};
}

Tensor tensor_of(const TensorDesc& constant) {
  if (!constant.data)
    throw Error(
        "tensor '{}': its values are not in the file, which is enough for timing only; give it "
        "synthetic values",
        constant.name);
  return {.type = constant.type,
          .shape = constant.shape,
          .quantization = constant.quantization,
          .bytes = *constant.data};
}

IntegerRange range_of(DataType type) {
  if (type == DataType::kInt4) return {-8, 7};
  if (type == DataType::kBool) return {0, 1};
  return with_integer_type(type,
                           [](auto stored) { return range_of<typename decltype(stored)::type>(); });
}

std::vector<std::int64_t> stored_integers(const Tensor& tensor) {
  if (tensor.type == DataType::kInt4) {
    std::vector<std::int64_t> values(element_total(tensor));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = nibble_at(tensor, i);
    return values;
  }
  return with_integer_type(tensor.type, [&](auto stored) {
    const auto elements = tensor.as<typename decltype(stored)::type>();
    return std::vector<std::int64_t>(elements.begin(), elements.end());
  });
}

void store_integers(Tensor& tensor, std::span<const std::int64_t> values) {
  PRESIL_CHECK(values.size() == element_total(tensor), "{} values for {}", values.size(),
               to_string(tensor.shape));
  const IntegerRange range = range_of(tensor.type);
  if (tensor.type == DataType::kInt4) {
    for (std::size_t i = 0; i < values.size(); ++i)
      put_nibble(tensor, i, std::clamp(values[i], range.min, range.max));
    return;
  }
  with_integer_type(tensor.type, [&](auto stored) {
    using T = typename decltype(stored)::type;
    const auto elements = tensor.as<T>();
    for (std::size_t i = 0; i < values.size(); ++i)
      elements[i] = static_cast<T>(std::clamp(values[i], range.min, range.max));
  });
}

std::vector<double> real_values(const Tensor& tensor) {
  if (is_float(tensor.type)) return float_values(tensor);
  const std::vector<std::int64_t> stored = stored_integers(tensor);
  std::vector<double> values(stored.begin(), stored.end());
  if (!tensor.quantization) return values;
  const Quantization& q = *tensor.quantization;
  const ScaleIndex index(tensor.shape, *tensor.quantization);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = dequantize(stored[i], double{q.scale[index(i)]}, q.zero_point[index(i)]);
  return values;
}

void store_reals(Tensor& tensor, std::span<const double> values) {
  PRESIL_CHECK(values.size() == element_total(tensor), "{} values for {}", values.size(),
               to_string(tensor.shape));
  if (is_float(tensor.type)) return store_floats(tensor, values);
  const IntegerRange range = range_of(tensor.type);
  std::vector<std::int64_t> stored(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (tensor.quantization) {
      const Quantization& q = *tensor.quantization;
      const std::size_t at = ScaleIndex(tensor.shape, *tensor.quantization)(i);
      stored[i] = quantize(values[i], double{q.scale[at]}, q.zero_point[at], range);
    } else if (tensor.type == DataType::kBool) {
      stored[i] = values[i] != 0 ? 1 : 0;
    } else {
      stored[i] = round_half_away(std::trunc(values[i]), range);
    }
  }
  store_integers(tensor, stored);
}

Tensor random_tensor(const TensorDesc& desc, std::uint64_t seed) {
  Tensor tensor = empty_tensor(desc);
  Random random(seed ^ hash_of(desc.name));
  if (is_float(desc.type)) {
    std::vector<double> values(element_total(tensor));
    for (double& value : values) value = random.normal();
    store_reals(tensor, values);
    return tensor;
  }
  IntegerRange range = range_of(desc.type);
  if (bits_of(desc.type) >= 32) range = {-1000, 1000};
  std::vector<std::int64_t> values(element_total(tensor));
  for (std::int64_t& value : values) value = random.integer(range.min, range.max);
  store_integers(tensor, values);
  return tensor;
}

}  // namespace presil
