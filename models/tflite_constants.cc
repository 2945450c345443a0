// The part of TfliteContext that takes constants and quantisation out of the file.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "models/tflite_context.h"

namespace presil {

TensorDesc TfliteContext::described(std::int32_t index, bool with_data) {
  const TfliteTensor& tensor = file_.tensor(index);
  if (!tensor.type)
    throw TfliteUnsupported("tensor \"{}\" of type {}", tensor_name(index), tensor.type_name);
  return {.name = tensor_name(index),
          .type = *tensor.type,
          .shape = tensor.shape,
          .constant = with_data,
          .quantization = quantization_of(index),
          .data = with_data ? data_of(index) : nullptr};
}

std::optional<Quantization> TfliteContext::quantization_of(std::int32_t index) {
  const TfliteTensor& tensor = file_.tensor(index);
  const auto* raw = tensor.quantization;
  if (raw == nullptr || raw->scale() == nullptr || raw->scale()->size() == 0) return std::nullopt;
  const std::string where = fmt::format("{}: tensor \"{}\"", file_.path(), tensor_name(index));
  const std::size_t scales = raw->scale()->size();
  const std::size_t zeros = raw->zero_point() == nullptr ? 0 : raw->zero_point()->size();
  if (zeros > 1 && zeros != scales)
    throw Error("{}: {} scales but {} zero points", where, scales, zeros);
  Quantization result;
  if (scales > 1) {
    // Biases are one-dimensional, yet some files give them the axis of their weights.
    const std::int32_t axis = tensor.shape.size() == 1 ? 0 : raw->quantized_dimension();
    if (axis < 0 || static_cast<std::size_t>(axis) >= tensor.shape.size() ||
        tensor.shape[static_cast<std::size_t>(axis)] != static_cast<std::int64_t>(scales))
      throw Error("{}: {} scales do not fit axis {} of shape {}", where, scales, axis,
                  to_string(tensor.shape));
    result.axis = axis;
  }
  spend(static_cast<std::int64_t>(scales) * 12);
  for (std::size_t i = 0; i < scales; ++i) {
    const float scale = raw->scale()->Get(static_cast<flatbuffers::uoffset_t>(i));
    if (!std::isfinite(scale) || scale <= 0)
      throw Error("{}: scale {} is {}; it must be a positive number", where, i, scale);
    const std::size_t zero = std::min(i, zeros - 1);
    result.scale.push_back(scale);
    result.zero_point.push_back(zeros == 0 ? 0 : tflite_zero_point(*raw, zero));
  }
  return result;
}

std::shared_ptr<const TensorData> TfliteContext::data_of(std::int32_t index) {
  const auto& data = file_.tensor(index).data;
  spend(static_cast<std::int64_t>(data.size()));
  return std::make_shared<const TensorData>(data.begin(), data.end());
}

TensorId TfliteContext::constant(std::int32_t index, TfliteLayout layout) {
  const auto known = constants_.find({index, layout});
  if (known != constants_.end()) return known->second;
  const TfliteTensor& tensor = file_.tensor(index);
  const std::string where = fmt::format("{}: tensor {} \"{}\"", file_.path(), index, tensor.name);
  if (!is_constant(index))
    throw Error(
        "{}: is read, but no operator makes it and it is neither a graph input nor a "
        "constant",
        where);
  if (tensor.sparse) throw TfliteUnsupported("sparse tensor \"{}\"", tensor_name(index));
  const TensorId id = builder_.add_constant(laid_out(described(index, true), layout, where));
  constants_[{index, layout}] = id;
  return id;
}

TensorId TfliteContext::folded_constant(std::int32_t index) {
  const TfliteIntegers& folded = folded_.at(index);
  const bool wide = file_.tensor(index).type == DataType::kInt64;
  TensorDesc tensor{.name = tensor_name(index),
                    .type = wide ? DataType::kInt64 : DataType::kInt32,
                    .shape = folded.shape,
                    .constant = true,
                    .quantization = {},
                    .data = {}};
  const std::size_t width = wide ? sizeof(std::int64_t) : sizeof(std::int32_t);
  TensorData bytes(folded.values.size() * width);
  for (std::size_t i = 0; i < folded.values.size(); ++i)  // little-endian: the low bytes come first
    std::memcpy(&bytes[i * width], &folded.values[i], width);
  tensor.data = std::make_shared<const TensorData>(std::move(bytes));
  const TensorId id =
      builder_.add_constant(laid_out(std::move(tensor), TfliteLayout::kPlain, file_.path()));
  bind(index, id);
  return id;
}

void TfliteContext::spend(std::int64_t bytes) {
  budget_ -= bytes;
  if (budget_ < 0)
    throw Error(
        "{}: its tensors share buffers so often that their constants exceed ten times the "
        "file; the file is corrupt",
        file_.path());
}

}  // namespace presil
