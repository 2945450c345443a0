#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/error.h"
#include "models/import.h"

using namespace presil;

namespace {

/// A file of the given text, removed at the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text)
      : path_(std::filesystem::temp_directory_path() /
              ("presil_yaml_network_test_" + std::to_string(::getpid()) + ".yaml")) {
    std::ofstream(path_) << text;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The message without the folder: "net.yaml:LINE: ...".
std::string message_of(const std::string& text, const ImportOptions& options = {}) {
  const TemporaryFile file(text);
  try {
    import_yaml(file.path(), options);
  } catch (const Error& error) {
    std::string message = error.what();
    if (message.starts_with(file.path().string())) {
      message.replace(0, file.path().string().size(), "net.yaml");
    }
    return message;
  }
  return "no error";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string net(const std::string& layers, const std::string& rest = "") {
  return "network: n\ninputs:\n  x: {shape: [1, 4, 8, 8]}\nlayers:\n" + layers + rest;
}

}  // namespace

TEST_CASE("The example network has the MACs and parameters of its layers") {
  const Graph graph =
      import_yaml(std::filesystem::path(PRESIL_SOURCE_DIR) / "models/examples" / "tiny_cnn.yaml");
  CHECK(graph.name() == "tiny_cnn");
  const std::int64_t pixels = 16 * 16;
  CHECK(macs_of(graph).value == pixels * (27 * 16 + 16 * 64 + 9 * 64 + 64 * 16) + 16 * 10);
  CHECK(parameter_bytes(graph).value ==
        4 * (27 * 16 + 16 + 16 * 64 + 64 + 9 * 64 + 64 + 64 * 16 + 16 + 16 * 10 + 10));
  REQUIRE(graph.outputs().size() == 1);
  CHECK(graph.tensor(graph.outputs()[0]).shape == Shape{1, 10});
}

TEST_CASE("Windows of every padding give the extents that the manual states") {
  const TemporaryFile file(
      net("  - {name: a, op: Conv, input: x, channels: 2, kernel: 3, stride: 2}\n"
          "  - {name: b, op: Conv, input: x, channels: 2, kernel: [3, 1], padding: valid}\n"
          "  - {name: c, op: MaxPool, input: x, kernel: 3, stride: 2, padding: symmetric}\n",
          "outputs: [a, b, c]\n"));
  const Graph graph = import_yaml(file.path());
  REQUIRE(graph.outputs().size() == 3);
  CHECK(graph.tensor(graph.outputs()[0]).shape == Shape{1, 2, 4, 4});
  CHECK(graph.tensor(graph.outputs()[1]).shape == Shape{1, 2, 6, 8});
  CHECK(graph.tensor(graph.outputs()[2]).shape == Shape{1, 4, 4, 4});
}

TEST_CASE("An input's shape given on the command line replaces the file's") {
  const TemporaryFile file(net("  - {name: a, op: Relu}\n"));
  ImportOptions options;
  options.input_shapes["x"] = {2, 4, 16, 16};
  const Graph graph = import_yaml(file.path(), options);
  CHECK(graph.tensor(graph.outputs()[0]).shape == Shape{2, 4, 16, 16});
  options.input_shapes["y"] = {1};
  CHECK(contains(message_of(net("  - {name: a, op: Relu}\n"), options),
                 "--input y: no such input; known: x"));
  options.input_shapes = {{"x", {1, 0, 8, 8}}};
  CHECK(contains(message_of(net("  - {name: a, op: Relu}\n"), options),
                 "--input x: every extent must be >= 1, is [1,0,8,8]"));
}

TEST_CASE("A wrong network file is one error with line, key, rule and the nearest known word") {
  struct Row {
    const char* what;
    std::string text, message;
  };
  const Row rows[] = {
      {"unknown key", net("  - {name: a, op: Conv, chanels: 2, kernel: 3}\n"),
       "net.yaml:5: layers[0].chanels: unknown key (did you mean 'channels'?); known: "},
      {"unknown key at the top", net("  - {name: a, op: Relu}\n", "output: [a]\n"),
       "net.yaml:6: output: unknown key (did you mean 'outputs'?)"},
      {"key of another op", net("  - {name: a, op: Relu, kernel: 3}\n"),
       "net.yaml:5: layers[0].kernel: unknown key"},
      {"key given twice", net("  - {name: a, name: b, op: Relu}\n"),
       "net.yaml:5: layers[0].name: given twice"},
      {"unknown operator", net("  - {name: a, op: Convv}\n"),
       "net.yaml:5: layers[0].op: unknown operator 'Convv' (did you mean 'Conv'?)"},
      {"missing key", net("  - {name: a, op: Conv, kernel: 3}\n"),
       "net.yaml:5: layers[0].channels: is missing"},
      {"missing section", "network: n\nlayers: []\n", "net.yaml:1: inputs: is missing"},
      {"wrong type", net("  - {name: a, op: Conv, channels: many, kernel: 3}\n"),
       "net.yaml:5: layers[0].channels: must be an integer from 1 to 65536, is 'many'"},
      {"out of range", net("  - {name: a, op: Conv, channels: 2, kernel: 0}\n"),
       "layers[0].kernel: must be an integer from 1 to 256, is '0'"},
      {"huge", net("  - {name: a, op: Conv, channels: 99999999999999999999, kernel: 1}\n"),
       "layers[0].channels: must be an integer from 1 to 65536"},
      {"huge tensor", net("  - {name: a, op: ResizeBilinear, height: 65536, width: 65536}\n"),
       "layers[0]: makes [1,4,65536,65536], more than 268435456 elements"},
      {"wrong boolean", net("  - {name: a, op: Conv, channels: 2, kernel: 3, bias: maybe}\n"),
       "layers[0].bias: must be true or false, is 'maybe'"},
      {"unknown activation",
       net("  - {name: a, op: Conv, channels: 2, kernel: 3, activation: relu7}\n"),
       "layers[0].activation: must be one of none, relu, relu6"},
      {"unknown input", net("  - {name: stem, op: Relu}\n  - {name: b, op: Relu, input: sten}\n"),
       "net.yaml:6: layers[1].input: no input or earlier layer is called 'sten' (did you mean "
       "'stem'?)"},
      {"cycle", net("  - {name: a, op: Relu, input: b}\n  - {name: b, op: Relu, input: a}\n"),
       "net.yaml:5: layers[0].input: no input or earlier layer is called 'b'"},
      {"too few inputs", net("  - {name: a, op: Add}\n"), "Add needs 2 inputs, has 1"},
      {"name taken", net("  - {name: x, op: Relu}\n"), "layers[0].name: 'x' is taken"},
      {"unused layer",
       net("  - {name: a, op: Relu, input: x}\n  - {name: b, op: Relu, input: x}\n"),
       "nothing reads 'a'"},
      {"unknown output", net("  - {name: a, op: Relu}\n", "outputs: [c]\n"),
       "net.yaml:6: outputs: no input or earlier layer is called 'c'"},
      {"kernel larger than the input",
       net("  - {name: a, op: Conv, channels: 2, kernel: 9, padding: valid}\n"),
       "layers[0].kernel: does not fit the input [1,4,8,8]"},
      {"wrong rank", net("  - {name: f, op: Flatten}\n  - {name: a, op: MaxPool, kernel: 2}\n"),
       "MaxPool needs an input with 4 extents, 'f' is [1,256]"},
      {"wrong permutation", net("  - {name: a, op: Transpose, perm: [0, 1, 2, 2]}\n"),
       "layers[0].perm: must name each of the 4 axes once"},
      {"reshape to other elements", net("  - {name: a, op: Reshape, shape: [1, 255]}\n"),
       "layers[0].shape: must have the 256 elements of its input [1,4,8,8]"},
      {"reshape that overflows 64 bits",
       net("  - {name: a, op: Reshape, shape: [268435456, 268435456, 268435456, 16]}\n"),
       "layers[0].shape: must have the 256 elements of its input [1,4,8,8]"},
      {"shapes that do not broadcast",
       net("  - {name: a, op: Conv, channels: 3, kernel: 1}\n"
           "  - {name: b, op: Add, inputs: [a, x]}\n"),
       "net.yaml:6: layers[1]: "},
      {"not YAML", "network: [\n", "net.yaml:2: not YAML: "},
      {"empty", "", "must hold one YAML document, holds 0"},
      {"not a map", "- a\n- b\n", "net.yaml:1: must be a map of keys and values"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const std::string message = message_of(row.text);
    CAPTURE(message);
    CHECK(contains(message, row.message));
  }
}

TEST_CASE("YAML bombs are refused before they are expanded") {
  CHECK(contains(message_of("network: &a n\ninputs: *a\n"),
                 "net.yaml:1: anchors (&) and aliases (*) are not allowed"));
  CHECK(contains(message_of("network: n\ninputs: " + std::string(5000, '[')),
                 "net.yaml:2: nested deeper than 16 levels"));
  std::string many = "network: n\nlayers: [";
  for (int i = 0; i < 150'000; ++i) many += "1,";
  CHECK(contains(message_of(many + "1]\n"), "more than 100000 values"));
  CHECK(contains(message_of(std::string(2 << 20, '#')), "larger than 1024 KiB"));
}

TEST_CASE("A file that cannot be read is an error that names it") {
  CHECK_THROWS_WITH_AS(import_yaml("no/such/net.yaml"),
                       "no/such/net.yaml: cannot be read; check the path and its permissions",
                       Error);
}
