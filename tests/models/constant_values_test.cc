#include "models/constant_values.h"

#include <bit>
#include <cmath>
#include <limits>

#include "models/tensor_permute.h"
#include "tests/models/graph_fixture.h"

namespace presil {
namespace {

using test::data_of;
using test::dims;

TensorDesc quantized(DataType type, Shape shape, Quantization q) {
  TensorDesc tensor = dims("q", std::move(shape), type);
  tensor.quantization = std::move(q);
  return tensor;
}

}  // namespace

TEST_CASE("values of every type are read as they are stored") {
  const auto read = [](DataType type, Shape shape, std::shared_ptr<const TensorData> data) {
    TensorDesc tensor = dims("t", std::move(shape), type);
    tensor.data = std::move(data);
    return *real_values(tensor);
  };
  CHECK(read(DataType::kInt4, {3}, data_of<std::uint8_t>({0x7f, 0x08})) ==
        std::vector<double>{-1, 7, -8});
  CHECK(read(DataType::kInt8, {2}, data_of<std::int8_t>({-128, 127})) ==
        std::vector<double>{-128, 127});
  CHECK(read(DataType::kUint8, {1}, data_of<std::uint8_t>({255})) == std::vector<double>{255});
  CHECK(read(DataType::kInt64, {1}, data_of<std::int64_t>({-5})) == std::vector<double>{-5});
  // 1, -2, 2^-24 (the smallest), 65504 (the largest).
  CHECK(read(DataType::kFloat16, {4}, data_of<std::uint16_t>({0x3c00, 0xc000, 0x0001, 0x7bff})) ==
        std::vector<double>{1, -2, std::ldexp(1, -24), 65504});
  CHECK(read(DataType::kBfloat16, {2}, data_of<std::uint16_t>({0x3f80, 0xc040})) ==
        std::vector<double>{1, -3});
  CHECK(read(DataType::kFloat64, {1}, data_of<double>({0.1})) == std::vector<double>{0.1});
  CHECK_FALSE(real_values(dims("t", {2})));
}

TEST_CASE("quantised values are read as the numbers they stand for") {
  TensorDesc tensor =
      quantized(DataType::kInt8, {2, 2}, {.scale = {0.5f, 2}, .zero_point = {1, 0}, .axis = 0});
  tensor.data = data_of<std::int8_t>({3, -1, 3, -1});
  CHECK(*real_values(tensor) == std::vector<double>{1, -1, 6, -2});
  tensor.quantization = Quantization{.scale = {0.5f, 2}, .zero_point = {1, 0}, .axis = 1};
  CHECK(*real_values(tensor) == std::vector<double>{1, -2, 1, -2});
}

TEST_CASE("only constants of one element with data are scalars") {
  CHECK(real_scalar(test::scalar(2.5f)) == 2.5);
  CHECK(real_scalar(test::floats("t", {1, 1}, {3})) == 3.0);
  CHECK_FALSE(real_scalar(test::floats("t", {2}, {3, 3})));
  CHECK_FALSE(real_scalar(dims("t", {})));
}

TEST_CASE("values are written rounded to even and clamped to their type") {
  const TensorDesc q =
      with_values(quantized(DataType::kInt8, {5}, {.scale = {0.5f}, .zero_point = {10}}),
                  {0, 0.25, 0.75, 1000, -1000});
  CHECK(test::values_of<std::int8_t>(q) == std::vector<std::int8_t>{10, 10, 12, 127, -128});
  const TensorDesc nibbles = with_values(dims("t", {3}, DataType::kInt4), {-1, 7.6, -9});
  CHECK(*real_values(nibbles) == std::vector<double>{-1, 7, -8});
  const TensorDesc wide = with_values(dims("t", {2}, DataType::kInt64), {1e30, -1e30});
  CHECK(test::values_of<std::int64_t>(wide) ==
        std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::max(),
                                  std::numeric_limits<std::int64_t>::min()});
}

TEST_CASE("every half-precision number that is read is written back as it was") {
  for (int bits = 0; bits < 0x10000; ++bits) {
    TensorDesc tensor = dims("t", {1}, DataType::kFloat16);
    tensor.data = data_of<std::uint16_t>({static_cast<std::uint16_t>(bits)});
    const double value = real_values(tensor)->front();
    if (std::isnan(value)) continue;
    const auto written = test::values_of<std::uint16_t>(with_values(tensor, {value})).front();
    REQUIRE(written == bits);
  }
  // Between 1 and 1 + 2^-10 the half goes to the even one; the next half to the one above.
  const TensorDesc halves =
      with_values(dims("t", {3}, DataType::kFloat16),
                  {1 + std::ldexp(1, -11), 1 + 3 * std::ldexp(1, -11), 65520});
  CHECK(test::values_of<std::uint16_t>(halves) ==
        std::vector<std::uint16_t>{0x3c00, 0x3c02, 0x7c00});
  const TensorDesc brain = with_values(dims("t", {2}, DataType::kBfloat16),
                                       {1 + std::ldexp(1, -8), 1 + 3 * std::ldexp(1, -8)});
  CHECK(test::values_of<std::uint16_t>(brain) == std::vector<std::uint16_t>{0x3f80, 0x3f82});
}

TEST_CASE("permuting moves values and the axis of the quantisation along") {
  constexpr std::array<std::size_t, 3> kPerm = {2, 0, 1};
  TensorDesc tensor =
      quantized(DataType::kInt8, {1, 2, 3}, {.scale = {1, 2}, .zero_point = {0, 0}, .axis = 1});
  tensor.data = data_of<std::int8_t>({0, 1, 2, 10, 11, 12});
  const TensorDesc moved = permuted(tensor, kPerm);
  CHECK(moved.shape == Shape{3, 1, 2});
  CHECK(moved.quantization->axis == 2);
  CHECK(test::values_of<std::int8_t>(moved) == std::vector<std::int8_t>{0, 10, 1, 11, 2, 12});

  TensorDesc nibbles = with_values(dims("t", {2, 3}, DataType::kInt4), {0, 1, 2, 3, 4, 5});
  constexpr std::array<std::size_t, 2> kSwap = {1, 0};
  CHECK(*real_values(permuted(nibbles, kSwap)) == std::vector<double>{0, 3, 1, 4, 2, 5});
  CHECK(permuted(dims("t", {2, 3}), kSwap).shape == Shape{3, 2});
}

}  // namespace presil
