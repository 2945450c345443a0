#include "tests/models/evaluate.h"

namespace presil {
namespace {

using test::data_of;
using test::dims;
using test::kinds_of;
using test::Net;
using test::only;
using test::values_of;
using Kinds = std::vector<OpKind>;

Quantization per_tensor(float scale) { return {.scale = {scale}, .zero_point = {0}}; }

/// A QDQ network under construction.
class QdqNet : public Net {
 public:
  TensorId quantized_input(Shape shape, float scale = 0.5f) {
    return input(std::move(shape), DataType::kInt8, per_tensor(scale));
  }
  TensorId stored(Shape shape, Quantization q, DataType type = DataType::kInt8) {
    TensorDesc tensor = dims("stored", std::move(shape), type);
    tensor.quantization = std::move(q);
    std::vector<double> values(static_cast<std::size_t>(element_count(tensor.shape)));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i % 5) - 2;
    return constant(with_values(std::move(tensor), values));
  }
  TensorId dequantize(TensorId q) {
    return op(OpKind::kDequantize, {q}, CastAttrs{.to = DataType::kFloat32});
  }
  TensorId quantize(TensorId x, float scale = 0.5f, DataType type = DataType::kInt8) {
    TensorDesc y = dims("q", {}, type);
    y.quantization = per_tensor(scale);
    return b.add_op_into(OpKind::kQuantize, {}, {x}, {y}, "Quantize").front();
  }
  /// float x -> 1x1 convolution with stored weights [3,2,1,1] and a stored bias.
  TensorId conv(TensorId x) {
    const Quantization channels{.scale = {1, 2, 3}, .zero_point = {0, 0, 0}, .axis = 0};
    return b.add_op(OpKind::kConv, ConvAttrs{},
                    {x, dequantize(stored({3, 2, 1, 1}, channels)),
                     dequantize(stored({3}, channels, DataType::kInt32))},
                    "the conv");
  }
};

}  // namespace

TEST_CASE("a convolution between dequantise and quantise works on what is stored") {
  QdqNet n;
  const TensorId x = n.quantized_input({1, 2, 4, 4});
  const Graph graph = test::simplified(n.finish(n.quantize(n.conv(n.dequantize(x)), 0.25f)));
  CHECK(kinds_of(graph) == Kinds{OpKind::kConv});
  const Op& conv = graph.ops()[0];
  CHECK(conv.name == "the conv");
  CHECK(conv.inputs[0] == graph.inputs()[0]);
  CHECK(graph.tensor(conv.inputs[1]).type == DataType::kInt8);
  CHECK(graph.tensor(conv.inputs[1]).quantization->scale == std::vector<float>{1, 2, 3});
  CHECK(graph.tensor(conv.inputs[2]).type == DataType::kInt32);
  CHECK(graph.tensor(conv.outputs[0]).type == DataType::kInt8);
  CHECK(graph.tensor(conv.outputs[0]).quantization->scale == std::vector<float>{0.25f});
  CHECK(parameter_bytes(graph).value == 6 + 12);
}

TEST_CASE("an activation behind the convolution clamps the quantised result") {
  QdqNet n;
  const TensorId y = n.conv(n.dequantize(n.quantized_input({1, 2, 4, 4})));
  const TensorId clamped = n.op(OpKind::kClip, {y}, UnaryAttrs{.alpha = 0, .beta = 6});
  const Graph graph = test::simplified(n.finish(n.quantize(clamped, 0.25f)));
  CHECK(kinds_of(graph) == Kinds{OpKind::kConv, OpKind::kRelu6});
  const TensorDesc& between = graph.tensor(graph.ops()[0].outputs[0]);
  CHECK(between.type == DataType::kInt8);
  CHECK(between.quantization->scale == std::vector<float>{0.25f});
}

