// Wrong files: one line that says what is wrong where, and neither a crash nor much memory.

#include <doctest/doctest.h>

#include <cstdlib>
#include <iterator>
#include <random>

#include "tests/models/onnx_builder.h"

namespace presil {
namespace {

using test::Attributes;
using test::error_of;
using test::error_of_bytes;
using test::Ints;
using test::OnnxBuilder;

void relu(OnnxBuilder& b) {
  b.input("x", {1, 3, 4, 4});
  b.node("Relu", {"x"}, {"y"});
  b.output("y");
}

/// y = type(x, more...) over x [1,3,4,4].
void node(OnnxBuilder& b, const std::string& type, const Attributes& attributes = {},
          const std::vector<std::string>& more = {}) {
  b.input("x", {1, 3, 4, 4});
  std::vector<std::string> inputs{"x"};
  inputs.insert(inputs.end(), more.begin(), more.end());
  b.node(type, inputs, {"y"}, attributes);
  b.output("y");
}

void conv(OnnxBuilder& b, const Attributes& attributes, const Ints& weights = {2, 3, 3, 3}) {
  node(b, "Conv", attributes, {"w"});
  b.weight("w", weights);
}

std::string good_bytes() {
  OnnxBuilder b;
  conv(b, {{"pads", Ints{1, 1, 1, 1}}});
  for (int i = 0; i < 54; ++i) b.graph().mutable_initializer(0)->add_float_data(1);
  return b.model.SerializeAsString();
}

/// An Error or a graph, and nothing else.
void must_survive(const std::string& bytes) {
  const std::string message = error_of_bytes(bytes);
  CHECK(message.find("no file name in") == std::string::npos);
  CHECK(message.find('\n') == std::string::npos);
}

}  // namespace

TEST_CASE("a file that is no file, empty or something else is told as such") {
  const std::string absent = "/nonexistent/model.onnx";
  CHECK_THROWS_WITH_AS(
      import_onnx(absent),
      "/nonexistent/model.onnx: not a readable file; give the path of a .onnx file", Error);
  CHECK(error_of_bytes("") == "the file is empty");
  CHECK(error_of_bytes("hello, world").starts_with("no ONNX model, or cut off or corrupt"));
  CHECK(error_of_bytes(std::string(1000, '\xff')).starts_with("no ONNX model"));
  CHECK(error_of_bytes(std::string(1000, '\0')).starts_with("no ONNX model"));
}

TEST_CASE("a file cut off anywhere is an Error or, between messages, a smaller model") {
  const std::string bytes = good_bytes();
  CHECK(error_of_bytes(bytes) == "no error");
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    CAPTURE(size);
    const std::string message = error_of_bytes(bytes.substr(0, size));
    CHECK(message != "no error");
  }
}

TEST_CASE("messages without end are counted before they are parsed") {
  // 5,000,000 empty nodes: 10 MB that would become more than 1 GB.
  const std::size_t count = 5'000'000;
  std::string bytes("\x3a");  // field 7, the graph
  for (std::size_t rest = 2 * count; rest > 0; rest >>= 7)
    bytes.push_back(static_cast<char>((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0)));
  for (std::size_t i = 0; i < count; ++i) {
    bytes.push_back('\x0a');
    bytes.push_back('\0');
  }
  CHECK(error_of_bytes(bytes) ==
        "more than 4000000 messages; presil does not read models of this size");
}

TEST_CASE("constant expressions that double themselves stop at a bound") {
  OnnxBuilder b;
  b.list("c0", {1, 2, 3, 4});
  for (int i = 0; i < 60; ++i)
    b.node("Concat", {fmt::format("c{}", i), fmt::format("c{}", i)}, {fmt::format("c{}", i + 1)},
           {{"axis", std::int64_t{0}}});
  b.output("c60");
  CHECK(error_of(b).find("takes more than 1073741824 bytes; simplify the model first") !=
        std::string::npos);
}

TEST_CASE("an unknown operator is told with the nearest ones that presil has") {
  OnnxBuilder b;
  node(b, "ReduceMeen");
  CHECK(error_of(b).find("the nearest: ReduceMean") != std::string::npos);
  OnnxBuilder c;
  node(c, "Zyxwvu");
  CHECK(error_of(c).find("operators: Conv, Gemm, MatMul") != std::string::npos);
}

TEST_CASE("very long names and many equal names do not multiply") {
  OnnxBuilder b;
  b.input("x", {1});
  const std::string name(1'000'000, 'n');
  std::vector<std::string> operands(3000, "x");
  b.node("Sum", operands, {"y"}).set_name(name);
  b.output("y");
  const Graph graph = test::imported(b);
  CHECK(graph.ops().size() == 2999);
  CHECK(graph.ops()[0].name.size() < 1100);
  OnnxBuilder c;
  c.input("v0", {1});
  for (int i = 0; i < 20000; ++i)
    c.node("Relu", {fmt::format("v{}", i)}, {fmt::format("v{}", i + 1)}).set_name(std::string("n"));
  c.output("v20000");
  CHECK(test::imported(c).ops().back().name == "n #20000");
}

TEST_CASE("an override must name an input and have its number of extents") {
  OnnxBuilder b;
  relu(b);
  CHECK(error_of(b, {.input_shapes = {{"z", {1}}}}) ==
        "--input z: the model has no such input; it has x");
  CHECK(error_of(b, {.input_shapes = {{"x", {1, 3}}}}) ==
        "input \"x\": has 4 dimensions, but --input gives [1,3]");
  CHECK(error_of(b, {.input_shapes = {{"x", {1, 0, 4, 4}}}}) ==
        "--input x: extents must be >= 1, is [1,0,4,4]");
}

TEST_CASE("shapes that the host cannot be told are an Error even with host operators") {
  OnnxBuilder b;
  node(b, "Thing");
  b.graph().mutable_node(0)->set_domain(std::string("org.example"));
  CHECK(error_of(b, {.input_shapes = {}, .allow_host_ops = true})
            .find("nor can it run on the host: the shape of result 0 \"y\" is not known") !=
        std::string::npos);
}

TEST_CASE("random damage to real files never does more than an Error") {
  const char* given = std::getenv("PRESIL_SHARED");
  const std::filesystem::path folder =
      std::filesystem::path(given != nullptr ? given : PRESIL_SOURCE_DIR "/../shared") / "models";
  std::vector<std::string> originals{good_bytes()};
  for (const std::string name : {"lstm_asr.onnx", "bert_tiny.onnx", "alexnet_dims_only.onnx"}) {
    std::ifstream stream(folder / name, std::ios::binary);
    if (stream)
      originals.emplace_back(std::istreambuf_iterator<char>(stream),
                             std::istreambuf_iterator<char>());
  }
  if (originals.size() == 1) MESSAGE("only a small model: the shared files are absent");
  std::mt19937 random(1);
  for (const std::string& original : originals)
    for (int round = 0; round < 150; ++round) {
      std::string bytes = original;
      const auto at = [&] { return random() % bytes.size(); };
      for (int i = 0; i < 1 + round % 4; ++i) bytes[at()] = static_cast<char>(random());
      if (round % 3 == 0) bytes.erase(at(), 1 + random() % 8);
      must_survive(bytes);
    }
}

}  // namespace presil
