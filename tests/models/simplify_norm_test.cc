#include "tests/models/evaluate.h"

namespace presil {
namespace {

using test::dims;
using test::kinds_of;
using test::Net;
using test::only;
using Kinds = std::vector<OpKind>;

/// How a file may write a layer norm over the last axis of [2,3,8].
struct Spelling {
  OpKind square = OpKind::kPow;
  bool rsqrt = false;
  std::vector<std::int64_t> axes = {-1}, inner_axes = {-1};
  bool keep_dims = true;
  float exponent = 2;
};

TensorDesc ramp(std::string name, Shape shape) {
  return test::floats(std::move(name), std::move(shape), {1, 2, 3, 4, 5, 6, 7, 8});
}

TensorId norm(Net& n, TensorId x, const Spelling& s) {
  const TensorId mean =
      n.op(OpKind::kReduceMean, {x}, ReduceAttrs{.axes = s.axes, .keep_dims = s.keep_dims});
  const TensorId d = n.op(OpKind::kSub, {x, mean});
  TensorId squared = kNoTensor;
  if (s.square == OpKind::kPow) squared = n.op(OpKind::kPow, {d, n.number(s.exponent)});
  if (s.square == OpKind::kMul) squared = n.op(OpKind::kMul, {d, d});
  if (s.square == OpKind::kSquare) squared = n.op(OpKind::kSquare, {d});
  const TensorId variance = n.op(OpKind::kReduceMean, {squared}, ReduceAttrs{.axes = s.inner_axes});
  const TensorId spread = n.op(OpKind::kAdd, {variance, n.number(1e-6f)});
  if (s.rsqrt) return n.op(OpKind::kMul, {n.op(OpKind::kRsqrt, {spread}), d});
  return n.op(OpKind::kDiv, {d, n.op(OpKind::kSqrt, {spread})});
}

Kinds simplified_kinds(const Spelling& spelling) {
  Net net;
  return kinds_of(test::simplified(net.finish(norm(net, net.input({2, 3, 8}), spelling))));
}

}  // namespace

TEST_CASE("a layer norm is recognised however its square and its root are written") {
  const Kinds one{OpKind::kLayerNorm};
  CHECK(simplified_kinds({}) == one);
  CHECK(simplified_kinds({.square = OpKind::kMul}) == one);
  CHECK(simplified_kinds({.square = OpKind::kSquare}) == one);
  CHECK(simplified_kinds({.rsqrt = true}) == one);
  CHECK(simplified_kinds({.axes = {1, 2}, .inner_axes = {1, 2}}) == one);
}

TEST_CASE("scale and bias behind a layer norm become its parameters") {
  for (const Shape& shape : {Shape{8}, Shape{1, 1, 8}}) {
    Net net;
    TensorId y = norm(net, net.input({2, 3, 8}), {});
    y = net.op(OpKind::kMul, {y, net.constant(ramp("scale", shape))});
    y = net.op(OpKind::kAdd, {net.constant(ramp("bias", shape)), y});
    const Graph graph = test::simplified(net.finish(y));
    CHECK(kinds_of(graph) == Kinds{OpKind::kLayerNorm});
    const Op& op = only(graph, OpKind::kLayerNorm);
    REQUIRE(op.inputs.size() == 3);
    CHECK(graph.tensor(op.inputs[1]).name == "scale");
    CHECK(graph.tensor(op.inputs[2]).shape == Shape{8});
    CHECK(op.as<NormAttrs>().axis == 2);
    CHECK(op.as<NormAttrs>().epsilon == 1e-6f);
  }
}

TEST_CASE("a bias without a scale leaves the scale out") {
  Net net;
  const TensorId y = norm(net, net.input({2, 3, 8}), {});
  const Graph graph =
      test::simplified(net.finish(net.op(OpKind::kAdd, {y, net.constant(ramp("bias", {8}))})));
  const Op& op = only(graph, OpKind::kLayerNorm);
  REQUIRE(op.inputs.size() == 3);
  CHECK(op.inputs[1] == kNoTensor);
}

TEST_CASE("a factor that is no parameter of the norm stays a product") {
  Net net;
  const TensorId y = norm(net, net.input({2, 3, 8}), {});
  const TensorId rows = net.constant(dims("rows", {3, 1}));
  CHECK(kinds_of(test::simplified(net.finish(net.op(OpKind::kMul, {y, rows})))) ==
        Kinds{OpKind::kLayerNorm, OpKind::kMul});
}

TEST_CASE("what is no layer norm stays as it is") {
  CHECK(simplified_kinds({.exponent = 3}).size() == 7);
  CHECK(simplified_kinds({.axes = {1}, .inner_axes = {1}}).size() == 7);
  CHECK(simplified_kinds({.axes = {2}, .inner_axes = {1}}).size() == 7);

  Net unknown;  // an exponent whose value is not known
  const TensorId x = unknown.input({2, 8});
  const TensorId mean = unknown.op(OpKind::kReduceMean, {x}, ReduceAttrs{.axes = {1}});
  const TensorId d = unknown.op(OpKind::kSub, {x, mean});
  const TensorId power = unknown.op(OpKind::kPow, {d, unknown.constant(dims("two", {}))});
  const TensorId variance = unknown.op(OpKind::kReduceMean, {power}, ReduceAttrs{.axes = {1}});
  const TensorId spread = unknown.op(OpKind::kAdd, {variance, unknown.number(1e-5f)});
  const TensorId root = unknown.op(OpKind::kSqrt, {spread});
  CHECK(test::simplified(unknown.finish(unknown.op(OpKind::kDiv, {d, root}))).ops().size() == 7);
}

TEST_CASE("a layer norm whose variance is read elsewhere stays written out") {
  Net net;
  const TensorId x = net.input({2, 8});
  const TensorId mean = net.op(OpKind::kReduceMean, {x}, ReduceAttrs{.axes = {1}});
  const TensorId d = net.op(OpKind::kSub, {x, mean});
  const TensorId variance =
      net.op(OpKind::kReduceMean, {net.op(OpKind::kSquare, {d})}, ReduceAttrs{.axes = {1}});
  const TensorId root =
      net.op(OpKind::kSqrt, {net.op(OpKind::kAdd, {variance, net.number(1e-5f)})});
  net.b.mark_output(variance);
  CHECK(test::simplified(net.finish(net.op(OpKind::kDiv, {d, root}))).ops().size() == 7);
}

}  // namespace presil
