#include "models/graph.h"

#include "tests/models/graph_fixture.h"

namespace presil {
namespace {

using test::dims;
using test::error_of;

std::vector<std::string> names_of(const Graph& graph) {
  std::vector<std::string> names;
  for (const Op& op : graph.ops()) names.push_back(op.name);
  return names;
}

/// x -> relu -> sigmoid, with constants and names to play with.
Graph chain(const std::string& prefix, OpKind second = OpKind::kSigmoid) {
  GraphBuilder b(prefix + "net");
  const TensorId x = b.add_input(prefix + "x", DataType::kFloat32, {1, 4});
  const TensorId y = b.add_op(OpKind::kRelu, {}, {x}, prefix + "relu");
  b.mark_output(b.add_op(second, {}, {y}, prefix + "second"));
  return std::move(b).finish();
}

}  // namespace

TEST_CASE("a finished graph knows producers, consumers, inputs and outputs") {
  GraphBuilder b("net");
  const TensorId x = b.add_input("x", DataType::kInt8, {2, 3});
  const TensorId square = b.add_op(OpKind::kMul, {}, {x, x}, "square");
  const TensorId sum = b.add_op(OpKind::kAdd, {}, {x, square}, "sum");
  b.mark_output(sum);
  b.mark_output(sum);
  const Graph graph = std::move(b).finish();
  CHECK(graph.name() == "net");
  CHECK(graph.inputs().size() == 1);
  CHECK(graph.outputs().size() == 1);
  CHECK_FALSE(graph.producer(x));
  CHECK(graph.producer(sum) == OpId{1});
  const auto readers = graph.consumers(x);
  CHECK(std::vector<OpId>(readers.begin(), readers.end()) == std::vector<OpId>{0, 1});
  CHECK(graph.is_output(sum));
  CHECK_FALSE(graph.is_output(square));
  CHECK(graph.tensor(sum).type == DataType::kInt8);
  CHECK(graph.tensor(sum).name == "sum");
  CHECK(graph.op(0).name == "square");
}

TEST_CASE("ops are sorted topologically and otherwise stay in the order of insertion") {
  GraphBuilder b("net");
  const TensorId x = b.add_input("x", DataType::kFloat32, {4});
  const TensorId late = b.add_op(OpKind::kRelu, {}, {x}, "late");
  const TensorId a = b.add_op(OpKind::kExp, {}, {x}, "a");
  const TensorId c = b.add_op(OpKind::kExp, {}, {x}, "b");
  const TensorId sum = b.add_op(OpKind::kAdd, {}, {a, c}, "sum");
  b.ops()[0].inputs = {sum};  // "late", inserted first, now comes last
  b.mark_output(late);
  CHECK(names_of(std::move(b).finish()) == std::vector<std::string>{"a", "b", "sum", "late"});
}

TEST_CASE("ops and tensors that reach no output are removed") {
  GraphBuilder b("net");
  const TensorId x = b.add_input("x", DataType::kFloat32, {4});
  b.add_input("unused", DataType::kFloat32, {4});
  b.add_constant(dims("unused too", {9}));
  const TensorId y = b.add_op(OpKind::kRelu, {}, {x}, "live");
  b.add_op(OpKind::kExp, {}, {y}, "dead");
  b.mark_output(y);
  const Graph graph = std::move(b).finish();
  CHECK(names_of(graph) == std::vector<std::string>{"live"});
  CHECK(graph.tensors().size() == 2);
  CHECK(graph.inputs().size() == 1);
}

TEST_CASE("a cycle is an error that names its ops in order") {
  GraphBuilder b("net");
  const TensorId x = b.add_input("x", DataType::kFloat32, {4});
  const TensorId a = b.add_op(OpKind::kRelu, {}, {x}, "a");
  const TensorId c = b.add_op(OpKind::kExp, {}, {a}, "b");
  const TensorId d = b.add_op(OpKind::kLog, {}, {c}, "behind");
  b.ops()[0].inputs = {c};
  b.mark_output(d);
  CHECK(error_of([&] { std::move(b).finish(); }) ==
        "network 'net': the ops Relu 'a' -> Exp 'b' -> Relu 'a' form a cycle");

  GraphBuilder self("net");
  const TensorId y =
      self.add_op(OpKind::kRelu, {}, {self.add_input("x", DataType::kFloat32, {4})}, "a");
  self.ops()[0].inputs = {y};
  self.mark_output(y);
  CHECK(error_of([&] { std::move(self).finish(); }) ==
        "network 'net': the ops Relu 'a' -> Relu 'a' form a cycle");
}

TEST_CASE("a graph that does not hold together is an error that names op and tensor") {
  GraphBuilder none("net");
  none.add_input("x", DataType::kFloat32, {4});
  CHECK(error_of([&] { std::move(none).finish(); }) == "network 'net': has no output");

  const auto two_ops = [] {
    GraphBuilder b("net");
    const TensorId x = b.add_input("x", DataType::kFloat32, {4});
    const TensorId a = b.add_op(OpKind::kRelu, {}, {x}, "a");
    b.mark_output(b.add_op(OpKind::kExp, {}, {a}, "b"));
    return b;
  };
  GraphBuilder dangling = two_ops();
  dangling.ops().erase(dangling.ops().begin());
  CHECK(error_of([&] { std::move(dangling).finish(); }) ==
        "Exp 'b': reads tensor 'a', which nothing makes");

  GraphBuilder twice = two_ops();
  twice.ops()[1].outputs = {1};
  CHECK(error_of([&] { std::move(twice).finish(); }) ==
        "Exp 'b': makes tensor 'a', which Relu 'a' makes as well");

  GraphBuilder into_input = two_ops();
  into_input.ops()[1].outputs = {0};
  CHECK(error_of([&] { std::move(into_input).finish(); }) ==
        "Exp 'b': makes tensor 'x', which is a graph input");

  GraphBuilder unmade = two_ops();
  unmade.ops().clear();
  CHECK(error_of([&] { std::move(unmade).finish(); }) ==
        "network 'net': nothing makes the output 'b'");

  GraphBuilder reshaped = two_ops();
  reshaped.mutable_tensor(1).shape = {5};
  CHECK(error_of([&] { std::move(reshaped).finish(); }) ==
        "Relu 'a': output 0 is declared [5], its operands make it [4]");

  GraphBuilder to_scalar = two_ops();
  to_scalar.mutable_tensor(2).shape = {};
  CHECK(error_of([&] { std::move(to_scalar).finish(); }) ==
        "Exp 'b': output 0 is declared a scalar, its operands make it [4]");

  GraphBuilder constant = two_ops();
  constant.mutable_tensor(1).constant = true;
  CHECK(error_of([&] { std::move(constant).finish(); }) ==
        "Relu 'a': makes tensor 'a', which is a constant");
}

TEST_CASE("an id of no tensor is a bug of the caller") {
  GraphBuilder b("net");
  CHECK_THROWS_AS(b.add_op(OpKind::kRelu, {}, {7}, "a"), InternalError);
  CHECK_THROWS_AS(b.mark_output(0), InternalError);
  const TensorId x = b.add_input("x", DataType::kFloat32, {1, 2, 3});
  CHECK_THROWS_AS(b.add_op(OpKind::kSplit, AxisAttrs{}, {x}, "a"), InternalError);
  CHECK_THROWS_AS(b.add_op(OpKind::kSoftmax, NormAttrs{}, {x}, "a"), InternalError);
}

TEST_CASE("tensors that no memory holds or whose parts disagree are errors") {
  GraphBuilder b("net");
  const auto input = [&](Shape shape, std::optional<Quantization> q = {}) {
    return error_of([&] { b.add_input("x", DataType::kInt8, std::move(shape), std::move(q)); });
  };
  CHECK(input({1, 0}) == "tensor 'x': every extent must be 1 to 2147483648, shape is [1,0]");
  CHECK(input({1, -3}) == "tensor 'x': every extent must be 1 to 2147483648, shape is [1,-3]");
  CHECK(input({(std::int64_t{1} << 31) + 1}) ==
        "tensor 'x': every extent must be 1 to 2147483648, shape is [2147483649]");
  const std::int64_t big = std::int64_t{1} << 31;
  CHECK(input({big, big, big}) ==
        "tensor 'x': shape [2147483648,2147483648,2147483648]: more than 2^40 elements");
  CHECK(input({1 << 20, 1 << 20}) == "no error");
  CHECK(input({1 << 20, 1 << 20, 2}) ==
        "tensor 'x': shape [1048576,1048576,2]: more than 2^40 elements");
  CHECK(input({2, 3}, Quantization{.scale = {1}, .zero_point = {0}, .axis = 2}) ==
        "tensor 'x': quantisation axis 2 is outside of [2,3]");
  CHECK(input({2, 3}, Quantization{.scale = {1, 2}, .zero_point = {0, 0}, .axis = 1}) ==
        "tensor 'x': 2 scales and 2 zero points, must be 3 of each for [2,3] and axis 1");
  CHECK(input({2, 3}, Quantization{.scale = {0}, .zero_point = {0}}) ==
        "tensor 'x': every scale must be a positive number, one is 0");
  TensorDesc constant = dims("c", {3});
  constant.data = test::data_of<float>({1, 2});
  CHECK(error_of([&] { b.add_constant(constant); }) ==
        "tensor 'c': has 8 bytes of data, [3] of fp32 needs 12");
}

TEST_CASE("int4 elements share bytes, rounded up once a tensor") {
  CHECK(byte_count(dims("a", {3, 3}, DataType::kInt4)) == 5);
  CHECK(byte_count(dims("a", {3}, DataType::kInt16)) == 6);
  CHECK(byte_count(dims("a", {})) == 4);
  CHECK(element_count({0, 1LL << 50}) == 0);
  CHECK(error_of([] {
          element_count({1LL << 62, 1LL << 62});
        }) == "shape [4611686018427387904,4611686018427387904]: more than 2^40 elements");
  CHECK(error_of([] { element_count({-1}); }) ==
        "shape [-1]: extents must not be negative, one is -1");
}

TEST_CASE("element types must fit the operator") {
  GraphBuilder b("net");
  const TensorId x = b.add_input("x", DataType::kFloat32, {4});
  const TensorId q = b.add_input("q", DataType::kInt8, {4});
  const auto add = [&](OpKind kind, OpAttrs attrs, std::vector<TensorId> inputs) {
    return error_of([&] { b.add_op(kind, attrs, std::move(inputs), "a"); });
  };
  const auto into = [&](OpKind kind, OpAttrs attrs, DataType type) {
    TensorDesc y;
    y.type = type;
    return error_of([&] { b.add_op_into(kind, attrs, {x}, {y}, "a"); });
  };
  CHECK(add(OpKind::kAdd, {}, {x, q}) ==
        "Add 'a': operand 0 is fp32, operand 1 int8; they must be of one type");
  CHECK(add(OpKind::kPow, {}, {x, q}) == "no error");
  CHECK(add(OpKind::kNot, {}, {x}) == "Not 'a': operand 0 must be bool, is fp32");
  CHECK(add(OpKind::kWhere, {}, {x, x, x}) == "Where 'a': operand 0 must be bool, is fp32");
  CHECK(add(OpKind::kGather, AxisAttrs{}, {x, x}) ==
        "Gather 'a': operand 1 must be an integer, is fp32");
  CHECK(into(OpKind::kCast, CastAttrs{.to = DataType::kInt8}, DataType::kFloat32) ==
        "Cast 'a': an output must be int8, is fp32");
  CHECK(into(OpKind::kQuantize, {}, DataType::kFloat32) ==
        "Quantize 'a': an output must be an integer, is fp32");
  CHECK(into(OpKind::kDequantize, {}, DataType::kInt8) ==
        "Dequantize 'a': an output must be a float, is int8");
  CHECK(into(OpKind::kIdentity, {}, DataType::kInt8) ==
        "Identity 'a': an output must be fp32, is int8");
  CHECK(into(OpKind::kArgMax, ReduceAttrs{.axes = {0}}, DataType::kFloat32) ==
        "ArgMax 'a': an output must be an integer, is fp32");
  CHECK(b.tensor(b.add_op(OpKind::kLess, {}, {x, x}, "less")).type == DataType::kBool);
  CHECK(b.tensor(b.add_op(OpKind::kCast, CastAttrs{.to = DataType::kInt32}, {x}, "cast")).type ==
        DataType::kInt32);
}

TEST_CASE("attributes get one spelling") {
  GraphBuilder b("net");
  const TensorId x = b.add_input("x", DataType::kFloat32, {2, 3, 4, 5});
  const TensorId c = b.add_constant(dims("c", {3}));
  b.add_op(OpKind::kSoftmax, AxisAttrs{.axis = -1}, {x}, "");
  b.add_op(OpKind::kReduceMean, ReduceAttrs{.axes = {-1, 2}}, {x}, "mean");
  b.add_op(OpKind::kBatchNorm, NormAttrs{}, {x, c, c, c, c}, "norm");
  b.add_op(OpKind::kLayerNorm, NormAttrs{}, {x, kNoTensor, kNoTensor}, "layer");
  CHECK(b.ops()[0].name == "Softmax_0");
  CHECK(b.ops()[0].as<AxisAttrs>().axis == 3);
  CHECK(b.ops()[1].as<ReduceAttrs>().axes == std::vector<std::int64_t>{2, 3});
  CHECK(b.ops()[2].as<NormAttrs>().axis == 1);
  CHECK(b.ops()[3].as<NormAttrs>().axis == 3);
  CHECK(b.ops()[3].inputs == std::vector<TensorId>{x});
}

TEST_CASE("the hash sees structure, shapes, types and attributes, but no names and no values") {
  const std::string hash = chain("").hash();
  CHECK(hash.size() == 16);
  CHECK(hash.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(chain("other ").hash() == hash);
  CHECK(chain("", OpKind::kTanh).hash() != hash);

  const auto with = [](TensorDesc constant, std::int64_t first, bool swap, DataType type) {
    GraphBuilder b("net");
    const TensorId x = b.add_input("x", type, {first, 4});
    constant.type = type;
    const TensorId c = b.add_constant(std::move(constant));
    b.mark_output(b.add_op(OpKind::kSub, {}, {swap ? c : x, swap ? x : c}, "sub"));
    return std::move(b).finish().hash();
  };
  const std::string plain = with(dims("c", {4}), 2, false, DataType::kFloat32);
  CHECK(with(test::floats("d", {4}, {1, 2, 3, 4}), 2, false, DataType::kFloat32) == plain);
  CHECK(with(dims("c", {4}), 3, false, DataType::kFloat32) != plain);
  CHECK(with(dims("c", {1}), 2, false, DataType::kFloat32) != plain);
  CHECK(with(dims("c", {4}), 2, true, DataType::kFloat32) != plain);
  CHECK(with(dims("c", {4}), 2, false, DataType::kInt32) != plain);

  const auto clip = [](float to) {
    GraphBuilder b("net");
    const TensorId x = b.add_input("x", DataType::kFloat32, {4});
    b.mark_output(b.add_op(OpKind::kClip, UnaryAttrs{.beta = to}, {x}, "clip"));
    return std::move(b).finish().hash();
  };
  CHECK(clip(6) != clip(5));
  CHECK(clip(6) == clip(6));
}

TEST_CASE("a graph can be copied, changed and finished again") {
  const Graph graph = chain("");
  GraphBuilder b = GraphBuilder::from(graph);
  const TensorId extra = b.add_op(OpKind::kNeg, {}, {graph.outputs()[0]}, "neg");
  b.replace_output(graph.outputs()[0], extra);
  b.replace_output(graph.inputs()[0], extra);  // no output: nothing happens
  const Graph changed = std::move(b).finish();
  CHECK(names_of(changed) == std::vector<std::string>{"relu", "second", "neg"});
  CHECK(changed.outputs().size() == 1);
  CHECK(graph.ops().size() == 2);
  CHECK(std::move(GraphBuilder::from(graph)).finish().hash() == graph.hash());
}

}  // namespace presil
