// Real numbers: the executor against the plain evaluation of tests/models/evaluate.h, which shares
// nothing with it, and against sums written out.

#include <cmath>

#include "tests/models/evaluate.h"
#include "tests/sim/reference/one_op.h"

namespace presil {
namespace {

using test::Net;
using test::random_of;
using test::run_op;
using test::tensor_with;

/// The inputs that test::Evaluator uses.
std::vector<Tensor> evaluator_inputs(const Graph& graph) {
  int next = 41;
  std::vector<Tensor> inputs;
  for (const TensorId id : graph.inputs()) {
    inputs.push_back(empty_tensor(graph.tensor(id)));
    std::vector<double> values(static_cast<std::size_t>(inputs.back().elements()));
    for (double& value : values) {
      value = (next - 30) / 10.0;
      next = (next + 37) % 61;
    }
    store_reals(inputs.back(), values);
  }
  return inputs;
}

void check_against_evaluator(const Graph& graph) {
  const std::vector<double> wanted = test::Evaluator(graph).run(0);
  const std::vector<double> got = real_values(execute(graph, evaluator_inputs(graph)).front());
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    CHECK(std::fabs(got[i] - wanted[i]) <= 1e-5 * (1 + std::fabs(wanted[i])));
}

TensorId random_constant(Net& net, Shape shape, std::uint64_t seed) {
  const Tensor values = random_of(DataType::kFloat32, shape, seed);
  TensorDesc desc = test::dims("w", std::move(shape));
  desc.data = std::make_shared<const TensorData>(values.bytes);
  return net.constant(std::move(desc));
}

TEST_CASE("convolutions of every stride, dilation, padding and grouping are the plain sums") {
  std::uint64_t seed = 0;
  for (const std::int64_t groups : {1, 2, 4})
    for (const std::int64_t stride : {1, 2})
      for (const std::int64_t dilation : {1, 2})
        for (const std::int64_t pad : {0, 1}) {
          const ConvAttrs attrs{.window = {.kernel_h = 3,
                                           .kernel_w = 2,
                                           .stride_h = stride,
                                           .stride_w = 1,
                                           .dilation_h = dilation,
                                           .dilation_w = 1,
                                           .pad_top = pad,
                                           .pad_bottom = 0,
                                           .pad_left = 0,
                                           .pad_right = pad},
                                .groups = groups};
          Net net;
          const TensorId x = net.input({2, 4, 7, 6});
          const TensorId w = random_constant(net, {8, 4 / groups, 3, 2}, ++seed);
          const TensorId b = random_constant(net, {8}, ++seed);
          check_against_evaluator(net.finish(net.op(OpKind::kConv, {x, w, b}, attrs)));
          Net other;
          const TensorId u = other.input({2, 4, 5, 6});
          const TensorId v = random_constant(other, {4, 8 / groups, 3, 2}, ++seed);
          check_against_evaluator(other.finish(other.op(OpKind::kTransposedConv, {u, v}, attrs)));
        }
}

TEST_CASE("depthwise convolutions with a multiplier and 1-D convolutions are the plain sums") {
  Net net;
  const TensorId x = net.input({2, 3, 6, 6});
  const ConvAttrs attrs{.window = {.kernel_h = 3,
                                   .kernel_w = 3,
                                   .stride_h = 2,
                                   .stride_w = 2,
                                   .pad_top = 1,
                                   .pad_bottom = 1,
                                   .pad_left = 1,
                                   .pad_right = 1},
                        .groups = 3};
  const TensorId w = random_constant(net, {6, 1, 3, 3}, 1);
  check_against_evaluator(net.finish(net.op(OpKind::kDepthwiseConv, {x, w}, attrs)));
  Net line;
  const TensorId l = line.input({1, 4, 9});
  const TensorId v = random_constant(line, {2, 4, 3}, 2);
  check_against_evaluator(
      line.finish(line.op(OpKind::kConv, {l, v}, ConvAttrs{.window = {.kernel_w = 3}})));
}

TEST_CASE("layers of matrices, norms, pools and movements are the plain sums") {
  Net net;
  const TensorId x = net.input({1, 4, 6, 6});
  TensorId y =
      net.op(OpKind::kAveragePool, {x},
             PoolAttrs{.window = {.kernel_h = 2, .kernel_w = 2, .stride_h = 2, .stride_w = 2},
                       .count_include_pad = true});
  y = net.op(OpKind::kChannelShuffle, {y}, BlockAttrs{.block = 2});
  y = net.op(OpKind::kBatchNorm,
             {y, random_constant(net, {4}, 1), random_constant(net, {4}, 2),
              random_constant(net, {4}, 3), net.constant(test::floats("v", {4}, {1, 2, 3, 0.5f}))},
             NormAttrs{});
  y = net.op(OpKind::kPad, {y},
             PadAttrs{.before = {0, 0, 1, 0}, .after = {0, 0, 0, 1}, .value = 2});
  y = net.op(OpKind::kMaxPool, {y}, PoolAttrs{.window = {.kernel_h = 2, .kernel_w = 2}});
  y = net.op(OpKind::kReshape, {y}, ReshapeAttrs{.shape = {9, 4}, .channels_last = true});
  y = net.op(OpKind::kLayerNorm, {y, random_constant(net, {4}, 4), random_constant(net, {4}, 5)},
             NormAttrs{.axis = 1});
  y = net.op(OpKind::kFullyConnected,
             {y, random_constant(net, {5, 4}, 6), random_constant(net, {5}, 7)});
  y = net.op(OpKind::kMatMul, {y, random_constant(net, {5, 3}, 8)}, MatMulAttrs{});
  y = net.op(OpKind::kTranspose, {y}, TransposeAttrs{.perm = {1, 0}});
  y = net.op(OpKind::kGelu, {y});
  y = net.op(OpKind::kReduceMean, {y}, ReduceAttrs{.axes = {1}});
  check_against_evaluator(net.finish(y));
}

TEST_CASE("batched products broadcast their leading dimensions and transpose") {
  const Tensor a = random_of(DataType::kFloat32, {2, 1, 3, 4}, 1);
  const Tensor b = random_of(DataType::kFloat32, {5, 6, 4}, 2);
  const Tensor y =
      run_op(OpKind::kMatMul, MatMulAttrs{.transpose_b = true}, {a, b}, DataType::kFloat32);
  REQUIRE(y.shape == Shape{2, 5, 3, 6});
  const auto at = [](const Tensor& t, std::int64_t i) {
    return double{t.as<float>()[static_cast<std::size_t>(i)]};
  };
  for (std::int64_t i = 0; i < 2; ++i)
    for (std::int64_t j = 0; j < 5; ++j)
      for (std::int64_t m = 0; m < 3; ++m)
        for (std::int64_t n = 0; n < 6; ++n) {
          double sum = 0;
          for (std::int64_t k = 0; k < 4; ++k)
            sum += at(a, (i * 3 + m) * 4 + k) * at(b, (j * 6 + n) * 4 + k);
          CHECK(at(y, ((i * 5 + j) * 3 + m) * 6 + n) == doctest::Approx(sum).epsilon(1e-6));
        }
}

TEST_CASE("16-bit floats are rounded when they are stored") {
  const Tensor a = tensor_with(DataType::kFloat16, {2}, {2048, 1});
  const Tensor b = tensor_with(DataType::kFloat16, {2}, {1, 0x1p-11});
  CHECK(real_values(run_op(OpKind::kAdd, {}, {a, b}, DataType::kFloat16)) ==
        std::vector<double>{2048, 1});
  const Tensor c = tensor_with(DataType::kBfloat16, {1}, {256}),
               d = tensor_with(DataType::kBfloat16, {1}, {3});
  CHECK(real_values(run_op(OpKind::kAdd, {}, {c, d}, DataType::kBfloat16)) ==
        std::vector<double>{260});
}

/// Gates of one unit with all weights 1 and no bias, from h = c = 0.
TEST_CASE("one unit of an LSTM, a GRU and an RNN is the recurrence written out") {
  const Tensor x = tensor_with(DataType::kFloat64, {2, 1, 1}, {0.5, -1});
  const auto ones = [](std::int64_t gates) {
    return tensor_with(DataType::kFloat64, {1, gates, 1},
                       std::vector<double>(static_cast<std::size_t>(gates), 1));
  };
  const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
  double h = 0, c = 0;
  std::vector<double> lstm, gru, reset_behind, rnn;
  for (const double in : {0.5, -1.0}) {
    const double s = in + h;
    c = sigmoid(s) * c + sigmoid(s) * std::tanh(s);
    h = sigmoid(s) * std::tanh(c);
    lstm.push_back(h);
  }
  h = 0;
  for (const double in : {0.5, -1.0}) rnn.push_back(h = std::tanh(in + h));
  h = 0;
  for (const double in : {0.5, -1.0}) {
    const double gate = sigmoid(in + h);
    gru.push_back(h = (1 - gate) * std::tanh(in + gate * h) + gate * h);
  }
  const RecurrentAttrs attrs{.hidden = 1};
  const DataType wide = DataType::kFloat64;
  const auto near = [](const Tensor& got, const std::vector<double>& wanted) {
    const std::vector<double> values = real_values(got);
    REQUIRE(values.size() == wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i)
      CHECK(values[i] == doctest::Approx(wanted[i]).epsilon(1e-12));
  };
  near(run_op(OpKind::kLstm, attrs, {x, ones(4), ones(4)}, wide), lstm);
  near(run_op(OpKind::kGru, attrs, {x, ones(3), ones(3)}, wide), gru);
  near(run_op(OpKind::kRnn, attrs, {x, ones(1), ones(1)}, wide), rnn);
  RecurrentAttrs behind = attrs;  // without biases and with one unit it is the same
  behind.linear_before_reset = true;
  near(run_op(OpKind::kGru, behind, {x, ones(3), ones(3)}, wide), gru);
}

TEST_CASE("a bidirectional recurrence reads its second direction from the end") {
  const Tensor x = random_of(DataType::kFloat32, {4, 2, 3}, 1);
  Tensor reversed = x;
  for (std::size_t t = 0; t < 4; ++t)
    for (std::size_t i = 0; i < 6; ++i)
      reversed.as<float>()[t * 6 + i] = x.as<float>()[(3 - t) * 6 + i];
  const Tensor w = random_of(DataType::kFloat32, {2, 20, 3}, 2);
  const Tensor r = random_of(DataType::kFloat32, {2, 20, 5}, 3);
  const auto half = [](const Tensor& both, std::size_t d) {
    Tensor one = empty_tensor({.type = both.type, .shape = {1, both.shape[1], both.shape[2]}});
    std::copy_n(both.bytes.begin() + static_cast<std::ptrdiff_t>(d * one.bytes.size()),
                one.bytes.size(), one.bytes.begin());
    return one;
  };
  const Tensor y =
      run_op(OpKind::kLstm, RecurrentAttrs{.hidden = 5, .direction = Direction::kBidirectional},
             {x, w, r}, DataType::kFloat32);
  const Tensor back = run_op(OpKind::kLstm, RecurrentAttrs{.hidden = 5},
                             {reversed, half(w, 1), half(r, 1)}, DataType::kFloat32);
  REQUIRE(y.shape == Shape{4, 2, 2, 5});
  for (std::size_t t = 0; t < 4; ++t)
    for (std::size_t i = 0; i < 10; ++i)
      CHECK(y.as<float>()[(t * 2 + 1) * 10 + i] == back.as<float>()[(3 - t) * 10 + i]);
}

TEST_CASE("local response, instance norm and log softmax are their formulas") {
  const Tensor x = tensor_with(DataType::kFloat32, {1, 3, 1, 1}, {1, 2, 3});
  const auto lrn =
      real_values(run_op(OpKind::kLrn, LrnAttrs{.size = 3, .alpha = 3, .beta = 1, .bias = 1}, {x},
                         DataType::kFloat32));
  CHECK(lrn[0] == doctest::Approx(1.0 / (1 + 1 + 4)));
  CHECK(lrn[1] == doctest::Approx(2.0 / (1 + 1 + 4 + 9)));
  CHECK(lrn[2] == doctest::Approx(3.0 / (1 + 4 + 9)));
  const Tensor map = tensor_with(DataType::kFloat32, {1, 1, 1, 2}, {1, 3});
  const auto norm = real_values(run_op(
      OpKind::kInstanceNorm, NormAttrs{.axis = 1, .epsilon = 0},
      {map, tensor_with(DataType::kFloat32, {1}, {2}), tensor_with(DataType::kFloat32, {1}, {10})},
      DataType::kFloat32));
  CHECK(norm == std::vector<double>{8, 12});
  const auto log = real_values(run_op(OpKind::kLogSoftmax, AxisAttrs{.axis = 0},
                                      {tensor_with(DataType::kFloat64, {2}, {0, std::log(3)})},
                                      DataType::kFloat64));
  CHECK(log[0] == doctest::Approx(std::log(0.25)));
  CHECK(log[1] == doctest::Approx(std::log(0.75)));
}

TEST_CASE("resizing interpolates between the coordinates that the attributes name") {
  const Tensor x = tensor_with(DataType::kFloat32, {1, 1, 1, 3}, {0, 10, 20});
  const auto resized = [&](OpKind kind, bool align, bool half) {
    return real_values(run_op(
        kind, ResizeAttrs{.out_h = 1, .out_w = 6, .align_corners = align, .half_pixel = half}, {x},
        DataType::kFloat32));
  };
  using Values = std::vector<double>;
  CHECK(resized(OpKind::kResizeBilinear, false, false) == Values{0, 5, 10, 15, 20, 20});
  CHECK(resized(OpKind::kResizeBilinear, false, true) == Values{0, 2.5, 7.5, 12.5, 17.5, 20});
  CHECK(resized(OpKind::kResizeBilinear, true, false) == Values{0, 4, 8, 12, 16, 20});
  CHECK(resized(OpKind::kResizeNearest, false, false) == Values{0, 0, 10, 10, 20, 20});
  CHECK(resized(OpKind::kResizeNearest, false, true) == Values{0, 0, 10, 10, 20, 20});
  CHECK(resized(OpKind::kResizeNearest, true, false) == Values{0, 0, 10, 10, 20, 20});
}

}  // namespace
}  // namespace presil
