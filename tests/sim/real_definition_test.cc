// Softmax, norms, tables and cells of the machine share code with the reference executor, or were
// written after it. Here each is held against its definition on real numbers, written out: at most
// one step of the stored result away.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "models/tensor_values.h"
#include "sim/reference/reference.h"
#include "tests/sim/operand_maker.h"
#include "tests/sim/sim_fixture.h"

namespace presil::testing {
namespace {

using Reals = std::vector<double>;
constexpr std::int64_t kRows = 6, kColumns = 5, kChannels = 16;

const Quantization kIn{{0.05f}, {7}, -1};
/// Numbers of [0, 1), and of about [-6, 6].
const Quantization kShare{{1.0f / 256}, {-128}, -1}, kWide{{0.05f}, {-3}, -1};

Graph one_op(OpKind kind, OpAttrs attrs, const Shape& shape, const Quantization& out,
             const std::vector<Reals>& parameters = {}) {
  GraphBuilder b("one");
  std::vector<TensorId> operands{b.add_input("x", DataType::kInt8, shape, kIn)};
  for (const Reals& values : parameters) {
    TensorDesc desc{.name = fmt::format("p{}", operands.size()),
                    .type = DataType::kFloat32,
                    .shape = {static_cast<std::int64_t>(values.size())},
                    .constant = true};
    Tensor tensor = empty_tensor(desc);
    store_reals(tensor, values);
    desc.data = std::make_shared<TensorData>(tensor.bytes);
    operands.push_back(b.add_constant(desc));
  }
  const TensorDesc y{.name = "y", .type = DataType::kInt8, .quantization = out};
  b.mark_output(b.add_op_into(kind, std::move(attrs), operands, {y}, "op").front());
  return std::move(b).finish();
}

/// `define` makes of the input's numbers the results', both row-major.
void check_definition(const Graph& graph, const std::function<Reals(const Reals&)>& define) {
  const std::vector<Tensor> inputs = random_inputs(graph, 5);
  const RunResult r = run(graph, chip_of("ne-nano"), {.inputs = &inputs});
  const Tensor& made = r.outputs.at(0);
  Tensor x = inputs[0];
  x.quantization = kIn;
  const Reals wanted = define(real_values(x)), got = real_values(made);
  const double step = double{made.quantization->scale[0]};
  const auto zero = static_cast<double>(made.quantization->zero_point[0]);
  REQUIRE(wanted.size() == got.size());
  double worst = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double kept = std::clamp(wanted[i], (-128 - zero) * step, (127 - zero) * step);
    worst = std::max(worst, std::abs(got[i] - kept) / step);
  }
  CHECK(worst <= 1.0);
}

/// Lines of `extent` elements, `inner` apart.
void for_each_line(std::size_t elements, std::size_t extent, std::size_t inner,
                   const std::function<void(const std::function<std::size_t(std::size_t)>&)>& use) {
  for (std::size_t outer = 0; outer < elements; outer += extent * inner)
    for (std::size_t i = 0; i < inner; ++i)
      use([=](std::size_t e) { return outer + e * inner + i; });
}

TEST_CASE("softmax is e^x over the sum of e^x of its line, along any axis") {
  const Shape shape{1, kChannels, kRows, kColumns};
  for (std::int64_t axis = 1; axis < 4; ++axis) {
    const auto extent = static_cast<std::size_t>(shape[static_cast<std::size_t>(axis)]);
    const std::size_t inner = axis == 1 ? kRows * kColumns : axis == 2 ? kColumns : 1;
    check_definition(one_op(OpKind::kSoftmax, AxisAttrs{.axis = axis}, shape, kShare),
                     [&](const Reals& x) {
                       Reals y(x.size());
                       for_each_line(x.size(), extent, inner, [&](const auto& at) {
                         long double sum = 0;
                         for (std::size_t e = 0; e < extent; ++e)
                           sum += std::exp((long double)x[at(e)]);
                         for (std::size_t e = 0; e < extent; ++e)
                           y[at(e)] = static_cast<double>(std::exp((long double)x[at(e)]) / sum);
                       });
                       return y;
                     });
  }
}

TEST_CASE("log-softmax is x less the logarithm of the sum of e^x") {
  check_definition(one_op(OpKind::kLogSoftmax, AxisAttrs{.axis = 2}, {2, 9, 24}, kWide),
                   [](const Reals& x) {
                     Reals y(x.size());
                     for_each_line(x.size(), 24, 1, [&](const auto& at) {
                       long double sum = 0;
                       for (std::size_t e = 0; e < 24; ++e) sum += std::exp((long double)x[at(e)]);
                       for (std::size_t e = 0; e < 24; ++e)
                         y[at(e)] = x[at(e)] - static_cast<double>(std::log(sum));
                     });
                     return y;
                   });
}

/// (x - mean) / sqrt(variance + epsilon), the variance as the mean square less the squared mean.
Reals normalised(const Reals& x, std::size_t extent, double epsilon) {
  Reals y(x.size());
  for_each_line(x.size(), extent, 1, [&](const auto& at) {
    long double sum = 0, squares = 0;
    for (std::size_t e = 0; e < extent; ++e) sum += x[at(e)], squares += x[at(e)] * x[at(e)];
    const long double mean = sum / static_cast<long double>(extent);
    const long double variance = squares / static_cast<long double>(extent) - mean * mean;
    for (std::size_t e = 0; e < extent; ++e)
      y[at(e)] = static_cast<double>((x[at(e)] - mean) / std::sqrt(variance + epsilon));
  });
  return y;
}

Reals ramp(std::size_t count, double from, double step) {
  Reals values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(from + step * static_cast<double>(i));
  return values;
}

TEST_CASE("layer norm brings a line to mean 0 and variance 1, then scales and shifts it") {
  const Reals scale = ramp(24, 0.5, 0.05), bias = ramp(24, -1, 0.08);
  check_definition(
      one_op(OpKind::kLayerNorm, NormAttrs{.axis = 2}, {2, 9, 24}, kWide, {scale, bias}),
      [&](const Reals& x) {
        Reals y = normalised(x, 24, double{NormAttrs{}.epsilon});
        for (std::size_t i = 0; i < y.size(); ++i) y[i] = y[i] * scale[i % 24] + bias[i % 24];
        return y;
      });
}

TEST_CASE("instance norm does so for each channel of a map") {
  const Reals scale = ramp(kChannels, 0.5, 0.1), bias = ramp(kChannels, -1, 0.1);
  constexpr std::size_t kPlane = kRows * kColumns;
  check_definition(one_op(OpKind::kInstanceNorm, NormAttrs{.axis = 1},
                          {1, kChannels, kRows, kColumns}, kWide, {scale, bias}),
                   [&](const Reals& x) {
                     Reals y = normalised(x, kPlane, double{NormAttrs{}.epsilon});
                     for (std::size_t i = 0; i < y.size(); ++i)
                       y[i] = y[i] * scale[i / kPlane] + bias[i / kPlane];
                     return y;
                   });
}

TEST_CASE("batch norm shifts and scales each channel by the statistics that it is given") {
  const Reals scale = ramp(kChannels, 0.5, 0.1), bias = ramp(kChannels, -1, 0.1),
              mean = ramp(kChannels, -0.5, 0.07), variance = ramp(kChannels, 0.3, 0.1);
  constexpr std::size_t kPlane = kRows * kColumns;
  check_definition(one_op(OpKind::kBatchNorm, NormAttrs{.axis = 1}, {1, kChannels, kRows, kColumns},
                          kWide, {scale, bias, mean, variance}),
                   [&](const Reals& x) {
                     Reals y(x.size());
                     for (std::size_t i = 0; i < y.size(); ++i) {
                       const std::size_t c = i / kPlane;
                       const double a =
                           scale[c] / std::sqrt(variance[c] + double{NormAttrs{}.epsilon});
                       y[i] = a * x[i] + (bias[c] - a * mean[c]);
                     }
                     return y;
                   });
}

TEST_CASE("LRN divides by a power of the mean square of the neighbouring channels") {
  const LrnAttrs attrs{.size = 5, .alpha = 0.5f, .beta = 0.75f, .bias = 1};
  check_definition(
      one_op(OpKind::kLrn, attrs, {1, kChannels, kRows, kColumns}, kWide), [&](const Reals& x) {
        Reals y(x.size());
        for_each_line(x.size(), kChannels, kRows * kColumns, [&](const auto& at) {
          for (int c = 0; c < kChannels; ++c) {
            double sum = 0;
            for (int i = c - 2; i <= c + 2; ++i)
              if (i >= 0 && i < kChannels)
                sum += x[at(static_cast<std::size_t>(i))] * x[at(static_cast<std::size_t>(i))];
            const double base = 1 + 0.5 * sum / 5;
            y[at(static_cast<std::size_t>(c))] =
                x[at(static_cast<std::size_t>(c))] * std::exp(-0.75 * std::log(base));
          }
        });
        return y;
      });
}

TEST_CASE("tables hold their functions of real numbers") {
  struct Row {
    OpKind kind;
    double (*define)(double);
  };
  const Row rows[] = {
      {OpKind::kSigmoid, [](double x) { return 0.5 * (1 + std::tanh(x / 2)); }},
      {OpKind::kTanh, [](double x) { return 1 - 2 / (std::exp(2 * x) + 1); }},
      {OpKind::kSilu, [](double x) { return x / (1 + std::exp(-x)); }},
      {OpKind::kGelu, [](double x) { return x * 0.5 * std::erfc(-x / std::sqrt(2.0)); }},
      {OpKind::kHardSwish, [](double x) { return x * std::min(6.0, std::max(0.0, x + 3)) / 6; }},
      {OpKind::kSoftplus, [](double x) { return std::log1p(std::exp(x)); }},
      {OpKind::kErf, [](double x) { return 1 - std::erfc(x); }},
      {OpKind::kExp, [](double x) { return std::pow(2.0, x / std::log(2.0)); }},
      {OpKind::kSin, [](double x) { return std::cos(x - std::acos(0.0)); }},
      {OpKind::kSquare, [](double x) { return std::pow(std::abs(x), 2.0); }},
      {OpKind::kAbs, [](double x) { return std::sqrt(x * x); }},
      {OpKind::kFloor, [](double x) { return x - (std::fmod(x, 1) + (std::fmod(x, 1) < 0)); }}};
  for (const Row& row : rows) {
    CAPTURE(op_info(row.kind).name);
    check_definition(one_op(row.kind, {}, {1, 16, 4, 4}, kWide), [&](const Reals& x) {
      Reals y;
      for (const double value : x) y.push_back(row.define(value));
      return y;
    });
  }
}

}  // namespace
}  // namespace presil::testing
