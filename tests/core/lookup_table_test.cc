#include "core/lookup_table.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "core/scalar_functions.h"

namespace presil {
namespace {

TableOptions int8_table(ScaleAndZero in, ScaleAndZero out) {
  return {in, out, range_of<std::int8_t>(), range_of<std::int8_t>()};
}

TEST_CASE("a table holds the rounded function of every 8-bit value") {
  const TableOptions options = int8_table({0.05, 10}, {1.0 / 256, -128});
  const LookupTable table =
      function_table(options, [](double x) { return evaluate(UnaryFunction::kSigmoid, x); });
  for (int x = -128; x < 128; ++x) {
    const double real = 256 / (1 + std::exp(-0.05 * (x - 10))) - 128;
    CHECK(table(x) == std::min(std::round(real), 127.0));
  }
}

TEST_CASE("tables of uint8 are read by the same index") {
  const LookupTable table =
      function_table({{1, 128}, {1, 128}, range_of<std::uint8_t>(), range_of<std::uint8_t>()},
                     [](double x) { return -x; });
  CHECK(table(255) == 1);
  CHECK(table(128) == 128);
  CHECK(table(0) == 255);  // 256, saturated
}

TEST_CASE("the fixed-point hard swish is within a step of the real function") {
  for (const double scale : {0.02, 0.047, 0.1, 0.3}) {
    const TableOptions options = int8_table({scale, 3}, {scale, -20});
    const LookupTable table = hard_swish_table(options);
    for (int x = -128; x < 128; ++x) {
      const double exact = evaluate(UnaryFunction::kHardSwish, scale * (x - 3)) / scale - 20;
      CHECK(std::fabs(table(x) - std::clamp(exact, -128.0, 127.0)) <= 1);
    }
  }
}

TEST_CASE("leaky relu scales what is below zero, also by a negative slope") {
  const TableOptions options = int8_table({0.1, 0}, {0.1, 0});
  const LookupTable quarter = leaky_relu_table(options, 0.25);
  CHECK(quarter(100) == 100);
  CHECK(quarter(-100) == -25);
  CHECK(leaky_relu_table(options, -0.5)(-100) == 50);
}

TEST_CASE("a row of a softmax adds up to one and keeps its order") {
  const std::vector<std::int32_t> in = {-128, 0, 40, 40, 127};
  std::vector<std::int32_t> out(in.size());
  softmax_row(in, out, 0.02, {1.0 / 256, -128}, range_of<std::int8_t>());
  double sum = 0, exact_sum = 0;
  for (const std::int32_t x : in) exact_sum += std::exp(0.02 * x);
  for (std::size_t i = 0; i < in.size(); ++i) {
    CHECK(out[i] == std::round(256 * std::exp(0.02 * in[i]) / exact_sum) - 128);
    sum += (out[i] + 128) / 256.0;
  }
  CHECK(sum == doctest::Approx(1).epsilon(0.01));
  CHECK(out[2] == out[3]);
}

TEST_CASE("a softmax of a single value saturates at the largest stored one") {
  const std::vector<std::int32_t> in = {5};
  std::vector<std::int32_t> out(1);
  softmax_row(in, out, 0.1, {1.0 / 256, -128}, range_of<std::int8_t>());
  CHECK(out[0] == 127);
}

}  // namespace
}  // namespace presil
