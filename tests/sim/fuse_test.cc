#include "sim/fuse.h"

#include <doctest/doctest.h>

#include "tests/sim/sim_fixture.h"

namespace presil::testing {
namespace {

TensorId conv(GraphBuilder& b, TensorId x, std::int64_t outputs, const char* name) {
  return b.add_op(OpKind::kConv, ConvAttrs{},
                  {x, b.add_constant(weights_of("w", {outputs, b.tensor(x).shape.at(1), 1, 1}))},
                  name);
}

TEST_CASE("a ReLU runs in its producer's output stage and costs nothing") {
  LayerBuilder plain("plain", Padding::kSame), with("with", Padding::kSame);
  const TensorId a = plain.input("x", {1, 16, 8, 8});
  plain.output(plain.conv(a, {.channels = 16}));
  const TensorId b = with.input("x", {1, 16, 8, 8});
  with.output(with.conv(b, {.channels = 16, .activation = Activation::kRelu}));
  const Graph graph = std::move(with).finish();
  const Fused f(graph, chip_of("unit"));
  REQUIRE(f.network.groups.size() == 1);
  CHECK(f.stage(0).fused.size() == 1);
  CHECK(f.stage(0).epilogue == 0);
  CHECK(run(graph, chip_of("unit")).latency ==
        run(std::move(plain).finish(), chip_of("unit")).latency);
}

TEST_CASE("a table function that is fused costs its cycles an element") {
  LayerBuilder b("sigmoid", Padding::kSame);
  const TensorId x = b.input("x", {1, 16, 8, 8});
  b.output(b.conv(x, {.channels = 16, .activation = Activation::kSigmoid}));
  const Fused f(std::move(b).finish(), chip_of("unit"));
  CHECK(f.stage(0).epilogue == 1);
}

TEST_CASE("a residual add is absorbed by the later producer, which reads the other operand") {
  GraphBuilder b("residual");
  const TensorId x = b.add_input("x", DataType::kFloat32, {1, 16, 8, 8});
  const TensorId first = conv(b, x, 16, "first"), second = conv(b, first, 16, "second");
  b.mark_output(b.add_op(OpKind::kAdd, {}, {first, second}, "add"));
  const Fused f(std::move(b).finish(), chip_of("unit"));
  REQUIRE(f.network.groups.size() == 2);
  REQUIRE(f.stage(1).operands.size() == 1);
  CHECK(f.stage(1).operands[0].tensor == f.stage(0).output);
  CHECK(f.network.groups[1].ops().size() == 2);
}

TEST_CASE("a stage takes one operand: a second elementwise operator runs by itself") {
  GraphBuilder b("two");
  const TensorId x = b.add_input("x", DataType::kFloat32, {1, 16, 8, 8});
  const TensorId p = b.add_input("p", DataType::kFloat32, {1, 16, 8, 8});
  const TensorId q = b.add_input("q", DataType::kFloat32, {1, 16, 8, 8});
  const TensorId sum = b.add_op(OpKind::kAdd, {}, {conv(b, x, 16, "conv"), p}, "add");
  b.mark_output(b.add_op(OpKind::kMul, {}, {sum, q}, "mul"));
  const Fused f(std::move(b).finish(), chip_of("unit"));
  REQUIRE(f.network.groups.size() == 2);
  CHECK(f.stage(0).operands.size() == 1);
  CHECK(f.stage(1).operands.size() == 1);
}

TEST_CASE("a tensor that somebody else reads, or that is an output, is not absorbed") {
  GraphBuilder b("shared");
  const TensorId x = b.add_input("x", DataType::kFloat32, {1, 16, 8, 8});
  const TensorId y = conv(b, x, 16, "conv");
  b.mark_output(b.add_op(OpKind::kRelu, {}, {y}, "relu"));
  b.mark_output(y);
  CHECK(Fused(std::move(b).finish(), chip_of("unit")).network.groups.size() == 2);
}

TEST_CASE("concat parts that begin at a block are written in place, for nothing") {
  GraphBuilder b("concat");
  const TensorId x = b.add_input("x", DataType::kFloat32, {1, 16, 8, 8});
  const TensorId p = conv(b, x, 8, "p"), q = conv(b, x, 12, "q");
  const TensorId joined = b.add_op(OpKind::kConcat, AxisAttrs{.axis = 1}, {p, q}, "concat");
  b.mark_output(b.add_op(OpKind::kRelu, {}, {joined}, "relu"));
  const Fused f(std::move(b).finish(), chip_of("unit"));
  CHECK(f.network.groups.size() == 3);  // two convolutions and the ReLU
  CHECK(f.storage_of(p) == f.storage_of(joined));
  CHECK(f.storage_of(q) == f.storage_of(joined));
  CHECK(f.network.views.at(static_cast<std::size_t>(q)).channel == 8);
}

TEST_CASE("an activation behind a concat of which one part is copied runs over all of it") {
  GraphBuilder b("concat");
  const TensorId x = b.add_input("x", DataType::kFloat32, {1, 6, 8, 8});
  // The second part begins within a block of 4 channels: it is copied.
  const TensorId p = conv(b, x, 6, "p"), q = conv(b, x, 8, "q");
  const TensorId joined = b.add_op(OpKind::kConcat, AxisAttrs{.axis = 1}, {p, q}, "concat");
  const TensorId y = b.add_op(OpKind::kRelu, {}, {joined}, "relu");
  b.mark_output(y);
  const Fused f(std::move(b).finish(), chip_of("unit"));
  CHECK(f.storage_of(p) == f.storage_of(joined));
  const Stage& last = f.network.groups.back().stages.back();
  CHECK(last.output == y);
  CHECK(last.out.channels == 14);
}

TEST_CASE("aligned parts of a split are views, a reshape between layouts is none") {
  GraphBuilder b("views");
  const TensorId x = b.add_input("x", DataType::kFloat32, {1, 16, 4, 4});
  const TensorId y = conv(b, x, 16, "conv");
  std::vector<TensorDesc> outputs(2);
  outputs[0].name = "first_half";
  outputs[1].name = "second_half";
  const std::vector<TensorId> parts =
      b.add_op_into(OpKind::kSplit, AxisAttrs{.axis = 1}, {y}, outputs, "split");
  for (const TensorId part : parts) b.mark_output(b.add_op(OpKind::kSigmoid, {}, {part}, "gate"));
  // [1,16,4,4] keeps channels at axis 1; as rows of a matrix [1,16,16] they would be the rows.
  const TensorId flat = b.add_op(OpKind::kReshape, ReshapeAttrs{.shape = {1, 16, 16}}, {y}, "flat");
  b.mark_output(b.add_op(OpKind::kFullyConnected, {},
                         {flat, b.add_constant(weights_of("w2", {4, 16}))}, "fc"));
  const Fused f(std::move(b).finish(), chip_of("unit"));
  CHECK(f.storage_of(parts[1]) == f.storage_of(y));
  CHECK(f.storage_of(flat) != f.storage_of(y));
}

}  // namespace
}  // namespace presil::testing
