#include <cmath>

#include "tests/models/evaluate.h"

namespace presil {
namespace {

using test::dims;
using test::floats;
using test::kinds_of;
using test::Net;
using test::only;
using test::values_of;
using Kinds = std::vector<OpKind>;

constexpr float kEpsilon = 0.5f;

/// Scale (2, 3), bias (10, 20), mean (1, 2), variance + epsilon (4, 9): m = (1, 1), a = (9, 18).
std::vector<TensorId> batch_norm_operands(Net& n, TensorId y, bool known = true) {
  std::vector<TensorId> operands{y};
  const std::vector<std::vector<float>> values = {{2, 3}, {10, 20}, {1, 2}, {3.5f, 8.5f}};
  for (const std::vector<float>& v : values)
    operands.push_back(n.constant(known ? floats("p", {2}, v) : dims("p", {2})));
  return operands;
}

TensorId batch_norm(Net& n, TensorId y, bool known = true) {
  return n.op(OpKind::kBatchNorm, batch_norm_operands(n, y, known),
              NormAttrs{.axis = 1, .epsilon = kEpsilon});
}

TensorId scaling_batch_norm(Net& n, TensorId y, const std::vector<float>& gamma) {
  std::vector<TensorId> operands = batch_norm_operands(n, y);
  operands[1] = n.constant(floats("gamma", {static_cast<std::int64_t>(gamma.size())}, gamma));
  return n.op(OpKind::kBatchNorm, operands, NormAttrs{.axis = 1, .epsilon = kEpsilon});
}

std::vector<float> weights_of(const Graph& graph, OpKind kind) {
  return values_of<float>(graph.tensor(only(graph, kind).inputs.at(1)));
}
std::vector<float> bias_of(const Graph& graph, OpKind kind) {
  return values_of<float>(graph.tensor(only(graph, kind).inputs.at(2)));
}

}  // namespace

TEST_CASE("a batch norm is folded into weights and bias: w * m, b * m + beta - mean * m") {
  Net net;
  const TensorId x = net.input({1, 1, 3, 3});
  const TensorId w = net.constant(floats("w", {2, 1, 1, 2}, {1, 2, 3, 4}));
  const TensorId b = net.constant(floats("b", {2}, {5, 6}));
  const ConvAttrs conv{.window = {.kernel_w = 2}};
  const TensorId y = net.b.add_op(OpKind::kConv, conv, {x, w, b}, "the conv");
  // gamma (4, 6) over sqrt(4, 9): m = (2, 2); a = (10 - 1 * 2, 20 - 2 * 2).
  const Graph graph = test::simplified(net.finish(scaling_batch_norm(net, y, {4, 6})));
  CHECK(kinds_of(graph) == Kinds{OpKind::kConv});
  CHECK(graph.ops()[0].name == "the conv");
  CHECK(graph.tensor(graph.outputs()[0]).name == "BatchNorm");
  CHECK(weights_of(graph, OpKind::kConv) == std::vector<float>{2, 4, 6, 8});
  CHECK(bias_of(graph, OpKind::kConv) == std::vector<float>{5 * 2 + 8, 6 * 2 + 16});
}

TEST_CASE("a layer without bias gets one") {
  Net net;
  const TensorId x = net.input({1, 2, 3, 3});
  const TensorId w = net.constant(floats("w", {2, 1, 1, 1}, {1, 2}));
  const TensorId y = net.op(OpKind::kDepthwiseConv, {x, w}, ConvAttrs{.groups = 2});
  const Graph graph =
      test::simplified(net.finish(scaling_batch_norm(net, y, {4, 9})));  // m = (2, 3)
  CHECK(weights_of(graph, OpKind::kDepthwiseConv) == std::vector<float>{2, 6});
  CHECK(bias_of(graph, OpKind::kDepthwiseConv) == std::vector<float>{10 - 1 * 2, 20 - 2 * 3});
}

TEST_CASE("weights without data only get the shape of a bias") {
  Net net;
  const TensorId x = net.input({1, 3, 5, 5});
  const TensorId y = net.op(OpKind::kConv, {x, net.constant(dims("w", {2, 3, 1, 1}))}, ConvAttrs{});
  const Graph graph = test::simplified(net.finish(batch_norm(net, y, false)));
  CHECK(kinds_of(graph) == Kinds{OpKind::kConv});
  const Op& conv = only(graph, OpKind::kConv);
  REQUIRE(conv.inputs.size() == 3);
  CHECK(graph.tensor(conv.inputs[2]).shape == Shape{2});
  CHECK(graph.tensor(conv.inputs[2]).name == "Conv.bias");
  CHECK_FALSE(graph.tensor(conv.inputs[1]).data);
  CHECK_FALSE(graph.tensor(conv.inputs[2]).data);
}

TEST_CASE("values that one unknown constant leaves unknown are dropped, not guessed") {
  Net net;
  const TensorId x = net.input({1, 1, 3, 3});
  const TensorId w = net.constant(floats("w", {2, 1, 1, 1}, {1, 2}));
  const TensorId y = net.op(OpKind::kConv, {x, w}, ConvAttrs{});
  const Graph graph = test::simplified(net.finish(batch_norm(net, y, false)));
  CHECK_FALSE(graph.tensor(only(graph, OpKind::kConv).inputs[1]).data);
}

TEST_CASE("a transposed convolution scales its weights [C,K/groups,R,S] by output channel") {
  Net net;
  const TensorId x = net.input({1, 2, 1, 1});
  // Two inputs, two outputs, kernel 1x2: w[c][k][s] = 100 c + 10 k + s.
  const TensorId w = net.constant(floats("w", {2, 2, 1, 2}, {0, 1, 10, 11, 100, 101, 110, 111}));
  const TensorId y = net.op(OpKind::kTransposedConv, {x, w}, ConvAttrs{.window = {.kernel_w = 2}});
  const Graph graph =
      test::simplified(net.finish(scaling_batch_norm(net, y, {2, 9})));  // m = (1, 3)
  CHECK(weights_of(graph, OpKind::kTransposedConv) ==
        std::vector<float>{0, 1, 30, 33, 100, 101, 330, 333});

  Net grouped;  // one output of each group: channel k belongs to input k
  const TensorId gw = grouped.constant(floats("w", {2, 1, 1, 1}, {5, 7}));
  const TensorId gy = grouped.op(OpKind::kTransposedConv, {grouped.input({1, 2, 1, 1}), gw},
                                 ConvAttrs{.groups = 2});
  CHECK(weights_of(test::simplified(grouped.finish(scaling_batch_norm(grouped, gy, {2, 9}))),
                   OpKind::kTransposedConv) == std::vector<float>{5, 21});
}

TEST_CASE(
    "a batch norm behind a fully connected layer folds where its channels are the last axis") {
  Net net;
  const TensorId w = net.constant(floats("w", {2, 3}, {1, 1, 1, 2, 2, 2}));
  const TensorId y = net.op(OpKind::kFullyConnected, {net.input({4, 3}), w});
  const Graph graph = test::simplified(net.finish(scaling_batch_norm(net, y, {2, 9})));
  CHECK(weights_of(graph, OpKind::kFullyConnected) == std::vector<float>{1, 1, 1, 6, 6, 6});

  Net sequence;  // [N,T,O]: the norm is over T
  const TensorId v = sequence.constant(dims("w", {2, 3}));
  const TensorId z = sequence.op(OpKind::kFullyConnected, {sequence.input({4, 2, 3}), v});
  CHECK(kinds_of(test::simplified(sequence.finish(batch_norm(sequence, z)))) ==
        Kinds{OpKind::kFullyConnected, OpKind::kBatchNorm});
}

TEST_CASE("a batch norm that nothing can absorb stays") {
  Net alone;
  CHECK(kinds_of(test::simplified(alone.finish(batch_norm(alone, alone.input({1, 2, 3, 3}))))) ==
        Kinds{OpKind::kBatchNorm});

  Net read_twice;
  const TensorId y = read_twice.op(
      OpKind::kConv, {read_twice.input({1, 1, 3, 3}), read_twice.constant(dims("w", {2, 1, 1, 1}))},
      ConvAttrs{});
  const TensorId sum = read_twice.op(OpKind::kAdd, {batch_norm(read_twice, y), y});
  CHECK(kinds_of(test::simplified(read_twice.finish(sum))) ==
        Kinds{OpKind::kConv, OpKind::kBatchNorm, OpKind::kAdd});

  Net shared;  // another layer has the same weights, unscaled
  const TensorId w = shared.constant(dims("w", {2, 2, 1, 1}));
  const TensorId first = shared.op(OpKind::kConv, {shared.input({1, 2, 3, 3}), w}, ConvAttrs{});
  const TensorId second = shared.op(OpKind::kConv, {batch_norm(shared, first), w}, ConvAttrs{});
  CHECK(kinds_of(test::simplified(shared.finish(second))) ==
        Kinds{OpKind::kConv, OpKind::kBatchNorm, OpKind::kConv});

  Net integers;
  const TensorId q = integers.op(
      OpKind::kConv,
      {integers.input({1, 2, 3, 3}), integers.constant(dims("w", {2, 2, 1, 1}, DataType::kInt8))},
      ConvAttrs{});
  CHECK(kinds_of(test::simplified(integers.finish(batch_norm(integers, q)))) ==
        Kinds{OpKind::kConv, OpKind::kBatchNorm});
}

TEST_CASE("products and sums by constants per channel fold like a batch norm") {
  const auto conv_then = [](OpKind kind, const TensorDesc& constant, bool constant_first = false) {
    Net net;
    const TensorId w = net.constant(floats("w", {2, 1, 1, 1}, {1, 2}));
    const TensorId b = net.constant(floats("b", {2}, {3, 4}));
    const TensorId y = net.op(OpKind::kConv, {net.input({1, 1, 3, 3}), w, b}, ConvAttrs{});
    const TensorId c = net.constant(constant);
    return test::simplified(
        net.finish(constant_first ? net.op(kind, {c, y}) : net.op(kind, {y, c})));
  };
  const TensorDesc channels = floats("c", {2, 1, 1}, {2, 4});
  const Graph mul = conv_then(OpKind::kMul, channels, true);
  CHECK(weights_of(mul, OpKind::kConv) == std::vector<float>{2, 8});
  CHECK(bias_of(mul, OpKind::kConv) == std::vector<float>{6, 16});
  const Graph div = conv_then(OpKind::kDiv, channels);
  CHECK(weights_of(div, OpKind::kConv) == std::vector<float>{0.5f, 0.5f});
  CHECK(bias_of(div, OpKind::kConv) == std::vector<float>{1.5f, 1});
  const Graph add = conv_then(OpKind::kAdd, floats("c", {1, 2, 1, 1}, {2, 4}));
  CHECK(weights_of(add, OpKind::kConv) == std::vector<float>{1, 2});
  CHECK(bias_of(add, OpKind::kConv) == std::vector<float>{5, 8});
  const Graph sub = conv_then(OpKind::kSub, test::scalar(1));
  CHECK(bias_of(sub, OpKind::kConv) == std::vector<float>{2, 3});

  // Not by channel, or not in this order: stays.
  CHECK(conv_then(OpKind::kAdd, dims("c", {3})).ops().size() == 2);
  CHECK(conv_then(OpKind::kAdd, dims("c", {1, 1, 2, 1, 1})).ops().size() == 2);
  CHECK(conv_then(OpKind::kSub, channels, true).ops().size() == 2);
  CHECK(conv_then(OpKind::kDiv, channels, true).ops().size() == 2);
  CHECK(conv_then(OpKind::kDiv, floats("c", {2, 1, 1}, {2, 0})).ops().size() == 2);
}

TEST_CASE("constants without data fold by shape, weights shared by a sum stay shared") {
  Net net;
  const TensorId x = net.input({1, 2, 3, 3});
  const TensorId w = net.constant(dims("w", {2, 2, 1, 1}));
  const TensorId y = net.op(OpKind::kConv, {x, w}, ConvAttrs{});
  const TensorId sum = net.op(OpKind::kAdd, {y, net.constant(dims("c", {2, 1, 1}))});
  const Graph graph = test::simplified(net.finish(net.op(OpKind::kConv, {sum, w}, ConvAttrs{})));
  CHECK(kinds_of(graph) == Kinds{OpKind::kConv, OpKind::kConv});
  CHECK(graph.ops()[0].inputs.size() == 3);
  CHECK(graph.ops()[0].inputs[1] == graph.ops()[1].inputs[1]);
  CHECK_FALSE(graph.tensor(graph.ops()[0].inputs[2]).data);
}

TEST_CASE("a chain of scale and shift folds step by step") {
  Net net;
  const TensorId w = net.constant(floats("w", {1, 1, 1, 1}, {1}));
  TensorId y = net.op(OpKind::kConv, {net.input({1, 1, 3, 3}), w}, ConvAttrs{});
  y = net.op(OpKind::kMul, {y, net.number(2)});
  y = net.op(OpKind::kAdd, {y, net.number(3)});
  y = net.op(OpKind::kMul, {y, net.number(5)});
  const Graph graph = test::simplified(net.finish(y));
  CHECK(weights_of(graph, OpKind::kConv) == std::vector<float>{10});
  CHECK(bias_of(graph, OpKind::kConv) == std::vector<float>{15});
}

}  // namespace presil
