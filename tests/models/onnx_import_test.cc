// Inputs, weights, the host, and operators that multiply and accumulate.

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

std::vector<float> floats_of(const TensorDesc& tensor) {
  REQUIRE(tensor.data);
  std::vector<float> values(tensor.data->size() / sizeof(float));
  std::memcpy(values.data(), tensor.data->data(), tensor.data->size());
  return values;
}

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

TEST_CASE("a convolution takes its window from attributes and weights") {
  OnnxBuilder b = one_node("Conv", {1, 4, 9, 7},
                           {{"strides", Ints{2, 1}},
                            {"pads", Ints{1, 0, 2, 3}},
                            {"dilations", Ints{1, 2}},
                            {"group", std::int64_t{2}}},
                           {"w", "b"});
  b.weight("w", {6, 2, 3, 2});
  b.weight("b", {6});
  const Graph graph = imported(b);
  const auto& conv = only(graph, OpKind::kConv).as<ConvAttrs>();
  CHECK(conv.groups == 2);
  CHECK(conv.window.kernel_h == 3);
  CHECK(conv.window.kernel_w == 2);
  CHECK(conv.window.pad_top == 1);
  CHECK(conv.window.pad_left == 0);
  CHECK(conv.window.pad_bottom == 2);
  CHECK(conv.window.pad_right == 3);
  CHECK(output_shape(graph) == Shape{1, 6, 5, 8});  // (9+3-3)/2+1, 7+3-3+1
}

TEST_CASE("SAME_UPPER and SAME_LOWER put the odd pad at the end or the beginning") {
  for (const std::string mode : {"SAME_UPPER", "SAME_LOWER"}) {
    OnnxBuilder b =
        one_node("Conv", {1, 1, 4, 4}, {{"auto_pad", mode}, {"strides", Ints{2, 2}}}, {"w"});
    b.weight("w", {1, 1, 3, 3});
    const Window window = only(imported(b), OpKind::kConv).as<ConvAttrs>().window;
    CHECK(window.pad_top == (mode == "SAME_UPPER" ? 0 : 1));
    CHECK(window.pad_bottom == (mode == "SAME_UPPER" ? 1 : 0));
  }
}

TEST_CASE("as many groups as channels is a depthwise convolution, also in one dimension") {
  OnnxBuilder b = one_node("Conv", {1, 4, 9}, {{"group", std::int64_t{4}}}, {"w"});
  b.weight("w", {8, 1, 3});
  const Graph graph = imported(b);
  CHECK(only(graph, OpKind::kDepthwiseConv).as<ConvAttrs>().window.kernel_w == 3);
  CHECK(output_shape(graph) == Shape{1, 8, 7});
}

