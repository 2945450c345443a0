// Expressions over constants and shapes disappear, with the values ONNX gives them.

#include <doctest/doctest.h>

#include <cstring>

#include "tests/models/onnx_builder.h"

namespace presil {
namespace {

using onnx::TensorProto;
using test::Attributes;
using test::imported;
using test::Ints;
using test::OnnxBuilder;

/// The values of the constant `name`, which is added to (a cast of) the input so that it survives.
struct Folded {
  Shape shape;
  DataType type;
  std::vector<double> values;
};

template <typename T>
std::vector<double> values_as(const TensorData& data) {
  std::vector<double> values(data.size() / sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, data.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<double>(value);
  }
  return values;
}

/// The graph's output is the constant `name`; exactly one kIdentity is left of the graph.
Folded folded(OnnxBuilder& b, const std::string& name = "y") {
  b.output(name);
  const Graph graph = imported(b);
  REQUIRE(graph.ops().size() == 1);
  REQUIRE(graph.ops()[0].kind == OpKind::kIdentity);
  const TensorDesc& tensor = graph.tensor(graph.ops()[0].inputs[0]);
  REQUIRE(tensor.constant);
  Folded result{.shape = tensor.shape, .type = tensor.type, .values = {}};
  if (!tensor.data) return result;
  switch (tensor.type) {
    case DataType::kFloat32:
      result.values = values_as<float>(*tensor.data);
      break;
    case DataType::kInt64:
      result.values = values_as<std::int64_t>(*tensor.data);
      break;
    case DataType::kInt32:
      result.values = values_as<std::int32_t>(*tensor.data);
      break;
    case DataType::kBool:
      result.values = values_as<std::uint8_t>(*tensor.data);
      break;
    default:
      FAIL("a type that these tests do not read");
  }
  return result;
}

using Values = std::vector<double>;

/// y = type(a, b, ...) over int64 vectors.
Values on_integers(const std::string& type, const std::vector<Ints>& operands,
                   const Attributes& attributes = {}, int opset = 13) {
  OnnxBuilder b(opset);
  std::vector<std::string> names;
  for (const Ints& operand : operands) {
    names.push_back(fmt::format("c{}", names.size()));
    b.list(names.back(), operand);
  }
  b.node(type, names, {"y"}, attributes);
  return folded(b).values;
}

Values on_reals(const std::string& type, const std::vector<std::vector<float>>& operands,
                const Attributes& attributes = {}) {
  OnnxBuilder b;
  std::vector<std::string> names;
  for (const auto& operand : operands) {
    names.push_back(fmt::format("c{}", names.size()));
    b.weight(names.back(), {static_cast<std::int64_t>(operand.size())}, operand);
  }
  b.node(type, names, {"y"}, attributes);
  return folded(b).values;
}

}  // namespace

TEST_CASE("arithmetic on integers folds as ONNX defines it") {
  CHECK(on_integers("Add", {{1, 2}, {10}}) == Values{11, 12});
  CHECK(on_integers("Sub", {{5, 6}, {1, 2}}) == Values{4, 4});
  CHECK(on_integers("Mul", {{3, -4}, {5, 6}}) == Values{15, -24});
  CHECK(on_integers("Div", {{7, -7}, {2, 2}}) == Values{3, -3});
  CHECK(on_integers("Mod", {{7, -7}, {3, 3}}) == Values{1, 2});
  CHECK(on_integers("Mod", {{7, -7}, {3, 3}}, {{"fmod", std::int64_t{1}}}) == Values{1, -1});
  CHECK(on_integers("Pow", {{2, 3}, {3, 2}}) == Values{8, 9});
  CHECK(on_integers("Min", {{1, 9}, {5, 5}, {7, 2}}) == Values{1, 2});
  CHECK(on_integers("Max", {{1, 9}, {5, 5}, {7, 2}}) == Values{7, 9});
  CHECK(on_integers("Neg", {{1, -2}}) == Values{-1, 2});
  CHECK(on_integers("Abs", {{1, -2}}) == Values{1, 2});
  CHECK(on_integers("Sign", {{5, 0, -2}}) == Values{1, 0, -1});
}

TEST_CASE("integers wrap around instead of being undefined") {
  CHECK(on_integers("Add", {{INT64_MAX}, {1}}) == Values{static_cast<double>(INT64_MIN)});
  CHECK(on_integers("Div", {{INT64_MIN}, {-1}}) == Values{static_cast<double>(INT64_MIN)});
  CHECK(on_integers("Mod", {{INT64_MIN}, {-1}}) == Values{0});
}

TEST_CASE("arithmetic on reals is rounded to float") {
  CHECK(on_reals("Div", {{1, 7}, {2}}) == Values{0.5, 3.5});
  CHECK(on_reals("Mul", {{0.1f}, {3}}) == Values{static_cast<double>(0.1f * 3)});
  CHECK(on_reals("Floor", {{1.5f, -1.5f}}) == Values{1, -2});
  CHECK(on_reals("Ceil", {{1.5f, -1.5f}}) == Values{2, -1});
  CHECK(on_reals("Round", {{0.5f, 1.5f, 2.5f}}) == Values{0, 2, 2});
  CHECK(on_reals("Sqrt", {{16}}) == Values{4});
  CHECK(on_reals("Reciprocal", {{4}}) == Values{0.25});
  CHECK(on_reals("Pow", {{2}, {3}}) == Values{8});
  CHECK(on_reals("Mod", {{5.5f}, {2}}, {{"fmod", std::int64_t{1}}}) == Values{1.5});
}

TEST_CASE("comparisons and logic give bool") {
  OnnxBuilder b;
  b.list("a", {1, 2, 3});
  b.list("c", {2});
  b.node("Less", {"a", "c"}, {"less"});
  b.node("Equal", {"a", "c"}, {"equal"});
  b.node("Or", {"less", "equal"}, {"or"});
  b.node("Not", {"or"}, {"y"});
  const Folded result = folded(b);
  CHECK(result.type == DataType::kBool);
  CHECK(result.values == Values{0, 0, 1});
  CHECK(on_integers("GreaterOrEqual", {{1, 2, 3}, {2}}) == Values{0, 1, 1});
  CHECK(on_integers("LessOrEqual", {{1, 2, 3}, {2}}) == Values{1, 1, 0});
}

TEST_CASE("Where and And choose by condition, with broadcasting") {
  OnnxBuilder b;
  b.integers("condition", {2, 1}, {1, 0}, TensorProto::BOOL);
  b.list("x", {1, 2});
  b.list("z", {-1, -2});
  b.node("Where", {"condition", "x", "z"}, {"y"});
  const Folded result = folded(b);
  CHECK(result.shape == Shape{2, 2});
  CHECK(result.values == Values{1, 2, -1, -2});
}

TEST_CASE("Cast truncates to integers, and to bool tells 0 from the rest") {
  OnnxBuilder b;
  b.weight("x", {3}, {1.9f, -1.9f, 0.5f});
  b.node("Cast", {"x"}, {"y"}, {{"to", std::int64_t{TensorProto::INT32}}});
  CHECK(folded(b).values == Values{1, -1, 0});
  OnnxBuilder c;
  c.weight("x", {3}, {1.9f, 0, 0.5f});
  c.node("Cast", {"x"}, {"y"}, {{"to", std::int64_t{TensorProto::BOOL}}});
  CHECK(folded(c).values == Values{1, 0, 1});
}

TEST_CASE("half precision values survive a round trip through arithmetic") {
  OnnxBuilder b;
  b.integers("x", {4}, {0x3c00, 0xc000, 0x0001, 0x7bff}, TensorProto::FLOAT16);  // 1 -2 2^-24 65504
  b.node("Neg", {"x"}, {"negative"});
  b.node("Cast", {"negative"}, {"y"}, {{"to", std::int64_t{TensorProto::FLOAT}}});
  CHECK(folded(b).values == Values{-1, 2, -5.9604644775390625e-08, -65504});
}

TEST_CASE("a shape that is computed from an input's shape disappears") {
  OnnxBuilder b;
  b.input("x", {2, 12, 4, 5});
  b.node("Shape", {"x"}, {"shape"});
  b.integers("one", {}, {1});
  b.node("Gather", {"shape", "one"}, {"channels"}, {{"axis", std::int64_t{0}}});
  b.integers("groups", {}, {3});
  b.node("Div", {"channels", "groups"}, {"per_group"});
  b.list("axes", {0});
  b.node("Unsqueeze", {"per_group", "axes"}, {"v"});
  b.list("front", {2, 3});
  b.list("tail", {-1});
  b.node("Concat", {"front", "v", "tail"}, {"target"}, {{"axis", std::int64_t{0}}});
  b.node("Reshape", {"x", "target"}, {"y"});
  b.output("y");
  const Graph graph = imported(b);
  REQUIRE(graph.ops().size() == 1);
  CHECK(graph.tensor(graph.outputs()[0]).shape == Shape{2, 3, 4, 20});
}

TEST_CASE("Shape takes start and end from opset 15 on, Size counts") {
  OnnxBuilder b(15);
  b.input("x", {2, 3, 4, 5});
  b.node("Shape", {"x"}, {"y"}, {{"start", std::int64_t{-3}}, {"end", std::int64_t{-1}}});
  CHECK(folded(b).values == Values{3, 4});
  OnnxBuilder c;
  c.input("x", {2, 3, 4});
  c.node("Size", {"x"}, {"y"});
  CHECK(folded(c).values == Values{24});
}

TEST_CASE("Slice folds forward, backward and out of range") {
  const Ints data{0, 1, 2, 3, 4};
  CHECK(on_integers("Slice", {data, {1}, {3}}) == Values{1, 2});
  CHECK(on_integers("Slice", {data, {-2}, {INT64_MAX}}) == Values{3, 4});
  CHECK(on_integers("Slice", {data, {0}, {100}, {0}, {2}}) == Values{0, 2, 4});
  CHECK(on_integers("Slice", {data, {-1}, {INT64_MIN}, {0}, {-1}}) == Values{4, 3, 2, 1, 0});
  CHECK(on_integers("Slice", {data, {3}, {0}, {-1}, {-2}}) == Values{3, 1});
}

TEST_CASE("Slice of opset 9 has attributes") {
  CHECK(on_integers("Slice", {{0, 1, 2, 3, 4}},
                    {{"starts", Ints{1}}, {"ends", Ints{-1}}, {"axes", Ints{0}}},
                    9) == Values{1, 2, 3});
}

TEST_CASE("an empty slice joins as nothing") {
  OnnxBuilder b;
  b.list("x", {7, 8});
  b.list("zero", {0});
  b.node("Slice", {"x", "zero", "zero"}, {"empty"});
  b.node("Concat", {"empty", "x", "empty"}, {"y"}, {{"axis", std::int64_t{0}}});
  CHECK(folded(b).values == Values{7, 8});
}

TEST_CASE("Gather, Transpose, Tile, Expand and Split move constants") {
  OnnxBuilder b;
  b.integers("x", {2, 3}, {0, 1, 2, 3, 4, 5});
  b.node("Transpose", {"x"}, {"t"});
  b.integers("last", {}, {-1});
  b.node("Gather", {"t", "last"}, {"row"}, {{"axis", std::int64_t{0}}});
  b.list("twice", {2});
  b.node("Tile", {"row", "twice"}, {"y"});
  CHECK(folded(b).values == Values{2, 5, 2, 5});

  OnnxBuilder c;
  c.integers("x", {2, 1}, {1, 2});
  c.list("shape", {2, 1, 3});
  c.node("Expand", {"x", "shape"}, {"y"});
  const Folded expanded = folded(c);
  CHECK(expanded.shape == Shape{2, 2, 3});
  CHECK(expanded.values == Values{1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2});

  OnnxBuilder d;
  d.integers("x", {2, 3}, {0, 1, 2, 3, 4, 5});
  d.list("sizes", {1, 2});
  d.node("Split", {"x", "sizes"}, {"a", "y"}, {{"axis", std::int64_t{1}}});
  CHECK(folded(d).values == Values{1, 2, 4, 5});
}

TEST_CASE("Range, ConstantOfShape and NonZero make values") {
  OnnxBuilder b;
  b.integers("start", {}, {10});
  b.integers("limit", {}, {4});
  b.integers("delta", {}, {-3});
  b.node("Range", {"start", "limit", "delta"}, {"y"});
  CHECK(folded(b).values == Values{10, 7});

  OnnxBuilder c;
  c.list("shape", {2, 2});
  c.node("ConstantOfShape", {"shape"}, {"y"}, {{"value", test::tensor_of("", {1}, Ints{3})}});
  CHECK(folded(c).values == Values{3, 3, 3, 3});

  OnnxBuilder d;
  d.integers("x", {2, 2}, {1, 0, 0, 4});
  d.node("NonZero", {"x"}, {"y"});
  const Folded places = folded(d);
  CHECK(places.shape == Shape{2, 2});
  CHECK(places.values == Values{0, 1, 0, 1});
}

TEST_CASE("Trilu keeps one triangle") {
  OnnxBuilder b(14);
  b.integers("x", {2, 3}, {1, 2, 3, 4, 5, 6});
  b.node("Trilu", {"x"}, {"y"}, {{"upper", std::int64_t{0}}});
  CHECK(folded(b).values == Values{1, 0, 0, 4, 5, 0});
}

TEST_CASE("reductions fold, with axes as attribute or operand") {
  OnnxBuilder b(13);
  b.integers("x", {2, 3}, {1, 2, 3, 4, 5, 6});
  b.node("ReduceProd", {"x"}, {"y"}, {{"axes", Ints{1}}, {"keepdims", std::int64_t{0}}});
  CHECK(folded(b).values == Values{6, 120});
  OnnxBuilder c(13);
  c.integers("x", {2, 3}, {1, 2, 3, 4, 5, 6});
  c.list("axes", {0});
  c.node("ReduceSum", {"x", "axes"}, {"y"});
  const Folded sum = folded(c);
  CHECK(sum.shape == Shape{1, 3});
  CHECK(sum.values == Values{5, 7, 9});
  CHECK(on_integers("ReduceMax", {{3, 9, 4}}) == Values{9});
  CHECK(on_reals("ReduceMean", {{1, 2, 6}}) == Values{3});
}

TEST_CASE("Constant carries its value in one of several attributes") {
  const std::vector<std::pair<std::string, test::Attribute>> all = {
      {"value_int", std::int64_t{7}},
      {"value_ints", Ints{7}},
      {"value_float", 7.0f},
      {"value_floats", test::Floats{7}},
      {"value", test::tensor_of("", {}, Ints{7})}};
  for (const auto& [name, value] : all) {
    CAPTURE(name);
    OnnxBuilder b;
    b.node("Constant", {}, {"y"}, {{name, value}});
    CHECK(folded(b).values == Values{7});
  }
}

TEST_CASE("weights without values keep their shape through an expression") {
  OnnxBuilder b;
  b.input("x", {1, 6});
  b.weight("w", {4, 6});
  b.weight("scale", {4, 1}, {1, 2, 3, 4});
  b.node("Mul", {"w", "scale"}, {"scaled"});
  b.node("Transpose", {"scaled"}, {"t"}, {{"perm", Ints{1, 0}}});
  b.node("MatMul", {"x", "t"}, {"y"});
  b.output("y");
  const Graph graph = imported(b);
  REQUIRE(graph.ops().size() == 1);
  CHECK(graph.ops()[0].kind == OpKind::kFullyConnected);
  CHECK(graph.tensor(graph.ops()[0].inputs[1]).data == nullptr);
}

TEST_CASE("operators outside of the folder's table over weights without values become weights") {
  OnnxBuilder b;
  b.input("x", {1, 6});
  b.weight("w", {6, 4});
  b.node("ReduceL2", {"w"}, {"norm"}, {{"axes", Ints{0}}});
  b.node("Div", {"w", "norm"}, {"unit"});
  b.node("MatMul", {"x", "unit"}, {"y"});
  b.output("y");
  const Graph graph = imported(b);
  REQUIRE(graph.ops().size() == 1);
  CHECK(graph.ops()[0].kind == OpKind::kFullyConnected);
}

TEST_CASE("large constants of one number keep their shape only") {
  OnnxBuilder b;
  b.list("shape", {1024, 1024});
  b.node("ConstantOfShape", {"shape"}, {"y"});
  const Folded result = folded(b);
  CHECK(result.shape == Shape{1024, 1024});
  CHECK(result.values.empty());
}

TEST_CASE("an If whose condition is known gives way to its branch") {
  OnnxBuilder b;
  b.input("x", {1, 3, 4});
  b.node("Shape", {"x"}, {"shape"});
  b.integers("two", {}, {2});
  b.node("Gather", {"shape", "two"}, {"last"}, {{"axis", std::int64_t{0}}});
  b.integers("four", {}, {4});
  b.node("Equal", {"last", "four"}, {"condition"});
  onnx::GraphProto then_branch, else_branch;
  then_branch.set_name("then");
  test::add_node(then_branch, "Relu", {"x"}, {"inner"});
  test::describe(*then_branch.add_output(), "inner", {});
  else_branch.set_name("else");
  test::add_node(else_branch, "Foo", {"x"}, {"inner"});
  test::describe(*else_branch.add_output(), "inner", {});
  b.node("If", {"condition"}, {"chosen"},
         {{"then_branch", then_branch}, {"else_branch", else_branch}});
  b.node("Sigmoid", {"chosen"}, {"y"});
  b.output("y");
  const Graph graph = imported(b);
  REQUIRE(graph.ops().size() == 2);
  CHECK(graph.ops()[0].kind == OpKind::kRelu);
  CHECK(graph.ops()[1].kind == OpKind::kSigmoid);
}

}  // namespace presil
