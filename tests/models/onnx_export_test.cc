#include "models/onnx_export.h"

#include <doctest/doctest.h>
#include <onnx/onnx_pb.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "models/builtin_networks.h"
#include "models/import.h"

namespace presil {
namespace {

/// What comes back from a file.
Graph reread(const std::string& bytes) {
  const auto file =
      std::filesystem::temp_directory_path() / fmt::format("presil_export_{}.onnx", getpid());
  std::ofstream(file, std::ios::binary) << bytes;
  Graph graph = load_network(file.string());
  std::filesystem::remove(file);
  return graph;
}

onnx::ModelProto parsed(const std::string& bytes) {
  onnx::ModelProto model;
  REQUIRE(model.ParseFromString(bytes));
  return model;
}

std::vector<float> values_of(const onnx::ModelProto& model, const std::string& name) {
  for (const auto& tensor : model.graph().initializer()) {
    if (tensor.name() != name) continue;
    std::vector<float> values(tensor.raw_data().size() / sizeof(float));
    std::memcpy(values.data(), tensor.raw_data().data(), tensor.raw_data().size());
    return values;
  }
  FAIL("no initializer " << name);
  return {};
}

/// What ONNX needs a node of its own for: maps reshaped with channels last, transposed products.
std::size_t transposes_inside(const Graph& graph) {
  std::size_t n = 0;
  for (const Op& op : graph.ops()) {
    n += op.kind == OpKind::kReshape && op.as<ReshapeAttrs>().channels_last;
    if (op.kind != OpKind::kMatMul) continue;
    n += op.as<MatMulAttrs>().transpose_a;
    n += op.as<MatMulAttrs>().transpose_b;
  }
  return n;
}

}  // namespace

TEST_CASE("Every built-in network comes back from ONNX as the same graph, transposes written out") {
  for (const BuiltinInfo& info : builtin_networks()) {
    if (info.name.starts_with("nb201")) continue;  // below
    INFO(info.name);
    const Graph graph = load_network(info.name);
    // Large ones without values: only the structure is compared.
    const bool small = parameter_bytes(graph).value < 20'000'000;
    const Graph again = reread(export_onnx(graph, {.weights = small}));
    if (transposes_inside(graph) == 0) {
      CHECK(again.hash() == graph.hash());
    } else {
      // A transpose may have merged with the one in front of it.
      CHECK(again.ops().size() <= graph.ops().size() + transposes_inside(graph));
      CHECK(macs_of(again) == macs_of(graph));
      CHECK(parameter_bytes(again) == parameter_bytes(graph));
    }
  }
}

TEST_CASE("A NAS-Bench-201 network comes back from ONNX as the same graph") {
  const Graph graph =
      nb201("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|none~1|avg_pool_3x3~2|");
  CHECK(reread(export_onnx(graph)).hash() == graph.hash());
}

TEST_CASE("Random weights have the deviation of He's rule, biases are zero, and the seed decides") {
  const Graph graph = load_network("ds_cnn");
  const onnx::ModelProto model = parsed(export_onnx(graph, {.seed = 7}));
  const std::string weights = "block1/conv.weight";
  const std::vector<float> values = values_of(model, weights);  // [64,64,1,1]
  REQUIRE(values.size() == 64 * 64);
  double squares = 0;
  for (const float value : values) squares += static_cast<double>(value) * value;
  // sqrt(2 / 64) = 0.1768; 4,096 samples know it to 1.1 %.
  CHECK(std::sqrt(squares / 4096) == doctest::Approx(std::sqrt(2.0 / 64)).epsilon(0.05));
  for (const float bias : values_of(model, "block1/conv.bias")) CHECK(bias == 0);
  CHECK(export_onnx(graph, {.seed = 7}) == export_onnx(graph, {.seed = 7}));
  CHECK(values_of(parsed(export_onnx(graph, {.seed = 8})), weights) != values);
}

TEST_CASE("Values that a network has are exported as they are, transposed where ONNX wants it") {
  GraphBuilder b("values");
  const TensorId x = b.add_input("x", DataType::kFloat32, {1, 2, 3});
  const std::vector<float> w{1, 2, 3, 4, 5, 6};  // [2,3]
  auto data = std::make_shared<TensorData>(w.size() * sizeof(float));
  std::memcpy(data->data(), w.data(), data->size());
  TensorDesc weights{.name = "w", .shape = {2, 3}, .constant = true};
  weights.data = data;
  b.mark_output(b.add_op(OpKind::kFullyConnected, {}, {x, b.add_constant(weights)}, "fc"));
  const std::string bytes = export_onnx(std::move(b).finish());
  CHECK(values_of(parsed(bytes), "w.transposed") == std::vector<float>{1, 4, 2, 5, 3, 6});
}

TEST_CASE("What ONNX cannot say is an error that names it") {
  GraphBuilder b("host");
  const TensorId x = b.add_input("x", DataType::kFloat32, {4});
  const auto y = b.add_op_into(
      OpKind::kHost,
      HostAttrs{.type = "Mystery", .output_shapes = {{4}}, .output_types = {DataType::kFloat32}},
      {x}, {TensorDesc{.name = "y", .shape = {4}}}, "odd");
  b.mark_output(y[0]);
  const Graph graph = std::move(b).finish();
  try {
    export_onnx(graph);
    FAIL("no Error");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) ==
          "operator 'odd' (Host) has no equivalent in ONNX, or none that is exported");
  }
}

}  // namespace presil
