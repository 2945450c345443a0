#include "sim/precision.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

#include "core/error.h"
#include "models/layer_builder.h"
#include "tests/models/graph_fixture.h"

namespace presil {
namespace {

using test::dims;
using test::error_of;

ChipSpec chip_with(const std::vector<PrecisionPair>& pairs) {
  ChipSpec chip;
  chip.name = "test";
  for (const PrecisionPair& pair : pairs)
    chip.mac_array.modes.push_back({.weights = pair.weights, .activations = pair.activations});
  return chip;
}

constexpr PrecisionPair kInt8{Precision::kInt8, Precision::kInt8};
constexpr PrecisionPair kW4A8{Precision::kInt4, Precision::kInt8};
constexpr PrecisionPair kInt16{Precision::kInt16, Precision::kInt16};
constexpr PrecisionPair kFp16{Precision::kFp16, Precision::kFp16};

/// x -> conv "a" -> conv "b" -> y, of a type.
Graph two_convolutions(DataType type = DataType::kFloat32) {
  GraphBuilder b("two");
  TensorId x = b.add_input("x", type, {1, 8, 4, 4});
  for (const char* name : {"a", "b"}) {
    const TensorId w = b.add_constant(dims(std::string(name) + ".w", {8, 8, 1, 1}, type));
    TensorDesc bias = dims(std::string(name) + ".b", {8}, is_float(type) ? type : DataType::kInt32);
    x = b.add_op(OpKind::kConv, ConvAttrs{}, {x, w, b.add_constant(std::move(bias))}, name);
  }
  b.mark_output(x);
  return std::move(b).finish();
}

TensorId tensor_called(const Graph& graph, const std::string& name) {
  for (std::size_t t = 0; t < graph.tensors().size(); ++t)
    if (graph.tensors()[t].name == name) return static_cast<TensorId>(t);
  FAIL("no tensor ", name);
  return kNoTensor;
}

Precision of(const Graph& graph, const PrecisionPlan& plan, const std::string& tensor) {
  return plan.tensor[static_cast<std::size_t>(tensor_called(graph, tensor))];
}

TEST_CASE("precisions are spelled as one name for both operands, or as widths") {
  struct Row {
    const char* text;
    Precision weights, activations;
  };
  const Row rows[] = {{"int8", Precision::kInt8, Precision::kInt8},
                      {"int4", Precision::kInt4, Precision::kInt4},
                      {"fp16", Precision::kFp16, Precision::kFp16},
                      {"bf16", Precision::kBf16, Precision::kBf16},
                      {"w4a8", Precision::kInt4, Precision::kInt8},
                      {"w8a16", Precision::kInt8, Precision::kInt16},
                      {"w16a16", Precision::kInt16, Precision::kInt16}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(parse_precision(row.text).weights == row.weights);
    CHECK(parse_precision(row.text).activations == row.activations);
  }
}

TEST_CASE("an unknown precision is answered with the known spellings") {
  for (const char* text :
       {"", "w", "a", "wa", "w4", "w4a", "wa8", "w5a8", "w4a8x", "int7", "W4A8"}) {
    CAPTURE(text);
    CHECK(error_of([&] { parse_precision(text); }) ==
          fmt::format("precision '{}' is unknown; known: int4, int8, int16, fp16, bf16, fp32, or "
                      "w<bits>a<bits> such as w4a8",
                      text));
  }
}

TEST_CASE("a float network runs in the chip's first mode, with biases of 32 bits") {
  const Graph graph = two_convolutions();
  const PrecisionPlan plan = plan_precision(graph, chip_with({kW4A8, kInt16}), {});
  CHECK(of(graph, plan, "x") == Precision::kInt8);
  CHECK(of(graph, plan, "a.w") == Precision::kInt4);
  CHECK(of(graph, plan, "a.b") == Precision::kInt32);
  CHECK(plan.mode == std::vector<int>{0, 0});
  CHECK(plan.bits(tensor_called(graph, "a.w")) == 4);
}

TEST_CASE("integer and half networks keep the types of their file") {
  const Graph int8 = two_convolutions(DataType::kInt8);
  const PrecisionPlan plan = plan_precision(int8, chip_with({kInt16, kFp16, kInt8}), {});
  CHECK(of(int8, plan, "x") == Precision::kInt8);
  CHECK(plan.mode == std::vector<int>{2, 2});
  const Graph half = two_convolutions(DataType::kFloat16);
  CHECK(plan_precision(half, chip_with({kInt16, kFp16, kInt8}), {}).mode == std::vector<int>{1, 1});
}

TEST_CASE("the precision of the whole network replaces its own") {
  const Graph graph = two_convolutions(DataType::kInt8);
  const PrecisionPlan plan = plan_precision(graph, chip_with({kInt8, kW4A8, kInt16}),
                                            {.network = parse_precision("w4a8")});
  CHECK(of(graph, plan, "a.w") == Precision::kInt4);
  CHECK(of(graph, plan, "x") == Precision::kInt8);
  CHECK(of(graph, plan, "a.b") == Precision::kInt32);
  CHECK(plan.mode == std::vector<int>{1, 1});
}

TEST_CASE("layers take the last pattern that matches: its weights, and what it makes") {
  const Graph graph = two_convolutions();
  const ChipSpec chip = chip_with({kInt8, kW4A8, kInt16});
  const PrecisionPlan plan = plan_precision(graph, chip, {.layers = {{"*", kInt16}, {"b", kW4A8}}});
  CHECK(of(graph, plan, "x") == Precision::kInt8);  // no layer makes it
  CHECK(of(graph, plan, "a.w") == Precision::kInt16);
  CHECK(of(graph, plan, "b.w") == Precision::kInt4);
  // a reads int8 with int16 weights; b reads a's int16 with int4 weights: int16 holds both.
  CHECK(plan.mode == std::vector<int>{2, 2});
}

TEST_CASE("a star in a pattern is any run of characters, none included") {
  const Graph graph = two_convolutions();
  const ChipSpec chip = chip_with({kInt8, kW4A8});
  const auto hits = [&](const char* pattern) {
    try {
      return plan_precision(graph, chip, {.layers = {{pattern, kW4A8}}}).mode[0] == 1;
    } catch (const Error&) {  // it fits no layer at all
      return false;
    }
  };
  for (const char* pattern : {"a", "*", "a*", "*a", "*a*", "**", "**a**"}) {
    CAPTURE(pattern);
    CHECK(hits(pattern));
  }
  for (const char* pattern : {"", "b", "A", "a?", "aa", "*b", "*a*a*"}) {
    CAPTURE(pattern);
    CHECK_FALSE(hits(pattern));
  }
}

TEST_CASE("a pattern that matches no layer is an error with the nearest name") {
  const Graph graph = two_convolutions();
  CHECK_THROWS_WITH_AS(
      plan_precision(graph, chip_with({kInt8, kW4A8}), {.layers = {{"*", kInt8}, {"bb", kW4A8}}}),
      doctest::Contains("precision map: 'bb' matches no layer of network"), Error);
}

TEST_CASE("a pattern of many stars is no trap") {
  GraphBuilder b("long");
  const TensorId x = b.add_input("x", DataType::kFloat32, {1, 8, 4, 4});
  const TensorId w = b.add_constant(dims("w", {8, 8, 1, 1}));
  const std::string name(200, 'a');
  b.mark_output(b.add_op(OpKind::kConv, ConvAttrs{}, {x, w}, name));
  const Graph graph = std::move(b).finish();
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "a*";
  const ChipSpec chip = chip_with({kInt8, kW4A8});
  CHECK_THROWS_AS(plan_precision(graph, chip, {.layers = {{pattern + "b", kW4A8}}}), Error);
  CHECK(plan_precision(graph, chip, {.layers = {{pattern, kW4A8}}}).mode[0] == 1);
}

TEST_CASE("a pair that the chip lacks runs in the narrowest mode of its kind that holds both") {
  const Graph graph = two_convolutions(DataType::kInt8);
  constexpr PrecisionPair kW8A16{Precision::kInt8, Precision::kInt16};
  CHECK(plan_precision(graph, chip_with({kFp16, kInt16, kW8A16}), {}).mode[0] == 2);
  CHECK(plan_precision(graph, chip_with({kFp16, kW8A16, kInt16}), {}).mode[0] == 1);
}

TEST_CASE("a pair that no mode holds names the layer and the chip's modes") {
  const Graph graph = two_convolutions(DataType::kInt16);
  CHECK(error_of([&] {
          plan_precision(graph, chip_with({kInt8, kFp16}), {});
        }) ==
        "a: chip 'test' multiplies no int16 weights with int16 activations; it has int8 weights x "
        "int8 activations, fp16 weights x fp16 activations; choose with --precision");
}

TEST_CASE("index tensors stay what they are under every precision") {
  LayerBuilder b("embedding", Padding::kSame);
  const TensorId ids = b.input("ids", {1, 4}, DataType::kInt32);
  b.output(b.fc(b.embedding(ids, 10, 8), 8));
  const Graph graph = std::move(b).finish();
  const PrecisionPlan plan = plan_precision(graph, chip_with({kInt8, kW4A8}), {.network = kW4A8});
  CHECK(of(graph, plan, "ids") == Precision::kInt32);
}

TEST_CASE("a map of layer patterns is read in its order, and its mistakes have a line") {
  const std::string path =
      (std::filesystem::temp_directory_path() / fmt::format("presil_precision_{}.yaml", getpid()))
          .string();
  const auto load = [&](const char* text) {
    std::ofstream(path) << text;
    return load_precision_map(path);
  };
  const auto map = load("block3*: w4a8\nhead: int16\n");
  REQUIRE(map.size() == 2);
  CHECK(map[0].first == "block3*");
  CHECK(map[0].second.weights == Precision::kInt4);
  CHECK(map[1].first == "head");
  CHECK(error_of([&] { load("a: w4a8\nb: w4a9\n"); }).starts_with(path + ":2: precision 'w4a9'"));
  CHECK(error_of([&] { load("a: [int8]\n"); }) == path + ":1: a: must be a precision such as w4a8");
  CHECK(error_of([&] { load("- a\n"); }) ==
        path + ":1: must be a map of layer name patterns to precisions");
  std::filesystem::remove(path);
  CHECK(error_of([&] { load_precision_map(path); }) ==
        path + ": cannot be read; give the path of a YAML file");
}

}  // namespace
}  // namespace presil
