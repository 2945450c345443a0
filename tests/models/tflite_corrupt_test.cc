#include <doctest/doctest.h>

#include <cstdlib>
#include <functional>
#include <iterator>
#include <limits>
#include <random>

#include "core/error.h"
#include "models/import.h"
#include "tests/models/tflite_builder.h"

namespace presil {
namespace {

using test::Bytes8;
using test::bytes_of;
using test::TemporaryFile;
using test::TfliteBuilder;
using tflite_schema::BuiltinOperator;
using tflite_schema::BuiltinOptions;
using tflite_schema::Padding;
using tflite_schema::TensorType;

std::string error_of(const std::filesystem::path& path) {
  try {
    import_tflite(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

/// y = relu(x), with one thing wrong.
struct Mistake {
  std::string name, message;
  std::function<void(TfliteBuilder&)> build;
};

void relu(TfliteBuilder& b, std::int32_t x, std::int32_t y) {
  b.op(BuiltinOperator::RELU, {x}, {y});
  b.inputs = {x};
  b.outputs = {y};
}

/// Activations are made one a statement: their numbers are the order of the calls.
void relu_of(TfliteBuilder& b, const std::vector<std::int32_t>& from,
             const std::vector<std::int32_t>& to) {
  const auto x = b.activation("x", from);
  const auto y = b.activation("y", to);
  relu(b, x, y);
}

void good(TfliteBuilder& b) { relu_of(b, {1, 3, 4, 2}, {1, 3, 4, 2}); }

/// x + constant, where the constant is wrong.
void add_to(TfliteBuilder& b, const test::TensorSpec& constant) {
  const auto x = b.activation("x", {1, 3, 4, 2});
  const auto c = b.tensor(constant);
  const auto y = b.activation("y", {1, 3, 4, 2});
  b.op(BuiltinOperator::ADD, {x, c}, {y});
  b.inputs = {x};
  b.outputs = {y};
}

void pool(TfliteBuilder& b, std::int32_t stride, std::int32_t kernel) {
  const auto x = b.activation("x", {1, 4, 4, 2});
  const auto y = b.activation("y", {1, 2, 2, 2});
  b.op(BuiltinOperator::MAX_POOL_2D, {x}, {y}, BuiltinOptions::Pool2DOptions,
       tflite_schema::CreatePool2DOptions(b.fbb, Padding::SAME, stride, stride, kernel, kernel)
           .Union());
  b.inputs = {x};
  b.outputs = {y};
}

void paired(TfliteBuilder& b, BuiltinOperator code, const std::vector<std::int32_t>& values) {
  const auto x = b.activation("x", {1, 4, 4, 2});
  const auto c = b.integers("c", values);
  const auto y = b.activation("y", {1, 4, 4, 2});
  b.op(code, {x, c}, {y});
  b.inputs = {x};
  b.outputs = {y};
}

const std::vector<Mistake>& mistakes() {
  static const std::vector<Mistake> all = {
      {"version", "schema version 2; only version 3",
       [](TfliteBuilder& b) {
         good(b);
         b.version = 2;
       }},
      {"no subgraph", "the file has no subgraph",
       [](TfliteBuilder& b) {
         good(b);
         b.with_subgraph = false;
       }},
      {"operator code", "operator 0: operator code 7 does not exist; the file has 1",
       [](TfliteBuilder& b) {
         b.opcode_shift = 7;
         good(b);
       }},
      {"operand index", "operator 0 (RELU) inputs: tensor 99 does not exist; the graph has 2",
       [](TfliteBuilder& b) {
         b.activation("x", {1});
         b.activation("y", {1});
         b.op(BuiltinOperator::RELU, {99}, {1});
         b.outputs = {1};
       }},
      {"negative operand", "tensor -7 does not exist",
       [](TfliteBuilder& b) {
         b.activation("x", {1});
         b.op(BuiltinOperator::RELU, {-7}, {0});
         b.outputs = {0};
       }},
      {"result index", "operator 0 (RELU) outputs: tensor 9 does not exist",
       [](TfliteBuilder& b) {
         relu(b, b.activation("x", {1}), 9);
         b.outputs = {0};
       }},
      {"graph output index", "graph outputs: tensor 12 does not exist; the graph has 2",
       [](TfliteBuilder& b) {
         good(b);
         b.outputs = {12};
       }},
      {"no output", "the graph has no output",
       [](TfliteBuilder& b) {
         good(b);
         b.outputs = {};
       }},
      {"buffer index", "tensor 1 \"c\": buffer 55 does not exist; the file has 1",
       [](TfliteBuilder& b) { add_to(b, {.name = "c", .shape = {2}, .buffer = 55}); }},
      {"data length", "tensor 1 \"c\": 3 bytes of data, but shape [2] of int8 needs 2",
       [](TfliteBuilder& b) {
         add_to(b, {.name = "c", .shape = {2}, .data = {1, 2, 3}});
       }},
      {"no data", "tensor 1 \"c\": is read, but no operator makes it",
       [](TfliteBuilder& b) { add_to(b, {.name = "c", .shape = {2}}); }},
      {"negative extent", "tensor 1 \"c\": extent -3 is negative",
       [](TfliteBuilder& b) { add_to(b, {.name = "c", .shape = {-3}, .data = {1}}); }},
      {"huge extents", "tensor 1 \"c\": more than 2^40 elements",
       [](TfliteBuilder& b) {
         add_to(b, {.name = "c", .shape = {1 << 30, 1 << 30, 1 << 30, 1 << 30}, .data = {1}});
       }},
      {"extents whose product would wrap", "tensor 1 \"c\": more than 2^40 elements",
       [](TfliteBuilder& b) {
         add_to(b, {.name = "c", .shape = {1 << 20, 1 << 20, 1 << 26}, .data = {1}});
       }},
      {"too many dimensions", "tensor 1 \"c\": has 9 dimensions; at most 8",
       [](TfliteBuilder& b) {
         add_to(b, {.name = "c", .shape = {1, 1, 1, 1, 1, 1, 1, 1, 1}, .data = {1}});
       }},
      {"zero extent", "extents must be >= 1, are [1,0,4,2]",
       [](TfliteBuilder& b) {
         relu_of(b, {1, 0, 4, 2}, {1, 0, 4, 2});
       }},
      {"scales", "3 scales do not fit axis 0 of shape [2]",
       [](TfliteBuilder& b) {
         add_to(b, {.name = "c", .shape = {2}, .data = {1, 2}, .scales = {1, 2, 3}});
       }},
      {"scale axis", "2 scales do not fit axis -4 of shape [2,1]",
       [](TfliteBuilder& b) {
         add_to(b, {.name = "c", .shape = {2, 1}, .data = {1, 2}, .scales = {1, 2}, .axis = -4});
       }},
      {"not-a-number scale", "it must be a positive number",
       [](TfliteBuilder& b) {
         const float nan = std::numeric_limits<float>::quiet_NaN();
         add_to(b, {.name = "c", .shape = {2}, .data = {1, 2}, .scales = {nan}});
       }},
      {"string tensor", "tensor \"c\" of type STRING",
       [](TfliteBuilder& b) {
         add_to(b, {.name = "c", .shape = {1}, .type = TensorType::STRING, .data = {1}});
       }},
      {"two producers", "writes tensor 1, which operator 0 already makes",
       [](TfliteBuilder& b) {
         good(b);
         b.op(BuiltinOperator::RELU, {0}, {1});
       }},
      {"written constant", "writes tensor 1, which is a constant",
       [](TfliteBuilder& b) {
         const auto x = b.activation("x", {1});
         relu(b, x, b.tensor({.name = "c", .shape = {1}, .data = {1}}));
       }},
      {"cycle", "makes only later: a cycle or a wrong order",
       [](TfliteBuilder& b) {
         b.activation("a", {1});
         b.activation("b", {1});
         b.op(BuiltinOperator::RELU, {1}, {0});
         b.op(BuiltinOperator::RELU, {0}, {1});
         b.outputs = {1};
       }},
      {"input that is made", "input \"y\": an operator writes it as well",
       [](TfliteBuilder& b) {
         good(b);
         b.inputs = {0, 1};
       }},
      {"missing operand", "operator 1 (ADD): operand 1 is missing",
       [](TfliteBuilder& b) {
         good(b);
         b.activation("z", {1, 3, 4, 2});
         b.op(BuiltinOperator::ADD, {1}, {2});
         b.outputs = {2};
       }},
      {"missing options", "operator 0 (CONV_2D): its options are missing",
       [](TfliteBuilder& b) {
         const auto x = b.activation("x", {1, 1, 1, 1});
         b.op(BuiltinOperator::CONV_2D, {x, x}, {b.activation("y", {1, 1, 1, 1})});
         b.inputs = {x};
         b.outputs = {1};
       }},
      {"stride 0", "stride 0x0, dilation 1x1: each must be 1 to",
       [](TfliteBuilder& b) { pool(b, 0, 2); }},
      {"kernel", "kernel -2x-2", [](TfliteBuilder& b) { pool(b, 2, -2); }},
      {"reshape", "32 elements do not fit the shape asked for, [5,7]",
       [](TfliteBuilder& b) {
         paired(b, BuiltinOperator::RESHAPE, {5, 7});
       }},
      {"transpose", "a permutation of 2 axes for 4 dimensions",
       [](TfliteBuilder& b) {
         paired(b, BuiltinOperator::TRANSPOSE, {1, 0});
       }},
      {"axis", "axis 9 is outside of a tensor of 4 dimensions",
       [](TfliteBuilder& b) { paired(b, BuiltinOperator::MEAN, {9}); }},
      {"negative pad", "pad -1 of axis 0 must be 0 to 2^31",
       [](TfliteBuilder& b) {
         paired(b, BuiltinOperator::PAD, {-1, 0, 0, 0, 0, 0, 0, 0});
       }},
      {"shape that lies", "(RELU)",
       [](TfliteBuilder& b) {
         relu_of(b, {1, 3, 4, 2}, {1, 3, 4, 3});
       }},
  };
  return all;
}

Bytes8 small_file() {
  TfliteBuilder b;
  const auto x = b.activation("x", {1, 6, 6, 2});
  Bytes8 values(36);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint8_t>(i);
  const auto w =
      b.tensor({.name = "w", .shape = {2, 3, 3, 2}, .data = values, .scales = {0.1f, 0.2f}});
  const auto y = b.activation("y", {1, 6, 6, 2});
  const auto z = b.activation("z", {1, 72});
  b.op(BuiltinOperator::CONV_2D, {x, w, -1}, {y}, BuiltinOptions::Conv2DOptions,
       tflite_schema::CreateConv2DOptions(b.fbb, Padding::SAME, 1, 1).Union());
  b.op(BuiltinOperator::RESHAPE, {y, b.integers("shape", {1, 72})}, {z});
  b.inputs = {x};
  b.outputs = {z};
  return b.bytes();
}

/// Imports 300 variants of `bytes` with 1 to 3 random bytes changed; gives how many were refused.
/// Anything but an Error (or success) ends the test program.
int refused_mutants(const Bytes8& bytes, std::uint32_t seed) {
  std::mt19937 random(seed);
  const TemporaryFile file(bytes);
  int refused = 0;
  for (int mutant = 0; mutant < 300; ++mutant) {
    Bytes8 changed = bytes;
    const std::size_t flips = 1 + random() % 3;
    for (std::size_t i = 0; i < flips; ++i)
      changed[random() % changed.size()] = static_cast<std::uint8_t>(random());
    file.write(changed);
    refused += error_of(file.path()) == "no error" ? 0 : 1;
  }
  return refused;
}

}  // namespace

TEST_CASE("each mistake in a TFLite file gives one Error that names it") {
  for (const Mistake& mistake : mistakes()) {
    TfliteBuilder builder;
    mistake.build(builder);
    const TemporaryFile file(builder.bytes());
    const std::string text = error_of(file.path());
    CAPTURE(mistake.name);
    CAPTURE(text);
    CHECK(text.starts_with(file.path().string() + ": "));
    CHECK(text.find(mistake.message) != std::string::npos);
  }
}

TEST_CASE("the good twin of the mistakes imports") {
  TfliteBuilder builder;
  good(builder);
  const TemporaryFile file(builder.bytes());
  CHECK(error_of(file.path()) == "no error");
  const TemporaryFile small(small_file());
  CHECK(error_of(small.path()) == "no error");
}

TEST_CASE("what is no TFLite file is refused by name") {
  CHECK(error_of("/nonexistent/a.tflite").find("not a readable file") != std::string::npos);
  CHECK(error_of(std::filesystem::temp_directory_path()).find("not a readable file") !=
        std::string::npos);
  const TemporaryFile empty(Bytes8{});
  CHECK(error_of(empty.path()).find("must be \"TFL3\"") != std::string::npos);
  const TemporaryFile text(Bytes8(100, 'x'));
  CHECK(error_of(text.path()).find("must be \"TFL3\"") != std::string::npos);
  Bytes8 bytes(100, 0xff);
  std::copy_n("TFL3", 4, bytes.begin() + 4);
  const TemporaryFile only_name(bytes);
  CHECK(error_of(only_name.path()).find("corrupt or truncated") != std::string::npos);
}

TEST_CASE("a file cut anywhere is refused") {
  const Bytes8 bytes = small_file();
  for (std::size_t size = 0; size + 16 < bytes.size(); size += 7) {
    const TemporaryFile file(
        Bytes8(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)));
    CAPTURE(size);
    CHECK(error_of(file.path()) != "no error");
  }
}

TEST_CASE("random changes of a small file never crash the importer") {
  const int refused = refused_mutants(small_file(), 1);
  CHECK(refused > 60);   // most bytes are structure
  CHECK(refused < 300);  // weights and names may change freely
}

TEST_CASE("random changes of a real file never crash the importer") {
  const char* given = std::getenv("PRESIL_SHARED");
  const auto path =
      std::filesystem::path(given != nullptr ? given : PRESIL_SOURCE_DIR "/../shared") /
      "models/tflm_trained_lstm_int8.tflite";
  if (!std::filesystem::is_regular_file(path)) {
    MESSAGE("skipped: " << path.string() << " is absent (set PRESIL_SHARED)");
    return;
  }
  std::ifstream stream(path, std::ios::binary);
  const Bytes8 bytes{std::istreambuf_iterator<char>(stream), {}};
  CHECK(refused_mutants(bytes, 2) < 300);
}

}  // namespace presil
