#include "sim/reference/synthetic.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "models/import.h"
#include "models/simplify.h"
#include "sim/reference/reference.h"
#include "tests/models/graph_fixture.h"

namespace presil {
namespace {

struct Spread {
  double deviation = 0, saturated = 0;  ///< `saturated`: share of the elements at an end
};

Spread spread_of(const Tensor& tensor) {
  const std::vector<double> values = real_values(tensor);
  Spread spread;
  double sum = 0, squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  const auto count = static_cast<double>(values.size());
  spread.deviation = std::sqrt(std::max(0.0, squares / count - sum / count * (sum / count)));
  if (is_float(tensor.type)) return spread;
  const IntegerRange range = range_of(tensor.type);
  for (const std::int64_t stored : stored_integers(tensor))
    spread.saturated += (stored == range.max ? 1 : 0) / count;
  return spread;
}

TEST_CASE("built-in networks run in every type, and nothing vanishes or saturates") {
  for (const char* name : {"mobilenet_v2", "resnet18"})
    for (const DataType type : {DataType::kInt8, DataType::kFloat32}) {
      CAPTURE(std::string(name));
      const Graph graph =
          synthetic(simplify(builtin_network(name)), {.seed = 3, .activations = type});
      const std::vector<Tensor> all = execute_all(graph, random_inputs(graph, 4));
      for (const Op& op : graph.ops()) {
        const TensorDesc& y = graph.tensor(op.outputs.front());
        CAPTURE(y.name);
        if (element_count(y.shape) < 100 || !(is_float(y.type) || y.quantization)) continue;
        CHECK(y.type == type);
        const Spread spread = spread_of(all[static_cast<std::size_t>(op.outputs.front())]);
        CHECK(spread.deviation > 0);
        CHECK(std::isfinite(spread.deviation));
        CHECK(spread.saturated < 0.2);
      }
    }
}

TEST_CASE("an integer network follows the float one of the same seed") {
  const Graph floats = simplify(builtin_network("resnet18"));
  const Graph real = synthetic(floats, {.seed = 1, .activations = DataType::kFloat32});
  const Graph integer = synthetic(floats, {.seed = 1, .activations = DataType::kInt16});
  const std::vector<Tensor> q = random_inputs(integer, 1);
  std::vector<Tensor> x = {empty_tensor(real.tensor(real.inputs().front()))};
  store_reals(x.front(), real_values(q.front()));
  const auto wanted = real_values(execute(real, x).front());
  const auto got = real_values(execute(integer, q).front());
  double error = 0, power = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    error += (got[i] - wanted[i]) * (got[i] - wanted[i]);
    power += wanted[i] * wanted[i];
  }
  CHECK(std::sqrt(error / power) < 0.05);
}

TEST_CASE("the same seed gives the same network, known values stay") {
  const Graph graph = builtin_network("mobilenet_v1");
  const Graph a = synthetic(graph, {.seed = 7}), b = synthetic(graph, {.seed = 7}),
              c = synthetic(graph, {.seed = 8});
  const auto data_of = [](const Graph& g) {
    for (const TensorDesc& tensor : g.tensors())
      if (tensor.constant && tensor.shape.size() == 4) return *tensor.data;
    return TensorData{};
  };
  CHECK(data_of(a) == data_of(b));
  CHECK(data_of(a) != data_of(c));
  test::Net net;
  const TensorId y = net.op(OpKind::kMul, {net.input({1, 2}), net.number(3)});
  const Graph kept = with_synthetic_values(net.finish(y), 1);
  CHECK(test::values_of<float>(kept.tensor(kept.ops().front().inputs[1])) == std::vector<float>{3});
}

TEST_CASE("what only moves elements keeps their quantisation, weights have a scale a channel") {
  test::Net net;
  const TensorId x = net.input({1, 4, 6, 6});
  TensorId y =
      net.op(OpKind::kConv,
             {x, net.constant(test::dims("w", {8, 4, 3, 3})), net.constant(test::dims("b", {8}))},
             ConvAttrs{.window = {.kernel_h = 3, .kernel_w = 3}});
  y = net.op(OpKind::kRelu, {y});
  y = net.op(OpKind::kMaxPool, {y}, PoolAttrs{.window = {.kernel_h = 2, .kernel_w = 2}});
  y = net.op(OpKind::kReshape, {y}, ReshapeAttrs{.shape = {1, 72}});
  const Graph graph = synthetic(net.finish(y), {.seed = 2});
  const Op& conv = test::only(graph, OpKind::kConv);
  CHECK(graph.tensor(conv.inputs[1]).type == DataType::kInt8);
  CHECK(graph.tensor(conv.inputs[1]).quantization->scale.size() == 8);
  CHECK(graph.tensor(conv.inputs[2]).type == DataType::kInt32);
  const Quantization& end = *graph.tensor(graph.outputs().front()).quantization;
  CHECK(graph.tensor(conv.outputs.front()).quantization->scale == end.scale);
  CHECK(end.zero_point.front() == -128);  // nothing is negative behind a relu
}

TEST_CASE("a network that is quantised already keeps its types") {
  test::Net net;
  const Quantization q{.scale = {0.5f}, .zero_point = {3}};
  const TensorId x = net.input({1, 4}, DataType::kInt8, q);
  TensorDesc w = test::dims("w", {2, 4}, DataType::kInt8);
  w.quantization = Quantization{.scale = {0.25f}, .zero_point = {0}};
  const TensorId y = net.op(OpKind::kFullyConnected, {x, net.constant(w)});
  net.b.mutable_tensor(y).quantization = q;
  const Graph graph = synthetic(net.finish(y), {.activations = DataType::kInt16});
  CHECK(graph.tensor(graph.outputs().front()).type == DataType::kInt8);
  CHECK_NOTHROW(execute(graph, random_inputs(graph, 1)));
}

TEST_CASE("activations of a type that cannot be are an error") {
  CHECK_THROWS_WITH_AS(
      synthetic(builtin_network("mobilenet_v1"), {.activations = DataType::kInt64}),
      "activations cannot be int64; known: int8, uint8, int16, fp16, bf16, fp32, fp64", Error);
}

}  // namespace
}  // namespace presil
