#include "tests/models/evaluate.h"

namespace presil {
namespace {

using test::kinds_of;
using test::Net;
using test::only;
using Kinds = std::vector<OpKind>;

TensorId reshape(Net& n, TensorId x, Shape shape, bool channels_last = false) {
  return n.op(OpKind::kReshape, {x},
              ReshapeAttrs{.shape = std::move(shape), .channels_last = channels_last});
}

TensorId transpose(Net& n, TensorId x, std::vector<std::int64_t> perm) {
  return n.op(OpKind::kTranspose, {x}, TransposeAttrs{.perm = std::move(perm)});
}

}  // namespace

TEST_CASE("identities go, and the network's output keeps its name") {
  Net net;
  const TensorId x = net.input({2, 3});
  TensorId y = net.op(OpKind::kRelu, {net.op(OpKind::kIdentity, {x})});
  y = net.b.add_op(OpKind::kIdentity, {}, {y}, "the end");
  const Graph graph = test::simplified(net.finish(y));
  CHECK(kinds_of(graph) == Kinds{OpKind::kRelu});
  CHECK(graph.tensor(graph.outputs()[0]).name == "the end");
}

TEST_CASE("an identity stays where the network would lose an output without it") {
  Net through;
  CHECK(kinds_of(test::simplified(through.finish(
            through.op(OpKind::kIdentity, {through.input({2})})))) == Kinds{OpKind::kIdentity});

  Net twice;
  const TensorId y = twice.op(OpKind::kRelu, {twice.input({2})});
  twice.b.mark_output(y);
  const Graph graph = test::simplified(twice.finish(twice.op(OpKind::kIdentity, {y})));
  CHECK(graph.outputs().size() == 2);
  CHECK(graph.ops().size() == 2);
}

TEST_CASE("an identity whose sides are quantised differently stays") {
  Net net;
  const TensorId x =
      net.input({16}, DataType::kInt8, Quantization{.scale = {1}, .zero_point = {0}});
  TensorDesc y = test::dims("y", {}, DataType::kInt8);
  y.quantization = Quantization{.scale = {2}, .zero_point = {0}};
  const TensorId same = net.b.add_op_into(OpKind::kIdentity, {}, {x}, {y}, "i").front();
  CHECK(test::simplified(net.finish(net.op(OpKind::kRelu, {same}))).ops().size() == 2);
}

TEST_CASE("reshapes in a row are one, and one that keeps the shape is none") {
  Net net;
  const TensorId x = net.input({2, 12});
  TensorId y = reshape(net, reshape(net, x, {2, 3, 4}), {6, 4});
  const Graph graph = test::simplified(net.finish(net.op(OpKind::kRelu, {y})));
  CHECK(kinds_of(graph) == Kinds{OpKind::kReshape, OpKind::kRelu});
  CHECK(only(graph, OpKind::kReshape).as<ReshapeAttrs>().shape == Shape{6, 4});

  Net back;
  y = reshape(back, reshape(back, back.input({2, 12}), {24}), {2, 12});
  CHECK(kinds_of(test::simplified(back.finish(back.op(OpKind::kRelu, {y})))) ==
        Kinds{OpKind::kRelu});
}

TEST_CASE("reshapes that read maps in different orders are not merged") {
  const auto kinds = [](const Shape& from, const Shape& middle, const Shape& to, bool first,
                        bool second) {
    Net net;
    const TensorId y = reshape(net, reshape(net, net.input(from), middle, first), to, second);
    return test::simplified(net.finish(net.op(OpKind::kRelu, {y}))).ops().size();
  };
  const Shape map{1, 2, 3, 4}, other{1, 4, 3, 2}, vector{24}, matrix{4, 6};
  CHECK(kinds(map, vector, matrix, true, false) == 2);  // the middle is no map: only the start says
  CHECK(kinds(vector, map, matrix, true, true) == 2);   // in and out in one order
  CHECK(kinds(vector, map, matrix, true, false) == 3);  // in and out in another
  CHECK(kinds(map, vector, other, true, true) == 2);
  CHECK(kinds(map, vector, other, true, false) == 3);
  CHECK(kinds(map, other, vector, false, false) == 2);

  Net net;
  const TensorId y = reshape(net, reshape(net, net.input(map), vector, true), matrix);
  const Graph graph = test::simplified(net.finish(net.op(OpKind::kRelu, {y})));
  CHECK(only(graph, OpKind::kReshape).as<ReshapeAttrs>().channels_last);
}

TEST_CASE("transposes that cancel go, others in a row are one") {
  Net net;
  TensorId y = transpose(net, transpose(net, net.input({2, 3, 4}), {2, 0, 1}), {1, 2, 0});
  CHECK(kinds_of(test::simplified(net.finish(net.op(OpKind::kRelu, {y})))) == Kinds{OpKind::kRelu});

  Net chain;
  y = transpose(chain, transpose(chain, chain.input({2, 3, 4}), {2, 0, 1}), {0, 2, 1});
  const Graph graph = test::simplified(chain.finish(chain.op(OpKind::kRelu, {y})));
  CHECK(only(graph, OpKind::kTranspose).as<TransposeAttrs>().perm ==
        std::vector<std::int64_t>{2, 1, 0});
  CHECK(graph.tensor(graph.outputs()[0]).shape == Shape{4, 3, 2});

  Net shared;  // the first has another reader: it stays for that one
  const TensorId first = transpose(shared, shared.input({2, 3}), {1, 0});
  shared.b.mark_output(shared.op(OpKind::kExp, {first}));
  const Graph kept =
      test::simplified(shared.finish(shared.op(OpKind::kRelu, {transpose(shared, first, {1, 0})})));
  CHECK(kinds_of(kept) == Kinds{OpKind::kTranspose, OpKind::kExp, OpKind::kRelu});
  CHECK(kept.ops()[2].inputs[0] == kept.inputs()[0]);
}

TEST_CASE("a transpose that keeps the order goes") {
  Net net;
  const TensorId y = transpose(net, net.input({2, 3}), {0, 1});
  CHECK(kinds_of(test::simplified(net.finish(net.op(OpKind::kRelu, {y})))) == Kinds{OpKind::kRelu});
}

TEST_CASE("a constant that only this op rearranges is another constant") {
  Net net;
  const TensorId w = net.constant(test::floats("w", {2, 3}, {1, 2, 3, 4, 5, 6}));
  const Graph graph = test::simplified(
      net.finish(net.op(OpKind::kAdd, {net.input({3, 2}), transpose(net, w, {1, 0})})));
  CHECK(kinds_of(graph) == Kinds{OpKind::kAdd});

  Net dims_only;
  const TensorId v = dims_only.constant(test::dims("v", {6, 1}));
  const Graph shaped = test::simplified(dims_only.finish(
      dims_only.op(OpKind::kAdd, {dims_only.input({2, 3}), reshape(dims_only, v, {2, 3})})));
  CHECK(kinds_of(shaped) == Kinds{OpKind::kAdd});

  Net last;  // the file's order differs from the shape's
  const TensorId u = last.constant(test::floats("u", {1, 2, 1, 2}, {1, 2, 3, 4}));
  CHECK(test::simplified(
            last.finish(last.op(OpKind::kAdd, {last.input({4}), reshape(last, u, {4}, true)})))
            .ops()
            .size() == 2);
}

TEST_CASE("reshape, transpose, reshape that deals out channels is a channel shuffle") {
  Net net;
  TensorId y = reshape(net, net.input({2, 12, 5, 7}), {2, 3, 4, 5, 7});
  y = reshape(net, transpose(net, y, {0, 2, 1, 3, 4}), {2, 12, 5, 7});
  const Graph graph = test::simplified(net.finish(y));
  CHECK(kinds_of(graph) == Kinds{OpKind::kChannelShuffle});
  CHECK(graph.ops()[0].as<BlockAttrs>().block == 3);

  Net last;  // as TFLite writes it: the file's order is [N,H,W,C]
  y = reshape(last, last.input({2, 12, 5, 7}), {2, 5, 7, 3, 4}, true);
  y = reshape(last, transpose(last, y, {0, 1, 2, 4, 3}), {2, 12, 5, 7}, true);
  const Graph tflite = test::simplified(last.finish(y));
  CHECK(kinds_of(tflite) == Kinds{OpKind::kChannelShuffle});
  CHECK(tflite.ops()[0].as<BlockAttrs>().block == 3);

  Net sequence;
  y = reshape(sequence, sequence.input({2, 12, 5}), {2, 3, 4, 5});
  y = reshape(sequence, transpose(sequence, y, {0, 2, 1, 3}), {2, 12, 5});
  CHECK(kinds_of(test::simplified(sequence.finish(y))) == Kinds{OpKind::kChannelShuffle});
}

TEST_CASE("what only looks like a channel shuffle stays") {
  const auto kinds = [](const Shape& split, const std::vector<std::int64_t>& perm, bool last) {
    Net net;
    TensorId y = reshape(net, net.input({2, 12, 4, 3}), split, last);
    y = reshape(net, transpose(net, y, perm), {2, 12, 4, 3}, last);
    return test::simplified(net.finish(y)).ops().size();
  };
  CHECK(kinds({2, 3, 4, 4, 3}, {0, 2, 1, 4, 3}, false) == 3);
  CHECK(kinds({2, 12, 2, 2, 3}, {0, 1, 3, 2, 4}, false) == 3);
  CHECK(kinds({2, 3, 4, 4, 3}, {0, 2, 1, 3, 4}, true) == 3);
  CHECK(kinds({2, 4, 3, 3, 4}, {0, 1, 2, 4, 3}, false) == 3);
}

}  // namespace presil
