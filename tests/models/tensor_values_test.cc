#include "models/tensor_values.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace presil {
namespace {

TEST_CASE("elements come back as they were stored, clamped to the type") {
  for (const DataType type : {DataType::kInt4, DataType::kInt8, DataType::kUint8, DataType::kBool,
                              DataType::kInt16, DataType::kInt32, DataType::kInt64}) {
    Tensor tensor = empty_tensor({.type = type, .shape = {5}});
    const IntegerRange range = range_of(type);
    store_integers(tensor, std::vector<std::int64_t>{range.min, range.max, 0, 1, 0});
    CHECK(stored_integers(tensor) == std::vector<std::int64_t>{range.min, range.max, 0, 1, 0});
  }
  Tensor tensor = empty_tensor({.type = DataType::kInt4, .shape = {2}});
  store_integers(tensor, std::vector<std::int64_t>{-100, 100});
  CHECK(stored_integers(tensor) == std::vector<std::int64_t>{-8, 7});
}

TEST_CASE("reals go through the quantisation of their slice") {
  Tensor tensor = empty_tensor({.type = DataType::kInt8,
                                .shape = {2, 2},
                                .quantization = Quantization{{0.5f, 0.25f}, {0, 3}, 0}});
  store_reals(tensor, std::vector<double>{1, -0.25, 1, 1000});
  CHECK(stored_integers(tensor) == std::vector<std::int64_t>{2, -1, 7, 127});
  CHECK(real_values(tensor) == std::vector<double>{1, -0.5, 1, 31});
}

TEST_CASE("integers without a quantisation are truncated, floats rounded to even once") {
  Tensor whole = empty_tensor({.type = DataType::kInt32, .shape = {3}});
  store_reals(whole, std::vector<double>{1.9, -1.9, 1e300});
  CHECK(stored_integers(whole) == std::vector<std::int64_t>{1, -1, 2147483647});
  Tensor half = empty_tensor({.type = DataType::kFloat16, .shape = {2}});
  store_reals(half, std::vector<double>{2049, 0.1});
  CHECK(real_values(half) == std::vector<double>{2048, 0.0999755859375});
}

TEST_CASE("a constant without values says what is missing") {
  CHECK_THROWS_WITH_AS(tensor_of({.name = "w", .constant = true}),
                       "tensor 'w': its values are not in the file, which is enough for timing "
                       "only; give it synthetic values",
                       Error);
}

TEST_CASE("random values cover the type and follow from seed and name") {
  const TensorDesc desc{.name = "x", .type = DataType::kInt8, .shape = {64, 64}};
  const std::vector<std::int64_t> values = stored_integers(random_tensor(desc, 7));
  CHECK(*std::min_element(values.begin(), values.end()) == -128);
  CHECK(*std::max_element(values.begin(), values.end()) == 127);
  CHECK(random_tensor(desc, 7).same_values(random_tensor(desc, 7)));
  CHECK_FALSE(random_tensor(desc, 8).same_values(random_tensor(desc, 7)));
  const TensorDesc other{.name = "y", .type = DataType::kInt8, .shape = {64, 64}};
  CHECK_FALSE(random_tensor(other, 7).same_values(random_tensor(desc, 7)));
}

TEST_CASE("random floats have mean 0 and deviation 1") {
  const std::vector<double> values =
      real_values(random_tensor({.name = "x", .type = DataType::kFloat32, .shape = {10'000}}, 1));
  double sum = 0, squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  CHECK(std::fabs(sum / 10'000) < 0.05);
  CHECK(std::fabs(squares / 10'000 - 1) < 0.05);
}

}  // namespace
}  // namespace presil
