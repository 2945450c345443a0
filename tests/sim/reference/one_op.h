#pragma once
// One operator of the reference executor, with random operands.

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/reference/reference.h"

namespace presil::test {

/// A tensor of the given values (floats rounded, integers through the quantisation if there is
/// one).
inline Tensor tensor_with(DataType type, Shape shape, const std::vector<double>& values,
                          std::optional<Quantization> q = {}) {
  Tensor tensor =
      empty_tensor({.type = type, .shape = std::move(shape), .quantization = std::move(q)});
  store_reals(tensor, values);
  return tensor;
}

inline Tensor random_of(DataType type, Shape shape, std::uint64_t seed,
                        std::optional<Quantization> q = {}) {
  return random_tensor(
      {.name = "operand", .type = type, .shape = std::move(shape), .quantization = std::move(q)},
      seed);
}

inline Quantization per_tensor(float scale, std::int64_t zero_point) {
  return {.scale = {scale}, .zero_point = {zero_point}};
}

/// Result 0 of an operator whose output has this type and quantisation; the shape is inferred.
inline Tensor run_op(OpKind kind, OpAttrs attrs, const std::vector<Tensor>& operands, DataType type,
                     std::optional<Quantization> q = {}) {
  Op op{.kind = kind, .name = "op", .attrs = std::move(attrs), .inputs = {}, .outputs = {0}};
  std::vector<TensorDesc> descs;
  std::vector<const Tensor*> pointers;
  for (const Tensor& operand : operands) {
    op.inputs.push_back(static_cast<TensorId>(pointers.size()));
    descs.push_back({.name = "operand", .type = operand.type, .shape = operand.shape});
    pointers.push_back(&operand);
  }
  std::vector<const TensorDesc*> inputs;
  for (const TensorDesc& desc : descs) inputs.push_back(&desc);
  const TensorDesc result{.name = "result",
                          .type = type,
                          .shape = infer_shapes(op, inputs).front(),
                          .quantization = std::move(q)};
  return execute_op(op, pointers, std::vector<TensorDesc>{result}).front();
}

}  // namespace presil::test
