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

}  // namespace

TEST_CASE("a product by a constant matrix and a constant bias is a fully connected layer") {
  Net net;
  const TensorId w = net.constant(floats("w", {2, 3}, {1, 2, 3, 4, 5, 6}));
  const TensorId y = net.op(OpKind::kMatMul, {net.input({5, 7, 2}), w});
  const TensorId bias = net.constant(floats("b", {3}, {7, 8, 9}));
  const Graph graph = test::simplified(net.finish(net.op(OpKind::kAdd, {bias, y})));
  CHECK(kinds_of(graph) == Kinds{OpKind::kFullyConnected});
  const Op& fc = graph.ops()[0];
  CHECK(graph.tensor(fc.inputs[1]).shape == Shape{3, 2});
  CHECK(values_of<float>(graph.tensor(fc.inputs[1])) == std::vector<float>{1, 4, 2, 5, 3, 6});
  CHECK(values_of<float>(graph.tensor(fc.inputs[2])) == std::vector<float>{7, 8, 9});
}

TEST_CASE("a matrix without data is transposed by shape, and one that lies right is kept") {
  Net net;
  TensorId y = net.op(OpKind::kMatMul, {net.input({5, 2}), net.constant(dims("w", {2, 3}))});
  y = net.op(OpKind::kAdd, {y, net.constant(dims("b", {3}))});
  const Graph graph = test::simplified(net.finish(y));
  CHECK(kinds_of(graph) == Kinds{OpKind::kFullyConnected});
  CHECK(graph.tensor(graph.ops()[0].inputs[1]).shape == Shape{3, 2});
  CHECK_FALSE(graph.tensor(graph.ops()[0].inputs[2]).data);

  Net right;
  y = right.op(OpKind::kMatMul, {right.input({5, 2}), right.constant(dims("w", {3, 2}))},
               MatMulAttrs{.transpose_b = true});
  const Graph kept = test::simplified(right.finish(y));
  CHECK(kinds_of(kept) == Kinds{OpKind::kFullyConnected});
  CHECK(kept.tensor(kept.ops()[0].inputs[1]).shape == Shape{3, 2});
  CHECK(macs_of(kept).value == 5 * 2 * 3);
}

TEST_CASE("products of activations, of batches of matrices and of shared constants stay") {
  Net activations;
  const TensorId x = activations.input({5, 5});
  CHECK(kinds_of(test::simplified(activations.finish(activations.op(OpKind::kMatMul, {x, x})))) ==
        Kinds{OpKind::kMatMul});

  Net batch;
  CHECK(kinds_of(test::simplified(batch.finish(batch.op(
            OpKind::kMatMul, {batch.input({4, 5, 2}), batch.constant(dims("w", {4, 2, 3}))})))) ==
        Kinds{OpKind::kMatMul});

  Net shared;  // a transposed copy would be a second set of weights
  const TensorId w = shared.constant(dims("w", {2, 2}));
  TensorId y = shared.op(OpKind::kMatMul, {shared.input({5, 2}), w});
  y = shared.op(OpKind::kMatMul, {y, w});
  const Graph graph = test::simplified(shared.finish(y));
  CHECK(kinds_of(graph) == Kinds{OpKind::kMatMul, OpKind::kMatMul});
  CHECK(parameter_bytes(graph).value == 2 * 2 * 4);
}

TEST_CASE("a bias that is one a row, not one an output, stays a sum") {
  Net net;
  const TensorId y = net.op(OpKind::kMatMul, {net.input({5, 2}), net.constant(dims("w", {2, 3}))});
  const TensorId rows = net.constant(dims("b", {5, 1}));
  CHECK(kinds_of(test::simplified(net.finish(net.op(OpKind::kAdd, {y, rows})))) ==
        Kinds{OpKind::kFullyConnected, OpKind::kAdd});
}

}  // namespace presil
