#include <limits>

#include "tests/models/evaluate.h"

namespace presil {
namespace {

using test::kinds_of;
using test::Net;
using test::only;
using Kinds = std::vector<OpKind>;

TensorDesc weights(const Shape& shape) {
  std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 7) - 3;
  return test::floats("w", shape, values);
}

constexpr float kLowest = -std::numeric_limits<float>::infinity();

/// One row above, two below, three left, four right.
PadAttrs around(float value = 0) {
  return {.before = {0, 0, 1, 3}, .after = {0, 0, 2, 4}, .value = value};
}

Graph padded(OpKind kind, const OpAttrs& attrs, PadAttrs pad, bool after_relu = false) {
  Net net;
  TensorId x = net.input({1, 2, 20, 20});
  if (after_relu) x = net.op(OpKind::kRelu, {x});
  std::vector<TensorId> inputs{net.op(OpKind::kPad, {x}, std::move(pad))};
  if (kind == OpKind::kConv) inputs.push_back(net.constant(weights({3, 2, 3, 3})));
  if (kind == OpKind::kTransposedConv) inputs.push_back(net.constant(weights({2, 3, 3, 3})));
  return test::simplified(net.finish(net.op(kind, inputs, attrs)));
}

Window window(std::int64_t kernel) {
  return {.kernel_h = kernel, .kernel_w = kernel, .pad_top = 1, .pad_right = 1};
}

void check_pads(const Window& w) {
  CHECK(w.pad_top == 2);
  CHECK(w.pad_bottom == 2);
  CHECK(w.pad_left == 3);
  CHECK(w.pad_right == 5);
}

}  // namespace

TEST_CASE("zeros in front of a convolution become the window's padding") {
  const Graph graph = padded(OpKind::kConv, ConvAttrs{.window = window(3)}, around());
  CHECK(kinds_of(graph) == Kinds{OpKind::kConv});
  check_pads(graph.ops()[0].as<ConvAttrs>().window);
}

TEST_CASE("padding of a sequence goes along its only axis") {
  Net net;
  const TensorId x = net.op(OpKind::kPad, {net.input({1, 2, 20})},
                            PadAttrs{.before = {0, 0, 3}, .after = {0, 0, 4}});
  const TensorId w = net.constant(weights({3, 2, 5}));
  const Graph graph = test::simplified(
      net.finish(net.op(OpKind::kConv, {x, w}, ConvAttrs{.window = {.kernel_w = 5}})));
  CHECK(graph.ops().size() == 1);
  CHECK(graph.ops()[0].as<ConvAttrs>().window.pad_left == 3);
  CHECK(graph.ops()[0].as<ConvAttrs>().window.pad_right == 4);
}

TEST_CASE("padding by other values, of channels, or of a transposed convolution stays") {
  const ConvAttrs conv{.window = window(3)};
  CHECK(padded(OpKind::kConv, conv, around(1)).ops().size() == 2);
  CHECK(padded(OpKind::kTransposedConv, conv, around()).ops().size() == 2);
  Net net;
  const TensorId x = net.op(OpKind::kPad, {net.input({1, 2, 5, 5})},
                            PadAttrs{.before = {0, 1, 0, 0}, .after = {0, 0, 0, 0}});
  const TensorId w = net.constant(weights({3, 3, 1, 1}));
  CHECK(test::simplified(net.finish(net.op(OpKind::kConv, {x, w}, ConvAttrs{}))).ops().size() == 2);
}

TEST_CASE("a maximum ignores padding by -infinity, and zeros behind a ReLU") {
  const PoolAttrs pool{.window = window(7)};
  const Graph lowest = padded(OpKind::kMaxPool, pool, around(kLowest));
  CHECK(kinds_of(lowest) == Kinds{OpKind::kMaxPool});
  check_pads(lowest.ops()[0].as<PoolAttrs>().window);
  CHECK(kinds_of(padded(OpKind::kMaxPool, pool, around(), true)) ==
        Kinds{OpKind::kRelu, OpKind::kMaxPool});
  CHECK(padded(OpKind::kMaxPool, pool, around()).ops().size() == 2);
  CHECK(padded(OpKind::kMaxPool, pool, around(-kLowest)).ops().size() == 2);
}

TEST_CASE("a mean takes padding only if it counts it") {
  PoolAttrs pool{.window = window(7), .count_include_pad = true};
  const Graph counted = padded(OpKind::kAveragePool, pool, around());
  CHECK(kinds_of(counted) == Kinds{OpKind::kAveragePool});
  check_pads(counted.ops()[0].as<PoolAttrs>().window);
  CHECK(padded(OpKind::kAveragePool, pool, around(1)).ops().size() == 2);
  pool.count_include_pad = false;
  CHECK(padded(OpKind::kAveragePool, pool, around()).ops().size() == 2);
}

TEST_CASE("padding that the pool's window could not reach over, or that rounding up cuts, stays") {
  CHECK(padded(OpKind::kMaxPool, PoolAttrs{.window = window(3)}, around(kLowest)).ops().size() ==
        2);
  CHECK(padded(OpKind::kMaxPool, PoolAttrs{.window = window(7), .ceil_mode = true}, around(kLowest))
            .ops()
            .size() == 2);
}

TEST_CASE("a pad that two convolutions read goes when both have it") {
  Net net;
  const TensorId x = net.op(OpKind::kPad, {net.input({1, 2, 8, 8})}, around());
  const auto conv = [&] {
    return net.op(OpKind::kConv, {x, net.constant(weights({3, 2, 3, 3}))},
                  ConvAttrs{.window = window(3)});
  };
  const TensorId a = conv(), b = conv();
  CHECK(kinds_of(test::simplified(net.finish(net.op(OpKind::kAdd, {a, b})))) ==
        Kinds{OpKind::kConv, OpKind::kConv, OpKind::kAdd});
}

}  // namespace presil
