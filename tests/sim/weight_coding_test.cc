#include "sim/weight_coding.h"

#include <doctest/doctest.h>

#include <cmath>

namespace presil {
namespace {

TensorDesc weights_of(DataType type, const std::vector<int>& bytes) {
  TensorData data;
  for (const int byte : bytes) data.push_back(static_cast<std::byte>(byte));
  TensorDesc tensor{.name = "w", .type = type, .shape = {4}, .constant = true};
  tensor.data = std::make_shared<const TensorData>(data);
  return tensor;
}

TEST_CASE("entropy coding stores as many bits as the values differ") {
  ChipSpec chip;
  chip.weight_coding = WeightCoding::kEntropy;
  // Two values, as often: a bit of 8.
  CHECK(weight_ratio(chip, weights_of(DataType::kInt8, {1, 1, 7, 7})) == doctest::Approx(1.0 / 8));
  // A quarter and three: -0.25 log2 0.25 - 0.75 log2 0.75 bits.
  CHECK(weight_ratio(chip, weights_of(DataType::kInt8, {1, 0, 0, 0})) ==
        doctest::Approx((0.5 - 0.75 * std::log2(0.75)) / 8));
  // Nibbles 1, 2, 3, 4: two bits of 4.
  CHECK(weight_ratio(chip, weights_of(DataType::kInt4, {0x21, 0x43})) == doctest::Approx(0.5));
  // Never nothing.
  CHECK(weight_ratio(chip, weights_of(DataType::kInt8, {5, 5, 5, 5})) == doctest::Approx(1.0 / 64));
}

TEST_CASE("without values, or without a coder, the chip's ratio holds") {
  ChipSpec chip;
  chip.weight_compression = 0.75;
  CHECK(weight_ratio(chip, weights_of(DataType::kInt8, {1, 1, 7, 7})) == 0.75);
  chip.weight_coding = WeightCoding::kEntropy;
  CHECK(weight_ratio(chip, {.name = "w", .type = DataType::kInt8, .shape = {4}}) == 0.75);
  CHECK(weight_ratio(chip, weights_of(DataType::kFloat32, {1, 1, 7, 7})) == 0.75);
}

}  // namespace
}  // namespace presil
