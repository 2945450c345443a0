#include "tests/models/graph_fixture.h"

namespace presil {
namespace {

using test::dims;
using test::error_of;

/// The multiply-accumulates of one op over an input of the given shape.
std::int64_t macs(OpKind kind, OpAttrs attrs, Shape x, const std::vector<Shape>& weights) {
  GraphBuilder b("net");
  std::vector<TensorId> inputs{b.add_input("x", DataType::kFloat32, std::move(x))};
  for (const Shape& shape : weights) inputs.push_back(b.add_constant(dims("w", shape)));
  TensorDesc y;
  y.name = "y";
  b.mark_output(b.add_op_into(kind, std::move(attrs), inputs, {y}, "op").front());
  return macs_of(std::move(b).finish()).value;
}

}  // namespace

TEST_CASE("multiply-accumulates are outputs times the weights that each needs") {
  const Window w{.kernel_h = 3, .kernel_w = 5};
  // 8 - 3 + 1 = 6 rows, 9 - 5 + 1 = 5 columns.
  CHECK(macs(OpKind::kConv, ConvAttrs{.window = w}, {2, 4, 8, 9}, {{7, 4, 3, 5}}) ==
        2 * 7 * 6 * 5 * (4 * 3 * 5));
  CHECK(macs(OpKind::kConv, ConvAttrs{.window = w, .groups = 2}, {2, 4, 8, 9}, {{6, 2, 3, 5}}) ==
        2 * 6 * 6 * 5 * (2 * 3 * 5));
  CHECK(macs(OpKind::kDepthwiseConv, ConvAttrs{.window = w, .groups = 4}, {2, 4, 8, 9},
             {{8, 1, 3, 5}}) == 2 * 8 * 6 * 5 * (3 * 5));
  // Every input element meets K/groups*R*S weights.
  CHECK(macs(OpKind::kTransposedConv, ConvAttrs{.window = w}, {2, 4, 8, 9}, {{4, 7, 3, 5}}) ==
        2 * 4 * 8 * 9 * (7 * 3 * 5));
  CHECK(macs(OpKind::kFullyConnected, {}, {2, 3, 16}, {{10, 16}}) == 2 * 3 * 10 * 16);
  CHECK(macs(OpKind::kMatMul, MatMulAttrs{.transpose_b = true}, {2, 3, 16}, {{2, 5, 16}}) ==
        2 * 3 * 5 * 16);
  CHECK(macs(OpKind::kMatMul, MatMulAttrs{.transpose_a = true}, {2, 16, 3}, {{16, 5}}) ==
        2 * 3 * 5 * 16);
}

TEST_CASE("recurrent ops count every gate of every step and direction") {
  const std::int64_t t = 7, n = 2, i = 5, h = 3;
  CHECK(macs(OpKind::kLstm, RecurrentAttrs{.hidden = h}, {t, n, i},
             {{1, 4 * h, i}, {1, 4 * h, h}}) == t * n * 4 * h * (i + h));
  CHECK(macs(OpKind::kGru, RecurrentAttrs{.hidden = h, .direction = Direction::kBidirectional},
             {t, n, i}, {{2, 3 * h, i}, {2, 3 * h, h}}) == 2 * t * n * 3 * h * (i + h));
  CHECK(macs(OpKind::kRnn, RecurrentAttrs{.hidden = h}, {t, n, i}, {{1, h, i}, {1, h, h}}) ==
        t * n * h * (i + h));
}

TEST_CASE("what does not multiply and accumulate counts nothing") {
  CHECK(macs(OpKind::kAdd, {}, {100}, {{100}}) == 0);
  CHECK(macs(OpKind::kSoftmax, AxisAttrs{}, {100}, {}) == 0);
}

TEST_CASE("more multiply-accumulates than 64 bits count is an error that names op or network") {
  // A window of 2^30 x 2^9 over 2^30 + 1 by 2^9 + 1 positions, nearly all of them padding: 2^78.
  const std::int64_t high = std::int64_t{1} << 30, wide = 1 << 9;
  const Window w{.kernel_h = high,
                 .kernel_w = wide,
                 .pad_top = high,
                 .pad_bottom = high - 1,
                 .pad_left = wide,
                 .pad_right = wide - 1};
  CHECK(error_of([&] {
          macs(OpKind::kConv, ConvAttrs{.window = w}, {1, 1, 1, 1}, {{1, 1, high, wide}});
        }) == "Conv 'op': more than 2^63 multiply-accumulates");

  // 2^20 * 2^20 * 2^20 = 2^60 each: seven are below 2^63, eight are not.
  const std::int64_t side = std::int64_t{1} << 20;
  const auto layers = [&](int count) {
    GraphBuilder b("net");
    TensorId x = b.add_input("x", DataType::kFloat32, {side, side});
    for (int i = 0; i < count; ++i)
      x = b.add_op(OpKind::kFullyConnected, {}, {x, b.add_constant(dims("w", {side, side}))}, "fc");
    b.mark_output(x);
    return std::move(b).finish();
  };
  CHECK(macs_of(layers(7)).value == 7 * (std::int64_t{1} << 60));
  CHECK(error_of([&] { layers(8); }) == "network 'net': more than 2^63 multiply-accumulates");
}

TEST_CASE("parameters are the bytes of all constants, each once") {
  GraphBuilder b("net");
  const TensorId x = b.add_input("x", DataType::kInt8, {1, 8});
  const TensorId w = b.add_constant(dims("w", {8, 8}, DataType::kInt4));
  const TensorId bias = b.add_constant(dims("bias", {8}, DataType::kInt32));
  const TensorId y = b.add_op(OpKind::kFullyConnected, {}, {x, w, bias}, "a");
  b.mark_output(b.add_op(OpKind::kFullyConnected, {}, {y, w, bias}, "b"));
  CHECK(parameter_bytes(std::move(b).finish()).value == 8 * 8 / 2 + 8 * 4);
}

TEST_CASE("the peak of activations counts operands, results and what is needed later") {
  GraphBuilder b("net");
  const TensorId x = b.add_input("x", DataType::kInt8, {1, 10});
  const TensorId wide =
      b.add_op(OpKind::kFullyConnected, {},
               {x, b.add_constant(dims("w", {70, 10}, DataType::kInt8))}, "widen");
  const TensorId act = b.add_op(OpKind::kRelu, {}, {wide}, "act");
  const TensorId narrow =
      b.add_op(OpKind::kFullyConnected, {},
               {act, b.add_constant(dims("v", {10, 70}, DataType::kInt8))}, "narrow");
  b.mark_output(b.add_op(OpKind::kAdd, {}, {x, narrow}, "skip"));
  // widen: 10 + 70; act: 70 + 70 and x for the skip: 150; narrow: 70 + 10 + 10; skip: 10 + 10 + 10.
  CHECK(peak_activation_bytes(std::move(b).finish()).value == 150);
}

TEST_CASE("outputs stay until the end, and results that nothing reads while they are made") {
  GraphBuilder b("net");
  const TensorId x = b.add_input("x", DataType::kInt8, {60});
  TensorDesc part;
  part.type = DataType::kInt8;
  const auto halves = b.add_op_into(OpKind::kSplit, AxisAttrs{}, {x}, {part, part}, "split");
  const TensorId sum = b.add_op(OpKind::kReduceSum, ReduceAttrs{.axes = {0}}, {halves[0]}, "sum");
  b.mark_output(halves[0]);
  b.mark_output(sum);
  const Graph graph = std::move(b).finish();
  // split: 60 + 30 + 30; sum: 30 + 1, the other half gone.
  CHECK(peak_activation_bytes(graph).value == 120);
}

TEST_CASE("a network that hands its input through holds it once") {
  GraphBuilder b("net");
  const TensorId x = b.add_input("x", DataType::kInt8, {60});
  b.mark_output(x);
  const Graph graph = std::move(b).finish();
  CHECK(graph.ops().empty());
  CHECK(peak_activation_bytes(graph).value == 60);
}

}  // namespace presil
