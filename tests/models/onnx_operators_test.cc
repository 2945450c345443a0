// Elementwise, reducing and moving operators, over the opsets' ways to say them.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

#include "tests/models/onnx_builder.h"

namespace presil {
namespace {

using onnx::TensorProto;
using test::Attributes;
using test::error_of;
using test::Floats;
using test::imported;
using test::Ints;
using test::OnnxBuilder;

const Op& only(const Graph& graph, OpKind kind) {
  const Op* found = nullptr;
  for (const Op& op : graph.ops())
    if (op.kind == kind) {
      REQUIRE(found == nullptr);
      found = &op;
    }
  REQUIRE(found != nullptr);
  return *found;
}

std::vector<OpKind> kinds(const Graph& graph) {
  std::vector<OpKind> all;
  for (const Op& op : graph.ops()) all.push_back(op.kind);
  return all;
}

Shape output_shape(const Graph& graph) { return graph.tensor(graph.outputs()[0]).shape; }

/// y = type(x, more...) for a float x.
OnnxBuilder one_node(const std::string& type, const Ints& x, const Attributes& attributes = {},
                     const std::vector<std::string>& more = {}, int opset = 13) {
  OnnxBuilder b(opset);
  b.input("x", x);
  std::vector<std::string> inputs{"x"};
  inputs.insert(inputs.end(), more.begin(), more.end());
  b.node(type, inputs, {"y"}, attributes);
  b.output("y");
  return b;
}

Graph of_node(const std::string& type, const Ints& x, const Attributes& attributes = {},
              int opset = 13) {
  return imported(one_node(type, x, attributes, {}, opset));
}

constexpr std::int64_t kOne = 1, kZero = 0;

}  // namespace

TEST_CASE("Clip has its bounds in attributes up to opset 10, in operands from 11 on") {
  CHECK(kinds(of_node("Clip", {1, 2}, {{"min", 0.0f}, {"max", 6.0f}}, 9)) ==
        std::vector{OpKind::kRelu6});
  OnnxBuilder b = one_node("Clip", {1, 2}, {}, {"low", "high"});
  b.weight("low", {}, {-1});
  b.weight("high", {}, {2});
  const Graph clip = imported(b);
  CHECK(only(clip, OpKind::kClip).as<UnaryAttrs>().alpha == -1);
  CHECK(only(clip, OpKind::kClip).as<UnaryAttrs>().beta == 2);
  OnnxBuilder c = one_node("Clip", {1, 2}, {}, {"low"});
  c.weight("low", {}, {0});
  CHECK(kinds(imported(c)) == std::vector{OpKind::kRelu});
}

TEST_CASE("every plain unary operator has its kind") {
  const std::vector<std::pair<std::string, OpKind>> all = {
      {"Relu", OpKind::kRelu},         {"Sigmoid", OpKind::kSigmoid},
      {"Tanh", OpKind::kTanh},         {"Softplus", OpKind::kSoftplus},
      {"Erf", OpKind::kErf},           {"Exp", OpKind::kExp},
      {"Log", OpKind::kLog},           {"Sqrt", OpKind::kSqrt},
      {"Neg", OpKind::kNeg},           {"Abs", OpKind::kAbs},
      {"Floor", OpKind::kFloor},       {"Sin", OpKind::kSin},
      {"Cos", OpKind::kCos},           {"Reciprocal", OpKind::kReciprocal},
      {"Identity", OpKind::kIdentity}, {"HardSigmoid", OpKind::kHardSigmoid},
      {"Elu", OpKind::kElu},           {"LeakyRelu", OpKind::kLeakyRelu},
      {"Dropout", OpKind::kIdentity},  {"HardSwish", OpKind::kHardSwish}};
  for (const auto& [type, kind] : all) {
    CAPTURE(type);
    CHECK(kinds(of_node(type, {2, 3}, {}, 14)) == std::vector{kind});
  }
}

TEST_CASE("activations without a kind are spelled with others") {
  for (const std::string type :
       {"Selu", "Celu", "Mish", "Softsign", "ThresholdedRelu", "Ceil", "Tan"}) {
    CAPTURE(type);
    const Graph graph = of_node(type, {2, 3});
    CHECK(output_shape(graph) == Shape{2, 3});
    CHECK(std::none_of(graph.ops().begin(), graph.ops().end(),
                       [](const Op& op) { return op.kind == OpKind::kHost; }));
  }
}

TEST_CASE("binary operators broadcast, comparisons give bool") {
  for (const std::string type : {"Add", "Sub", "Mul", "Div", "Pow", "Min", "Max"}) {
    CAPTURE(type);
    OnnxBuilder b = one_node(type, {2, 1, 3}, {}, {"z"});
    b.input("z", {4, 1});
    CHECK(output_shape(imported(b)) == Shape{2, 4, 3});
  }
  for (const std::string type : {"Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"}) {
    CAPTURE(type);
    OnnxBuilder b = one_node(type, {2, 3}, {}, {"z"});
    b.input("z", {3});
    const Graph graph = imported(b);
    CHECK(graph.tensor(graph.outputs()[0]).type == DataType::kBool);
  }
}

TEST_CASE("Sum, Mean, Min and Max of many operands are chains") {
  OnnxBuilder b = one_node("Sum", {2}, {}, {"z", "z"});
  b.input("z", {2});
  CHECK(kinds(imported(b)) == std::vector{OpKind::kAdd, OpKind::kAdd});
  OnnxBuilder c = one_node("Mean", {2}, {}, {"z", "z"});
  c.input("z", {2});
  CHECK(kinds(imported(c)) == std::vector{OpKind::kAdd, OpKind::kAdd, OpKind::kMul});
  CHECK(kinds(of_node("Max", {2})) == std::vector{OpKind::kIdentity});
}

TEST_CASE("Softmax runs over all axes behind its own up to opset 12, over one from 13 on") {
  CHECK(kinds(of_node("Softmax", {2, 3, 4}, {}, 11)) ==
        std::vector{OpKind::kReshape, OpKind::kSoftmax, OpKind::kReshape});
  CHECK(kinds(of_node("Softmax", {2, 3, 4}, {{"axis", std::int64_t{2}}}, 11)) ==
        std::vector{OpKind::kSoftmax});
  const Graph ones = of_node("Softmax", {2, 3, 1, 1}, {}, 11);
  CHECK(only(ones, OpKind::kSoftmax).as<AxisAttrs>().axis == 1);
  const Graph last = of_node("Softmax", {2, 3, 4}, {}, 13);
  CHECK(only(last, OpKind::kSoftmax).as<AxisAttrs>().axis == 2);
}

TEST_CASE("normalisations keep their epsilon") {
  OnnxBuilder b = one_node("LayerNormalization", {2, 3, 4},
                           {{"axis", std::int64_t{-2}}, {"epsilon", 0.5f}}, {"s", "c"}, 17);
  b.weight("s", {3, 4});
  b.weight("c", {1, 3, 4});
  const Graph layer = imported(b);
  CHECK(only(layer, OpKind::kLayerNorm).as<NormAttrs>().axis == 1);
  CHECK(only(layer, OpKind::kLayerNorm).as<NormAttrs>().epsilon == 0.5f);
  OnnxBuilder c =
      one_node("BatchNormalization", {2, 3, 4, 4}, {{"epsilon", 0.25f}}, {"p", "p", "p", "p"}, 9);
  c.weight("p", {3});
  CHECK(only(imported(c), OpKind::kBatchNorm).as<NormAttrs>().epsilon == 0.25f);
  OnnxBuilder d = one_node("InstanceNormalization", {2, 3, 4, 4}, {}, {"p", "p"});
  d.weight("p", {3});
  CHECK(kinds(imported(d)) == std::vector{OpKind::kInstanceNorm});
  CHECK(only(of_node("LRN", {1, 4, 3, 3}, {{"size", std::int64_t{3}}}), OpKind::kLrn)
            .as<LrnAttrs>()
            .size == 3);
}

TEST_CASE("poolings keep window, rounding and what the pads count for") {
  const Graph graph = of_node("AveragePool", {1, 2, 6, 6},
                              {{"kernel_shape", Ints{3, 3}},
                               {"strides", Ints{2, 2}},
                               {"ceil_mode", kOne},
                               {"count_include_pad", kOne}});
  const auto& pool = only(graph, OpKind::kAveragePool).as<PoolAttrs>();
  CHECK(pool.ceil_mode);
  CHECK(pool.count_include_pad);
  CHECK(output_shape(graph) == Shape{1, 2, 3, 3});
  CHECK(kinds(of_node("MaxPool", {1, 2, 6}, {{"kernel_shape", Ints{2}}})) ==
        std::vector{OpKind::kMaxPool});
  CHECK(kinds(of_node("GlobalMaxPool", {1, 2, 6, 6})) == std::vector{OpKind::kGlobalMaxPool});
  CHECK(kinds(of_node("GlobalAveragePool", {1, 2, 6, 6, 6})) == std::vector{OpKind::kReduceMean});
}

TEST_CASE("ReduceSum has its axes in an operand from opset 13 on, others in an attribute") {
  CHECK(output_shape(of_node("ReduceSum", {2, 3, 4}, {{"axes", Ints{-1}}}, 11)) == Shape{2, 3, 1});
  OnnxBuilder b = one_node("ReduceSum", {2, 3, 4}, {{"keepdims", kZero}}, {"axes"});
  b.list("axes", {0, -1});
  CHECK(output_shape(imported(b)) == Shape{3});
  CHECK(kinds(of_node("ReduceSum", {2, 3}, {{"noop_with_empty_axes", kOne}})) ==
        std::vector{OpKind::kIdentity});
  CHECK(output_shape(of_node("ReduceMean", {2, 3})) == Shape{1, 1});
  CHECK(kinds(of_node("ReduceL2", {2, 3})) ==
        std::vector{OpKind::kSquare, OpKind::kReduceSum, OpKind::kSqrt});
  const Graph arg = of_node("ArgMax", {2, 3}, {{"axis", std::int64_t{-1}}, {"keepdims", kZero}});
  CHECK(output_shape(arg) == Shape{2});
  CHECK(arg.tensor(arg.outputs()[0]).type == DataType::kInt64);
}

TEST_CASE("Upsample and Resize of opsets 9, 10, 11 and 13 say scales or sizes") {
  for (const int opset : {9, 10, 11, 13}) {
    CAPTURE(opset);
    const bool sizes = opset == 13;
    std::vector<std::string> more{"scales"};
    if (opset >= 11) more.insert(more.begin(), "roi");
    if (sizes) more = {"", "", "sizes"};
    OnnxBuilder b = one_node(opset == 9 ? "Upsample" : "Resize", {1, 2, 3, 4},
                             {{"mode", std::string("linear")}}, more, opset);
    b.weight("scales", {4}, {1, 1, 2, 2.5f});
    b.weight("roi", {0}, {});
    b.list("sizes", {1, 2, 6, 10});
    const Graph graph = imported(b);
    CHECK(output_shape(graph) == Shape{1, 2, 6, 10});
    const auto& resize = only(graph, OpKind::kResizeBilinear).as<ResizeAttrs>();
    CHECK(resize.half_pixel == (opset >= 11));
  }
  OnnxBuilder b =
      one_node("Resize", {1, 2, 4},
               {{"coordinate_transformation_mode", std::string("align_corners")}}, {"", "scales"});
  b.weight("scales", {3}, {1, 1, 2});
  const Graph line = imported(b);
  CHECK(only(line, OpKind::kResizeNearest).as<ResizeAttrs>().align_corners);
  CHECK(output_shape(line) == Shape{1, 2, 8});
}

TEST_CASE("Squeeze and Unsqueeze have axes in an attribute up to opset 12, then in an operand") {
  CHECK(output_shape(of_node("Squeeze", {1, 3, 1}, {{"axes", Ints{-1}}}, 11)) == Shape{1, 3});
  CHECK(output_shape(of_node("Squeeze", {1, 3, 1})) == Shape{3});
  OnnxBuilder b = one_node("Unsqueeze", {3, 4}, {}, {"axes"});
  b.list("axes", {0, -1});
  CHECK(output_shape(imported(b)) == Shape{1, 3, 4, 1});
  CHECK(output_shape(of_node("Unsqueeze", {3, 4}, {{"axes", Ints{1}}}, 11)) == Shape{3, 1, 4});
  CHECK(output_shape(of_node("Flatten", {2, 3, 4}, {{"axis", std::int64_t{-1}}})) == Shape{6, 4});
}

TEST_CASE("Reshape copies extents for 0, unless allowzero") {
  OnnxBuilder b = one_node("Reshape", {2, 3, 4}, {}, {"shape"});
  b.list("shape", {0, -1});
  CHECK(output_shape(imported(b)) == Shape{2, 12});
  OnnxBuilder c = one_node("Reshape", {2, 3, 4}, {{"allowzero", kOne}}, {"shape"}, 14);
  c.list("shape", {0, -1});
  CHECK(error_of(c).find("24 elements of [2,3,4] do not divide") != std::string::npos);
}

TEST_CASE("Slice goes forward in one operator and backward through a gather") {
  OnnxBuilder b = one_node("Slice", {8, 6}, {}, {"starts", "ends", "axes", "steps"});
  b.list("starts", {-7, 5});
  b.list("ends", {INT64_MAX, INT64_MIN});
  b.list("axes", {0, 1});
  b.list("steps", {3, -2});
  const Graph graph = imported(b);
  CHECK(kinds(graph) == std::vector{OpKind::kSlice, OpKind::kGather});
  const auto& slice = only(graph, OpKind::kSlice).as<SliceAttrs>();
  CHECK(slice.begin == Ints{1, 1});
  CHECK(slice.size == Ints{3, 3});
  CHECK(slice.step == Ints{3, 2});
}

TEST_CASE("Split takes equal parts, an attribute or an operand") {
  for (const int mode : {0, 1, 2}) {
    CAPTURE(mode);
    OnnxBuilder b(mode == 1 ? 11 : 13);
    b.input("x", {2, 6});
    Attributes attributes{{"axis", kOne}};
    if (mode == 1) attributes.emplace_back("split", Ints{2, 4});
    std::vector<std::string> inputs{"x"};
    if (mode == 2) inputs.push_back("sizes");
    b.list("sizes", {2, 4});
    b.node("Split", inputs, {"a", "y"}, attributes);
    b.output("y");
    CHECK(output_shape(imported(b)) == (mode == 0 ? Shape{2, 3} : Shape{2, 4}));
  }
}

TEST_CASE("Pad has an attribute up to opset 10, operands then, reflections are gathered") {
  const Graph old = of_node("Pad", {2, 3}, {{"pads", Ints{0, 1, 0, 2}}, {"value", 4.0f}}, 9);
  CHECK(only(old, OpKind::kPad).as<PadAttrs>().value == 4);
  CHECK(output_shape(old) == Shape{2, 6});
  OnnxBuilder b = one_node("Pad", {2, 5}, {}, {"pads", "value"});
  b.list("pads", {0, -1, 1, 0});
  b.weight("value", {}, {3});
  CHECK(kinds(imported(b)) == std::vector{OpKind::kSlice, OpKind::kPad});
  CHECK(output_shape(imported(b)) == Shape{3, 4});
  OnnxBuilder c = one_node("Pad", {2, 5}, {{"mode", std::string("reflect")}}, {"pads"});
  c.list("pads", {0, 2, 0, 1});
  const Graph reflected = imported(c);
  const TensorDesc& indices = reflected.tensor(only(reflected, OpKind::kGather).inputs[1]);
  Ints values(8);
  std::memcpy(values.data(), indices.data->data(), 64);
  CHECK(values == Ints{2, 1, 0, 1, 2, 3, 4, 3});
}

TEST_CASE("Gather, Expand, Tile, Transpose, DepthToSpace and SpaceToDepth move elements") {
  OnnxBuilder b = one_node("Gather", {5, 3}, {}, {"i"});
  b.integers("i", {}, {-1});
  const Graph row = imported(b);
  CHECK(output_shape(row) == Shape{3});
  OnnxBuilder c = one_node("Expand", {3, 1}, {}, {"shape"});
  c.list("shape", {2, 1, 4});
  CHECK(output_shape(imported(c)) == Shape{2, 3, 4});
  OnnxBuilder d = one_node("Tile", {2, 3, 1}, {}, {"repeats"});
  d.list("repeats", {2, 1, 4});
  CHECK(output_shape(imported(d)) == Shape{4, 3, 4});
  CHECK(output_shape(of_node("Transpose", {2, 3, 4})) == Shape{4, 3, 2});
  const Graph space = of_node("DepthToSpace", {1, 8, 2, 3},
                              {{"blocksize", std::int64_t{2}}, {"mode", std::string("CRD")}});
  CHECK(only(space, OpKind::kDepthToSpace).as<BlockAttrs>().column_row_depth);
  CHECK(output_shape(space) == Shape{1, 2, 4, 6});
  CHECK(output_shape(of_node("SpaceToDepth", {1, 2, 4, 6}, {{"blocksize", std::int64_t{2}}})) ==
        Shape{1, 8, 2, 3});
}

}  // namespace presil