TEST_CASE("float values between a whole QDQ network and its borders stay at the borders") {
  QdqNet n;
  TensorId x = n.quantize(n.input({1, 2, 4, 4}));
  const TensorId a = n.quantize(n.conv(n.dequantize(x)));
  const TensorId b = n.quantize(n.conv(n.dequantize(x)));
  const TensorId sum = n.quantize(n.op(OpKind::kAdd, {n.dequantize(a), n.dequantize(b)}), 0.75f);
  const Graph graph = test::simplified(n.finish(n.dequantize(sum)));
  CHECK(kinds_of(graph) ==
        Kinds{OpKind::kQuantize, OpKind::kConv, OpKind::kConv, OpKind::kAdd, OpKind::kDequantize});
}

TEST_CASE("where only one side is there, it is kept") {
  QdqNet before;
  CHECK(kinds_of(test::simplified(before.finish(
            before.op(OpKind::kExp, {before.dequantize(before.quantized_input({4}))})))) ==
        Kinds{OpKind::kDequantize, OpKind::kExp});

  QdqNet behind;
  CHECK(kinds_of(test::simplified(behind.finish(behind.quantize(behind.op(
            OpKind::kExp, {behind.input({4})}))))) == Kinds{OpKind::kExp, OpKind::kQuantize});

  QdqNet mixed;  // one operand was never quantised
  const TensorId x = mixed.dequantize(mixed.quantized_input({4}));
  const TensorId sum = mixed.op(OpKind::kAdd, {x, mixed.op(OpKind::kExp, {mixed.input({4})})});
  CHECK(test::simplified(mixed.finish(mixed.quantize(sum))).ops().size() == 4);

  QdqNet read_twice;  // someone wants the float result
  const TensorId y =
      read_twice.op(OpKind::kExp, {read_twice.dequantize(read_twice.quantized_input({4}))});
  read_twice.b.mark_output(y);
  CHECK(test::simplified(read_twice.finish(read_twice.quantize(y))).ops().size() == 3);
}

TEST_CASE("a scale that the file does not tell keeps its conversions") {
  QdqNet n;
  const TensorId x = n.input({4}, DataType::kInt8);
  CHECK(
      test::simplified(n.finish(n.quantize(n.op(OpKind::kExp, {n.dequantize(x)})))).ops().size() ==
      3);
}

TEST_CASE("what hands elements through needs the same scale on both sides") {
  const auto pooled = [](float out) {
    QdqNet n;
    const TensorId x = n.dequantize(n.quantized_input({1, 2, 4, 4}, 0.5f));
    const TensorId y = n.op(OpKind::kMaxPool, {x}, PoolAttrs{.window = {.kernel_h = 2}});
    return kinds_of(test::simplified(n.finish(n.quantize(y, out))));
  };
  CHECK(pooled(0.5f) == Kinds{OpKind::kMaxPool});
  CHECK(pooled(0.25f) == Kinds{OpKind::kDequantize, OpKind::kMaxPool, OpKind::kQuantize});

  QdqNet scales;  // a sigmoid computes, so its scales may differ
  const TensorId x = scales.dequantize(scales.quantized_input({4}, 0.5f));
  CHECK(kinds_of(test::simplified(scales.finish(scales.quantize(
            scales.op(OpKind::kSigmoid, {x}), 1.0f / 256)))) == Kinds{OpKind::kSigmoid});
}

TEST_CASE("operands of different stored types keep their conversions") {
  QdqNet n;
  const TensorId a = n.dequantize(n.quantized_input({4}));
  const TensorId b = n.dequantize(n.input({4}, DataType::kUint8, per_tensor(1)));
  CHECK(test::simplified(n.finish(n.quantize(n.op(OpKind::kAdd, {a, b})))).ops().size() == 4);
}

TEST_CASE("a float bias is quantised to the scale of the sums") {
  QdqNet n;
  const TensorId x = n.dequantize(n.quantized_input({1, 2}, 0.5f));
  const Quantization rows{.scale = {0.1f, 0.2f}, .zero_point = {0, 0}, .axis = 0};
  const TensorId w = n.dequantize(n.stored({2, 2}, rows));
  const TensorId bias = n.constant(test::floats("bias", {2}, {1, -1}));
  const Graph graph =
      test::simplified(n.finish(n.quantize(n.op(OpKind::kFullyConnected, {x, w, bias}))));
  REQUIRE(kinds_of(graph) == Kinds{OpKind::kFullyConnected});
  const TensorDesc& made = graph.tensor(graph.ops()[0].inputs[2]);
  CHECK(made.type == DataType::kInt32);
  CHECK(made.quantization->axis == 0);
  CHECK(values_of<std::int32_t>(made) == std::vector<std::int32_t>{20, -10});
}