TEST_CASE("a transposed convolution takes output padding or an output shape") {
  OnnxBuilder b = one_node(
      "ConvTranspose", {1, 4, 5, 5},
      {{"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}, {"output_padding", Ints{1, 1}}}, {"w"});
  b.weight("w", {4, 3, 3, 3});
  CHECK(output_shape(imported(b)) == Shape{1, 3, 10, 10});
  OnnxBuilder c = one_node("ConvTranspose", {1, 4, 5, 5},
                           {{"strides", Ints{2, 2}}, {"output_shape", Ints{10, 9}}}, {"w"});
  c.weight("w", {4, 3, 3, 3});
  const Graph graph = imported(c);
  CHECK(output_shape(graph) == Shape{1, 3, 10, 9});
  const auto& conv = only(graph, OpKind::kTransposedConv).as<ConvAttrs>();
  CHECK(conv.window.pad_top == 1);  // 11 - 10 = 1: before, unless SAME_UPPER
  CHECK(conv.window.pad_bottom == 0);
  OnnxBuilder d = one_node("ConvTranspose", {1, 4, 5}, {{"strides", Ints{2}}}, {"w"});
  d.weight("w", {4, 3, 3});
  CHECK(output_shape(imported(d)) == Shape{1, 3, 11});
}

TEST_CASE("Gemm with constant weights is fully connected, whatever its transpositions") {
  for (const std::int64_t transpose_b : {0, 1}) {
    OnnxBuilder b = one_node("Gemm", {2, 3}, {{"transB", transpose_b}}, {"w", "c"});
    b.weight("w", transpose_b != 0 ? Ints{2, 3} : Ints{3, 2},
             transpose_b != 0 ? Floats{1, 2, 3, 4, 5, 6} : Floats{1, 4, 2, 5, 3, 6});
    b.weight("c", {1, 2}, {7, 8});
    const Graph graph = imported(b);
    REQUIRE(graph.ops().size() == 1);
    const Op& op = only(graph, OpKind::kFullyConnected);
    CHECK(floats_of(graph.tensor(op.inputs[1])) == Floats{1, 2, 3, 4, 5, 6});
    CHECK(graph.tensor(op.inputs[2]).shape == Shape{2});
  }
}

TEST_CASE("alpha and beta of Gemm are folded or become operators") {
  OnnxBuilder b = one_node("Gemm", {2, 3}, {{"beta", 0.5f}, {"transA", kZero}}, {"w", "c"});
  b.weight("w", {3, 2});
  b.weight("c", {2}, {7, 8});
  const Graph beta = imported(b);
  CHECK(floats_of(beta.tensor(only(beta, OpKind::kFullyConnected).inputs[2])) == Floats{3.5f, 4});

  OnnxBuilder c = one_node("Gemm", {3, 2}, {{"alpha", 2.0f}, {"transA", kOne}}, {"w", "c"});
  c.weight("w", {3, 2});
  c.weight("c", {2}, {7, 8});
  CHECK(kinds(imported(c)) ==
        std::vector{OpKind::kTranspose, OpKind::kFullyConnected, OpKind::kMul, OpKind::kAdd});

  OnnxBuilder d = one_node("Gemm", {3, 2}, {{"transA", kOne}}, {"x"});
  const Graph product = imported(d);
  CHECK(only(product, OpKind::kMatMul).as<MatMulAttrs>().transpose_a);
  CHECK(output_shape(product) == Shape{2, 2});

  OnnxBuilder e = one_node("Gemm", {2, 3}, {}, {"w", "c"});
  e.weight("w", {3, 2});
  e.weight("c", {2, 1}, {7, 8});  // by column: no bias
  CHECK(kinds(imported(e)) == std::vector{OpKind::kFullyConnected, OpKind::kAdd});
}

TEST_CASE("MatMul is fully connected for constant matrices and a product otherwise") {
  OnnxBuilder b = one_node("MatMul", {2, 5, 3}, {}, {"w"});
  b.weight("w", {3, 4});
  const Graph dense = imported(b);
  CHECK(output_shape(dense) == Shape{2, 5, 4});
  CHECK(only(dense, OpKind::kFullyConnected).inputs.size() == 2);

  OnnxBuilder c = one_node("MatMul", {2, 5, 3}, {}, {"w"});
  c.weight("w", {2, 3, 4});
  CHECK(kinds(imported(c)) == std::vector{OpKind::kMatMul});

  OnnxBuilder d = one_node("MatMul", {2, 5, 3}, {}, {"v"});
  d.input("v", {3});
  const Graph vector = imported(d);
  CHECK(output_shape(vector) == Shape{2, 5});

  OnnxBuilder e = one_node("MatMul", {3}, {}, {"v"});
  e.input("v", {3});
  CHECK(output_shape(imported(e)) == Shape{});
}

TEST_CASE("Einsum of two operands is a matrix product between transposes") {
  OnnxBuilder b = one_node("Einsum", {2, 4, 5}, {{"equation", std::string("bij,bkj->bik")}}, {"z"});
  b.input("z", {2, 6, 5});
  const Graph graph = imported(b);
  CHECK(output_shape(graph) == Shape{2, 4, 6});
  CHECK(macs_of(graph) == Macs(2 * 4 * 6 * 5));

  OnnxBuilder c =
      one_node("Einsum", {3, 4, 5, 6}, {{"equation", std::string("nhwc, cd -> ndhw")}}, {"z"});
  c.input("z", {6, 7});
  CHECK(output_shape(imported(c)) == Shape{3, 7, 4, 5});
  CHECK(macs_of(imported(c)) == Macs(3 * 4 * 5 * 6 * 7));

  CHECK(output_shape(of_node("Einsum", {2, 3, 4}, {{"equation", std::string("abc->ca")}})) ==
        Shape{4, 2});
}

TEST_CASE("recurrent operators make as many results as are used") {
  OnnxBuilder b(14);
  b.input("x", {7, 2, 5});
  b.weight("w", {2, 12, 5});
  b.weight("r", {2, 12, 3});
  b.weight("bias", {2, 24});
  b.node("LSTM", {"x", "w", "r", "bias"}, {"", "h"},
         {{"hidden_size", std::int64_t{3}}, {"direction", std::string("bidirectional")}});
  b.output("h");
  const Graph graph = imported(b);
  const Op& lstm = only(graph, OpKind::kLstm);
  CHECK(lstm.as<RecurrentAttrs>().direction == Direction::kBidirectional);
  CHECK(lstm.outputs.size() == 2);
  CHECK(output_shape(graph) == Shape{2, 2, 3});

  OnnxBuilder c(14);
  c.input("x", {2, 7, 5});
  c.weight("w", {1, 9, 5});
  c.weight("r", {1, 9, 3});
  c.node("GRU", {"x", "w", "r"}, {"y"}, {{"layout", kOne}, {"linear_before_reset", kOne}});
  c.output("y");
  const Graph gru = imported(c);
  CHECK(only(gru, OpKind::kGru).as<RecurrentAttrs>().linear_before_reset);
  CHECK(output_shape(gru) == Shape{2, 7, 1, 3});
}

TEST_CASE("an open batch is 1, other open extents come from --input") {
  const OnnxBuilder b = one_node("Relu", {0, 3, 0, 4});
  CHECK(error_of(b) ==
        "input \"x\": dimension 2 (\"d2\") is open; give the shape: --input x=1x3x224x4");
  CHECK(output_shape(imported(b, {.input_shapes = {{"x", {2, 3, 8, 4}}}})) == Shape{2, 3, 8, 4});
  CHECK(output_shape(imported(one_node("Relu", {0, 3}))) == Shape{1, 3});
}

TEST_CASE("a named extent that --input gives holds for the other inputs as well") {
  OnnxBuilder b = one_node("Add", {0, 0}, {}, {"z"});
  b.input("z", {0, 0});
  CHECK(output_shape(imported(b, {.input_shapes = {{"x", {2, 5}}}})) == Shape{2, 5});
}

TEST_CASE("a graph input that is an initializer too is a constant") {
  OnnxBuilder b = one_node("Add", {2}, {}, {"w"});
  b.input("w", {2});
  b.weight("w", {2}, {1, 2});
  const Graph graph = imported(b);
  REQUIRE(graph.inputs().size() == 1);
  CHECK(floats_of(graph.tensor(only(graph, OpKind::kAdd).inputs[1])) == Floats{1, 2});
}

TEST_CASE("external data that is absent gives weights with dims and no values") {
  OnnxBuilder b = one_node("Conv", {1, 4, 8, 8}, {}, {"w"});
  auto& w = b.weight("w", {2, 4, 3, 3});
  w.set_data_location(TensorProto::EXTERNAL);
  auto& entry = *w.add_external_data();
  entry.set_key("location");
  entry.set_value("weights/not_there.bin");
  const Graph graph = imported(b);
  const TensorDesc& weights = graph.tensor(only(graph, OpKind::kConv).inputs[1]);
  CHECK(weights.constant);
  CHECK(weights.data == nullptr);
}

TEST_CASE("names of ops and tensors are the file's") {
  const Graph graph = of_node("Relu", {2});
  CHECK(graph.name() == "test");
  CHECK(graph.ops()[0].name == "n_y");
  CHECK(graph.tensor(graph.outputs()[0]).name == "y");
  CHECK(graph.tensor(graph.inputs()[0]).name == "x");
}

TEST_CASE("operators that presil does not have run on the host when that is allowed") {
  OnnxBuilder b = one_node("TopK", {2, 9}, {}, {"k"});
  b.graph().mutable_node(0)->add_output("places");
  b.list("k", {3});
  b.output("places");
  CHECK(error_of(b).find("--host-ops") != std::string::npos);
  const Graph graph = imported(b, {.input_shapes = {}, .allow_host_ops = true});
  const auto& host = only(graph, OpKind::kHost).as<HostAttrs>();
  CHECK(host.type == "TopK");
  CHECK(host.output_shapes == std::vector<Shape>{{2, 3}, {2, 3}});
  CHECK(host.output_types == std::vector{DataType::kFloat32, DataType::kInt64});
}

TEST_CASE("what depends on the data gets its largest shape on the host") {
  OnnxBuilder b;
  b.input("boxes", {1, 50, 4});
  b.input("scores", {1, 3, 50});
  b.integers("most", {1}, {10});
  b.node("NonMaxSuppression", {"boxes", "scores", "most"}, {"y"});
  b.output("y");
  const Graph graph = imported(b, {.input_shapes = {}, .allow_host_ops = true});
  CHECK(output_shape(graph) == Shape{30, 3});
}

}  // namespace presil
