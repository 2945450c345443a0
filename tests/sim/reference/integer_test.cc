// 8- and 16-bit integers: within half a step of the real result, and TFLite's own cases.

#include <algorithm>
#include <cmath>

#include "core/random.h"
#include "core/scalar_functions.h"
#include "models/tensor_values.h"
#include "tests/sim/reference/one_op.h"

namespace presil {
namespace {

using test::per_tensor;
using test::random_of;
using test::run_op;
using test::tensor_with;

/// A real number on the scale of `like`, clamped to its range.
double stored_real(double real, const Tensor& like) {
  const Quantization& q = *like.quantization;
  const IntegerRange range = range_of(like.type);
  return std::clamp(real / q.scale[0] + static_cast<double>(q.zero_point[0]),
                    static_cast<double>(range.min), static_cast<double>(range.max));
}

/// The largest distance of stored values from the real ones, in steps.
double worst_error(const Tensor& got, const std::vector<double>& real) {
  const std::vector<std::int64_t> stored = stored_integers(got);
  REQUIRE(stored.size() == real.size());
  double worst = 0;
  for (std::size_t i = 0; i < stored.size(); ++i)
    worst = std::max(worst, std::fabs(static_cast<double>(stored[i]) - stored_real(real[i], got)));
  return worst;
}

/// The same operator on the reals that the operands stand for.
std::vector<double> on_reals(OpKind kind, const OpAttrs& attrs,
                             const std::vector<Tensor>& operands) {
  std::vector<Tensor> reals;
  for (const Tensor& operand : operands)
    reals.push_back(tensor_with(DataType::kFloat64, operand.shape, real_values(operand)));
  return real_values(run_op(kind, attrs, reals, DataType::kFloat64));
}

TEST_CASE("integer convolutions are the real ones, rounded, in every type of activation") {
  const ConvAttrs attrs{.window = {.kernel_h = 3,
                                   .kernel_w = 3,
                                   .stride_h = 2,
                                   .stride_w = 1,
                                   .pad_top = 1,
                                   .pad_bottom = 1,
                                   .pad_left = 1,
                                   .pad_right = 1}};
  const Quantization by_channel{{0.01f, 0.02f, 0.04f}, {0, 0, 0}, 0};
  for (const DataType type : {DataType::kInt8, DataType::kUint8, DataType::kInt16}) {
    const bool wide = type == DataType::kInt16;
    const std::int64_t zero = type == DataType::kUint8 ? 120 : wide ? 0 : -5;
    const Tensor x = random_of(type, {2, 4, 9, 7}, 1, per_tensor(wide ? 0.001f : 0.1f, zero));
    const Tensor w = random_of(DataType::kInt8, {3, 4, 3, 3}, 2, by_channel);
    const Tensor y = run_op(OpKind::kConv, attrs, {x, w}, type, per_tensor(wide ? 0.01f : 2, zero));
    // The 64-bit form has only 15 bits of the multiplier.
    CHECK(worst_error(y, on_reals(OpKind::kConv, attrs, {x, w})) < (wide ? 1.6 : 0.51));
  }
}

TEST_CASE("biases have the scale of the accumulators") {
  const Tensor x = tensor_with(DataType::kInt8, {1, 2}, {1, 2}, per_tensor(0.5f, 0));
  const Tensor w = tensor_with(DataType::kInt8, {1, 2}, {1, 1}, per_tensor(0.25f, 0));
  const Tensor bias = tensor_with(DataType::kInt32, {1}, {3}, per_tensor(0.125f, 0));
  const Tensor y =
      run_op(OpKind::kFullyConnected, {}, {x, w, bias}, DataType::kInt8, per_tensor(0.5f, 1));
  CHECK(stored_integers(y) == std::vector<std::int64_t>{13});  // (1 + 2 + 3) / 0.5 + 1
  const Tensor real_bias = tensor_with(DataType::kFloat32, {1}, {3});
  CHECK(run_op(OpKind::kFullyConnected, {}, {x, w, real_bias}, DataType::kInt8, per_tensor(0.5f, 1))
            .same_values(y));
  // Without a quantisation the result is the accumulator.
  CHECK(stored_integers(run_op(OpKind::kFullyConnected, {}, {x, w, bias}, DataType::kInt32)) ==
        std::vector<std::int64_t>{48});
}

TEST_CASE("transposed convolutions, products of activations and depthwise ones round alike") {
  const Tensor x = random_of(DataType::kInt8, {1, 4, 5, 5}, 3, per_tensor(0.1f, 7));
  const Tensor w =
      random_of(DataType::kInt8, {4, 2, 2, 2}, 4, Quantization{{0.01f, 0.03f}, {0, 0}, 1});
  const ConvAttrs up{.window = {.kernel_h = 2, .kernel_w = 2, .stride_h = 2, .stride_w = 2}};
  const Tensor y = run_op(OpKind::kTransposedConv, up, {x, w}, DataType::kInt8, per_tensor(1, 0));
  CHECK(worst_error(y, on_reals(OpKind::kTransposedConv, up, {x, w})) < 0.51);
  const Tensor a = random_of(DataType::kInt8, {2, 3, 8}, 5, per_tensor(0.1f, 3));
  const Tensor b = random_of(DataType::kInt8, {2, 8, 4}, 6, per_tensor(0.2f, -9));
  const Tensor p =
      run_op(OpKind::kMatMul, MatMulAttrs{}, {a, b}, DataType::kInt8, per_tensor(4, 1));
  CHECK(worst_error(p, on_reals(OpKind::kMatMul, MatMulAttrs{}, {a, b})) < 0.51);
  const Tensor v = random_of(DataType::kInt8, {8, 1, 3, 3}, 7, per_tensor(0.01f, 0));
  const ConvAttrs each{.window = {.kernel_h = 3, .kernel_w = 3}, .groups = 4};
  const Tensor d =
      run_op(OpKind::kDepthwiseConv, each, {x, v}, DataType::kInt8, per_tensor(0.5f, 0));
  CHECK(worst_error(d, on_reals(OpKind::kDepthwiseConv, each, {x, v})) < 0.51);
}

TEST_CASE("elementwise operators of two integer tensors are within a step of the real ones") {
  for (const DataType type : {DataType::kInt8, DataType::kUint8, DataType::kInt16})
    for (const OpKind kind :
         {OpKind::kAdd, OpKind::kSub, OpKind::kMul, OpKind::kMin, OpKind::kMax, OpKind::kPRelu}) {
      const std::int64_t zero = type == DataType::kUint8 ? 130 : type == DataType::kInt8 ? 2 : 0;
      const float scale = type == DataType::kInt16 ? 0.0002f : 0.05f;
      const Tensor a = random_of(type, {2, 3, 4}, 1, per_tensor(scale, zero));
      const Tensor b = random_of(type, {3, 1}, 2, per_tensor(scale * 0.7f, zero));
      const float out = kind == OpKind::kMul || kind == OpKind::kPRelu ? scale * 6 : scale * 2;
      const Tensor y = run_op(kind, {}, {a, b}, type, per_tensor(out, zero));
      CHECK(worst_error(y, on_reals(kind, {}, {a, b})) <= 0.55);
    }
}

TEST_CASE("activations of every type are within a step of the real functions") {
  for (const DataType type : {DataType::kInt8, DataType::kUint8, DataType::kInt16})
    for (int k = static_cast<int>(OpKind::kRelu); k <= static_cast<int>(OpKind::kCos); ++k) {
      const auto kind = static_cast<OpKind>(k);
      if (kind == OpKind::kPRelu || kind == OpKind::kLog || kind == OpKind::kSqrt ||
          kind == OpKind::kRsqrt || kind == OpKind::kReciprocal)
        continue;
      OpAttrs attrs;
      if (kind == OpKind::kClip || kind == OpKind::kLeakyRelu || kind == OpKind::kHardSigmoid ||
          kind == OpKind::kElu)
        attrs = UnaryAttrs{.alpha = 0.2f, .beta = 0.5f};
      const bool wide = type == DataType::kInt16;
      const std::int64_t zero = type == DataType::kUint8 ? 128 : 0;
      const Tensor x = random_of(type, {500}, 3, per_tensor(wide ? 0.0002f : 0.04f, zero));
      const Tensor y = run_op(kind, attrs, {x}, type, per_tensor(wide ? 0.0005f : 0.1f, zero));
      const bool rescaled = kind <= OpKind::kLeakyRelu;         // rounded twice
      const bool narrow = kind == OpKind::kHardSwish && !wide;  // TFLite's kernel of 16 bits
      CHECK(worst_error(y, on_reals(kind, attrs, {x})) <= (narrow ? 1.05 : rescaled ? 0.76 : 0.51));
    }
}

TEST_CASE("a fused clamp behind a layer is the clamp of its saturated output") {
  const Tensor x = tensor_with(DataType::kInt8, {4}, {-3, 0.5, 5.9, 8}, per_tensor(0.1f, -40));
  const Tensor y = run_op(OpKind::kRelu6, {}, {x}, DataType::kInt8, per_tensor(0.1f, -40));
  CHECK(stored_integers(y) == std::vector<std::int64_t>{-40, -35, 19, 20});
}

TEST_CASE("pools of integers round halves away from zero, over the elements that are there") {
  const PoolAttrs attrs{.window = {.kernel_h = 2, .kernel_w = 2, .pad_top = 1, .pad_left = 1}};
  Tensor x = empty_tensor(
      {.type = DataType::kInt8, .shape = {1, 1, 2, 2}, .quantization = per_tensor(0.5f, 10)});
  store_integers(x, std::vector<std::int64_t>{-1, -2, 4, 5});
  const auto pooled = [&](OpKind kind, const PoolAttrs& pool) {
    return stored_integers(run_op(kind, pool, {x}, DataType::kInt8, per_tensor(0.5f, 10)));
  };
  using Values = std::vector<std::int64_t>;
  CHECK(pooled(OpKind::kAveragePool, attrs) == Values{-1, -2, 2, 2});  // -1.5, 1.5, 6/4
  CHECK(pooled(OpKind::kMaxPool, attrs) == Values{-1, -1, 4, 5});
  PoolAttrs with_pads = attrs;  // pads hold the zero point
  with_pads.count_include_pad = true;
  CHECK(pooled(OpKind::kAveragePool, with_pads)[0] == 7);  // (30 - 1) / 4 = 7.25
}

TEST_CASE("means of integers are requantised sums") {
  Tensor x = empty_tensor(
      {.type = DataType::kInt8, .shape = {1, 2, 2, 2}, .quantization = per_tensor(0.5f, 10)});
  store_integers(x, std::vector<std::int64_t>{1, 2, 3, 5, -10, -20, -30, -41});
  const Tensor y = run_op(OpKind::kReduceMean, ReduceAttrs{.axes = {2, 3}}, {x}, DataType::kInt8,
                          per_tensor(0.25f, 0));
  // (11/4 - 10) * 2 = -14.5 and (-101/4 - 10) * 2 = -70.5: the doubling product rounds them up.
  CHECK(stored_integers(y)[0] == -14);
  CHECK(stored_integers(y)[1] == -70);
}

TEST_CASE("bilinear resizing of integers keeps ten fractional bits an axis") {
  const Tensor x = random_of(DataType::kInt8, {1, 2, 5, 7}, 9, per_tensor(0.5f, 3));
  for (const bool half : {false, true})
    for (const bool align : {false, true}) {
      const ResizeAttrs attrs{.out_h = 9, .out_w = 10, .align_corners = align, .half_pixel = half};
      if (half && align) continue;
      const Tensor y =
          run_op(OpKind::kResizeBilinear, attrs, {x}, DataType::kInt8, per_tensor(0.5f, 3));
      CHECK(worst_error(y, on_reals(OpKind::kResizeBilinear, attrs, {x})) <= 1.2);
    }
}

TEST_CASE("an integer LSTM follows the real one to a few steps") {
  const Tensor x = random_of(DataType::kInt8, {6, 1, 4}, 1, per_tensor(0.02f, 0));
  const Tensor w = random_of(DataType::kInt8, {1, 12, 4}, 2, per_tensor(0.01f, 0));
  const Tensor r = random_of(DataType::kInt8, {1, 12, 3}, 3, per_tensor(0.01f, 0));
  const RecurrentAttrs attrs{.hidden = 3};
  const Tensor y =
      run_op(OpKind::kLstm, attrs, {x, w, r}, DataType::kInt8, per_tensor(1.0f / 128, 0));
  CHECK(worst_error(y, on_reals(OpKind::kLstm, attrs, {x, w, r})) <= 4);
}

}  // namespace
}  // namespace presil