TEST_CASE("weights that alone are quantised are read as they are stored") {
  QdqNet n;
  const Quantization q{.scale = {1, 2, 3}, .zero_point = {0, 0, 0}, .axis = 1};
  const TensorId w = n.dequantize(n.stored({4, 3}, q));
  const Graph graph = test::simplified(n.finish(n.op(OpKind::kMatMul, {n.input({5, 4}), w})));
  REQUIRE(kinds_of(graph) == Kinds{OpKind::kFullyConnected});
  const TensorDesc& weights = graph.tensor(graph.ops()[0].inputs[1]);
  CHECK(weights.type == DataType::kInt8);
  CHECK(weights.shape == Shape{3, 4});
  CHECK(weights.quantization->axis == 0);
  CHECK(parameter_bytes(graph).value == 12);
}

TEST_CASE("weights that the file quantises while running are quantised once") {
  QdqNet n;
  const TensorId w = n.quantize(n.constant(test::floats("w", {1, 2}, {1, -3})), 0.5f);
  const TensorId x = n.dequantize(n.quantized_input({5, 2}));
  const Graph graph =
      test::simplified(n.finish(n.quantize(n.op(OpKind::kFullyConnected, {x, n.dequantize(w)}))));
  REQUIRE(kinds_of(graph) == Kinds{OpKind::kFullyConnected});
  CHECK(values_of<std::int8_t>(graph.tensor(graph.ops()[0].inputs[1])) ==
        std::vector<std::int8_t>{2, -6});
}

TEST_CASE("quantise behind dequantise is nothing, or one step to the new scale") {
  const auto kinds = [](float scale) {
    QdqNet n;
    const TensorId x = n.op(OpKind::kSigmoid, {n.quantized_input({4}, 0.5f)});
    n.b.mutable_tensor(x).quantization = per_tensor(0.5f);
    return kinds_of(test::simplified(n.finish(n.quantize(n.dequantize(x), scale))));
  };
  CHECK(kinds(0.5f) == Kinds{OpKind::kSigmoid});
  CHECK(kinds(0.25f) == Kinds{OpKind::kSigmoid, OpKind::kQuantize});
}

TEST_CASE("a split between dequantise and quantise cuts what is stored") {
  const auto kinds = [](float scale) {
    QdqNet n;
    const TensorId x = n.dequantize(n.quantized_input({1, 4, 3, 3}, 0.5f));
    const auto parts = n.b.add_op_into(OpKind::kSplit, AxisAttrs{.axis = 1}, {x},
                                       {dims("a", {}), dims("b", {})}, "s");
    const TensorId a = n.dequantize(n.quantize(parts[0], scale));
    const TensorId b = n.dequantize(n.quantize(parts[1], scale));
    return kinds_of(test::simplified(n.finish(n.quantize(n.op(OpKind::kMul, {a, b})))));
  };
  CHECK(kinds(0.5f) == Kinds{OpKind::kSplit, OpKind::kMul});
  CHECK(kinds(0.25f).size() == 5);
}

TEST_CASE("written-out activations between dequantise and quantise are found first") {
  QdqNet n;
  const TensorId x = n.dequantize(n.quantized_input({4}));
  const TensorId shifted = n.op(OpKind::kAdd, {x, n.number(3)});
  const TensorId gate = n.op(OpKind::kClip, {shifted}, UnaryAttrs{.alpha = 0, .beta = 6});
  const TensorId y = n.op(OpKind::kDiv, {n.op(OpKind::kMul, {x, gate}), n.number(6)});
  CHECK(kinds_of(test::simplified(n.finish(n.quantize(y)))) == Kinds{OpKind::kHardSwish});
}

}  // namespace presil
