// Quantised models keep their types, scales and zero points.

#include <doctest/doctest.h>

#include "tests/models/onnx_builder.h"

namespace presil {
namespace {

using onnx::TensorProto;
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

/// `name`_scale and `name`_zero.
void add_scale(OnnxBuilder& b, const std::string& name, float scale, std::int64_t zero,
               int type = TensorProto::UINT8) {
  b.weight(fmt::format("{}_scale", name), {}, {scale});
  b.integers(fmt::format("{}_zero", name), {}, {zero}, type);
}

}  // namespace

TEST_CASE("QuantizeLinear and DequantizeLinear become operators around typed tensors") {
  OnnxBuilder b;
  b.input("x", {1, 4});
  add_scale(b, "q", 0.5f, 3, TensorProto::INT8);
  b.node("QuantizeLinear", {"x", "q_scale", "q_zero"}, {"q"});
  b.node("DequantizeLinear", {"q", "q_scale", "q_zero"}, {"y"});
  b.output("y");
  const Graph graph = imported(b);
  const TensorDesc& q = graph.tensor(only(graph, OpKind::kQuantize).outputs[0]);
  CHECK(q.type == DataType::kInt8);
  REQUIRE(q.quantization);
  CHECK(q.quantization->scale == std::vector<float>{0.5f});
  CHECK(q.quantization->zero_point == Ints{3});
  CHECK(q.quantization->axis == -1);
  CHECK(graph.tensor(only(graph, OpKind::kDequantize).outputs[0]).type == DataType::kFloat32);
}

TEST_CASE("weights under DequantizeLinear stay quantised by channel, also transposed") {
  OnnxBuilder b;
  b.input("x", {1, 2});
  b.integers("w", {2, 3}, {1, 2, 3, 4, 5, 6}, TensorProto::INT8);
  b.weight("s", {3}, {0.1f, 0.2f, 0.3f});
  b.integers("z", {3}, {0, 0, 0}, TensorProto::INT8);
  b.node("DequantizeLinear", {"w", "s", "z"}, {"real"}, {{"axis", std::int64_t{1}}});
  b.node("MatMul", {"x", "real"}, {"y"});
  b.output("y");
  const Graph graph = imported(b);
  REQUIRE(graph.ops().size() == 2);
  const Op& product = only(graph, OpKind::kFullyConnected);
  const Op& dequantize = only(graph, OpKind::kDequantize);
  CHECK(product.inputs[1] == dequantize.outputs[0]);
  const TensorDesc& w = graph.tensor(dequantize.inputs[0]);
  CHECK(w.shape == Shape{3, 2});
  CHECK(w.type == DataType::kInt8);
  CHECK(w.quantization->axis == 0);
  CHECK(w.quantization->scale == std::vector<float>{0.1f, 0.2f, 0.3f});
  CHECK(std::to_integer<int>((*w.data)[1]) == 4);  // [[1,4],[2,5],[3,6]]
}

TEST_CASE("a Transpose of dequantised weights transposes what is stored") {
  OnnxBuilder b;
  b.input("x", {1, 2});
  b.integers("w", {3, 2}, {1, 2, 3, 4, 5, 6}, TensorProto::INT8);
  b.weight("s", {3}, {0.1f, 0.2f, 0.3f});
  b.node("DequantizeLinear", {"w", "s"}, {"real"}, {{"axis", std::int64_t{0}}});
  b.node("Transpose", {"real"}, {"t"});
  b.node("MatMul", {"x", "t"}, {"y"});
  b.output("y");
  const Graph graph = imported(b);
  REQUIRE(graph.ops().size() == 2);
  const TensorDesc& w = graph.tensor(only(graph, OpKind::kDequantize).inputs[0]);
  CHECK(w.shape == Shape{3, 2});
  CHECK(w.quantization->axis == 0);
  CHECK(std::to_integer<int>((*w.data)[1]) == 2);
  CHECK(only(graph, OpKind::kFullyConnected).outputs.size() == 1);
}

TEST_CASE("QLinearConv is a convolution of integers with an int32 bias") {
  OnnxBuilder b;
  b.input("x", {1, 2, 4, 4}, TensorProto::UINT8);
  add_scale(b, "x", 0.5f, 128);
  b.integers("w", {3, 2, 1, 1}, {1, 2, 3, 4, 5, 6}, TensorProto::INT8);
  b.weight("w_scale", {3}, {0.1f, 0.2f, 0.4f});
  b.integers("w_zero", {3}, {0, 0, 0}, TensorProto::INT8);
  add_scale(b, "y", 0.25f, 7);
  b.integers("bias", {3}, {10, 20, 30}, TensorProto::INT32);
  b.node("QLinearConv",
         {"x", "x_scale", "x_zero", "w", "w_scale", "w_zero", "y_scale", "y_zero", "bias"}, {"y"});
  b.output("y");
  const Graph graph = imported(b);
  REQUIRE(graph.ops().size() == 1);
  const Op& conv = only(graph, OpKind::kConv);
  CHECK(graph.tensor(conv.inputs[0]).quantization->zero_point == Ints{128});
  CHECK(graph.tensor(conv.inputs[1]).type == DataType::kInt8);
  CHECK(graph.tensor(conv.inputs[1]).quantization->axis == 0);
  CHECK(graph.tensor(conv.inputs[2]).type == DataType::kInt32);
  CHECK(graph.tensor(conv.inputs[2]).quantization->scale[2] == 0.5f * 0.4f);
  CHECK(graph.tensor(conv.outputs[0]).type == DataType::kUint8);
  CHECK(graph.tensor(conv.outputs[0]).quantization->scale == std::vector<float>{0.25f});
}

TEST_CASE("QLinearMatMul, MatMulInteger and ConvInteger have integer results") {
  OnnxBuilder b;
  b.input("a", {2, 4}, TensorProto::UINT8);
  b.integers("w", {4, 3}, Ints(12, 1), TensorProto::INT8);
  add_scale(b, "a", 0.5f, 0);
  add_scale(b, "w", 0.5f, 0, TensorProto::INT8);
  add_scale(b, "p", 0.5f, 0);
  b.node("QLinearMatMul", {"a", "a_scale", "a_zero", "w", "w_scale", "w_zero", "p_scale", "p_zero"},
         {"p"});
  b.node("MatMulInteger", {"p", "v"}, {"y"});
  b.integers("v", {3, 5}, Ints(15, 1), TensorProto::INT8);
  b.output("y");
  const Graph graph = imported(b);
  REQUIRE(graph.ops().size() == 2);
  CHECK(graph.tensor(graph.ops()[0].outputs[0]).type == DataType::kUint8);
  CHECK(graph.tensor(graph.ops()[1].outputs[0]).type == DataType::kInt32);
  CHECK(graph.ops()[1].kind == OpKind::kFullyConnected);

  OnnxBuilder c;
  c.input("x", {1, 2, 4, 4}, TensorProto::UINT8);
  c.integers("w", {3, 2, 3, 3}, Ints(54, 1), TensorProto::UINT8);
  c.node("ConvInteger", {"x", "w"}, {"y"});
  c.output("y");
  const Graph conv = imported(c);
  CHECK(conv.tensor(only(conv, OpKind::kConv).outputs[0]).type == DataType::kInt32);
}

TEST_CASE("com.microsoft operators on integers are the plain ones with typed results") {
  OnnxBuilder b;
  b.input("a", {1, 2, 4, 4}, TensorProto::UINT8);
  add_scale(b, "a", 0.5f, 0);
  add_scale(b, "s", 1.0f, 1);
  b.node("QLinearAdd", {"a", "a_scale", "a_zero", "a", "a_scale", "a_zero", "s_scale", "s_zero"},
         {"s"})
      .set_domain("com.microsoft");
  b.node("QLinearGlobalAveragePool", {"s", "s_scale", "s_zero", "s_scale", "s_zero"}, {"y"})
      .set_domain("com.microsoft");
  auto& import = *b.model.add_opset_import();
  import.set_domain("com.microsoft");
  import.set_version(1);
  b.output("y");
  const Graph graph = imported(b);
  CHECK(graph.tensor(only(graph, OpKind::kAdd).outputs[0]).quantization->zero_point == Ints{1});
  CHECK(graph.tensor(only(graph, OpKind::kGlobalAveragePool).outputs[0]).type == DataType::kUint8);
}

TEST_CASE("DynamicQuantizeLinear finds its range with reductions") {
  OnnxBuilder b;
  b.input("x", {2, 4});
  b.integers("w", {4, 3}, Ints(12, 1), TensorProto::INT8);
  b.node("DynamicQuantizeLinear", {"x"}, {"q", "scale", "zero"});
  b.node("MatMulInteger", {"q", "w", "zero"}, {"p"});
  b.node("Cast", {"p"}, {"real"}, {{"to", std::int64_t{TensorProto::FLOAT}}});
  b.node("Mul", {"real", "scale"}, {"y"});
  b.output("y");
  const Graph graph = imported(b);
  CHECK(graph.tensor(only(graph, OpKind::kQuantize).outputs[0]).type == DataType::kUint8);
  CHECK(only(graph, OpKind::kReduceMax).outputs.size() == 1);
  CHECK(graph.tensor(only(graph, OpKind::kFullyConnected).outputs[0]).type == DataType::kInt32);
}

}  // namespace presil
