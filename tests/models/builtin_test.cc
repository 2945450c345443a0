#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <string>

#include "core/error.h"
#include "models/import.h"

using namespace presil;

namespace {

double parameters(const Graph& graph) {
  return static_cast<double>(parameter_bytes(graph).value) / 4;  // fp32
}

std::int64_t count(const Graph& graph, OpKind kind) {
  std::int64_t n = 0;
  for (const Op& op : graph.ops()) n += op.kind == kind ? 1 : 0;
  return n;
}

std::string message_of(std::string_view name) {
  try {
    builtin_network(name);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::filesystem::path shared_folder() {
  const char* given = std::getenv("PRESIL_SHARED");
  return given != nullptr ? std::filesystem::path(given)
                          : std::filesystem::path(PRESIL_SOURCE_DIR) / ".." / "shared";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("every built-in network builds, reads an input, and has a name of its own") {
  std::set<std::string> names;
  for (const BuiltinInfo& info : builtin_networks()) {
    CAPTURE(info.name);
    const Graph graph = builtin_network(info.name);
    CHECK(graph.name() == info.name);
    CHECK(graph.inputs().size() == 1);
    CHECK(macs_of(graph).value > 1'000'000);
    CHECK_FALSE(info.description.empty());
    CHECK(names.insert(info.name).second);
  }
  CHECK(names.size() == 16);
}

TEST_CASE("MACs and parameters agree with the published ones within one percent") {
  struct Row {
    const char* name;
    double mega_macs, mega_parameters;
  };
  // torchvision's tables and the papers.
  const Row rows[] = {{"mobilenet_v1", 569, 4.23},         {"mobilenet_v2", 300.8, 3.505},
                      {"mobilenet_v3_large", 216.6, 5.48}, {"resnet18", 1814, 11.69},
                      {"resnet50", 4089, 25.56},           {"vgg16", 15470, 138.36},
                      {"squeezenet", 349, 1.2355}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Graph graph = builtin_network(row.name);
    CHECK(static_cast<double>(macs_of(graph).value) / 1e6 ==
          doctest::Approx(row.mega_macs).epsilon(0.01));
    CHECK(parameters(graph) / 1e6 == doctest::Approx(row.mega_parameters).epsilon(0.01));
  }
}

TEST_CASE("EfficientNets have the MACs of their published blocks, summed apart, and parameters") {
  struct Row {
    const char* name;
    std::int64_t macs;
    double mega_parameters;
  };
  // MACs: the sum over the block strings by a separate script. tensorflow/tpu's README states 407 M
  // multiply-adds for lite0; its convolutions alone (B0 without squeeze-and-excite) are 385 M.
  const Row rows[] = {{"efficientnet_lite0", 385'187'552, 4.65},
                      {"efficientnet_edgetpu_s", 2'352'309'120, 5.44},
                      {"efficientnet_edgetpu_m", 3'660'285'568, 6.90}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Graph graph = builtin_network(row.name);
    CHECK(macs_of(graph).value == row.macs);
    CHECK(parameters(graph) / 1e6 == doctest::Approx(row.mega_parameters).epsilon(0.01));
  }
}

TEST_CASE("EfficientNet-EdgeTPU strides in the projection of its fused blocks") {
  const Graph small = builtin_network("efficientnet_edgetpu_s");
  const Graph medium = builtin_network("efficientnet_edgetpu_m");
  // The fused expansions run at their input's resolution: 112, 112, 56, 56, 28, 28, 28.
  std::vector<std::int64_t> heights;
  for (const Op& op : small.ops()) {
    if (op.kind != OpKind::kConv || !contains(op.name, "/expand")) continue;
    const Window& window = op.as<ConvAttrs>().window;
    if (window.kernel_h == 3) heights.push_back(small.tensor(op.outputs[0]).shape[2]);
  }
  CHECK(heights == std::vector<std::int64_t>{112, 112, 56, 56, 28, 28, 28});
  CHECK(medium.tensor(medium.inputs()[0]).shape == Shape{1, 3, 240, 240});
}

TEST_CASE("The segmenter has torchvision's parameters and a label for every pixel") {
  const Graph graph = builtin_network("lraspp");
  CHECK(parameters(graph) / 1e6 == doctest::Approx(3.2215).epsilon(0.01));
  CHECK(graph.tensor(graph.outputs()[0]).shape == Shape{1, 21, 320, 320});
}

TEST_CASE("The detector gives boxes and scores of six feature maps") {
  const Graph graph = builtin_network("ssd_lite");
  // 20x20 with 3 anchors; 10, 5, 3, 2 and 1 squared with 6.
  const std::int64_t boxes = 400 * 3 + (100 + 25 + 9 + 4 + 1) * 6;
  REQUIRE(graph.outputs().size() == 2);
  CHECK(graph.tensor(graph.outputs()[0]).shape == Shape{1, boxes, 4});
  CHECK(graph.tensor(graph.outputs()[1]).shape == Shape{1, boxes, 91});
}

TEST_CASE("The keyword spotter's MACs and parameters are the sum of its layers") {
  const Graph graph = builtin_network("ds_cnn");
  const std::int64_t pixels = 25 * 5;
  CHECK(macs_of(graph).value == pixels * 64 * 40 + 4 * pixels * 64 * (9 + 64) + 64 * 12);
  CHECK(parameters(graph) == 40 * 64 + 64 + 4 * (9 * 64 + 64 + 64 * 64 + 64) + 64 * 12 + 12);
}

TEST_CASE("The transformer's MACs and parameters are the sum of its layers") {
  const Graph graph = builtin_network("bert_tiny");
  const std::int64_t t = 128, f = 128;
  CHECK(macs_of(graph).value == 2 * (4 * t * f * f + 2 * t * t * f + 2 * t * f * 4 * f));
  const std::int64_t layer = 4 * (f * f + f) + (f * 4 * f + 4 * f) + (4 * f * f + f) + 4 * f;
  CHECK(parameters(graph) == 30522 * f + t * f + 2 * f + 2 * layer);
}

TEST_CASE("The LSTM encoder's MACs are the gates of every frame") {
  const Graph graph = builtin_network("lstm_asr");
  CHECK(macs_of(graph).value == 50 * (4 * 320 * (80 + 320) + 2 * 4 * 320 * (320 + 320) + 320 * 29));
  CHECK(count(graph, OpKind::kLstm) == 3);
  CHECK(graph.tensor(graph.outputs()[0]).shape == Shape{50, 1, 29});
}

TEST_CASE("The conformer's MACs are the sum of its modules") {
  const Graph graph = builtin_network("conformer");
  const std::int64_t t = 99, f = 144;
  const std::int64_t subsampling = 199 * 39 * 9 * f + t * 19 * 9 * f * f + t * (19 * f) * f;
  const std::int64_t feed_forward = 2 * t * f * 4 * f;
  const std::int64_t attention = 4 * t * f * f + 2 * t * t * f;
  const std::int64_t convolution = t * f * 2 * f + t * f * 31 + t * f * f;
  CHECK(macs_of(graph).value == subsampling + 4 * (2 * feed_forward + attention + convolution));
  CHECK(graph.tensor(graph.outputs()[0]).shape == Shape{1, t, f});
}

TEST_CASE("A NAS-Bench-201 network has exactly the MACs and parameters of its edges") {
  struct Row {
    const char* architecture;
    std::int64_t conv1x1, conv3x3, pools;
  };
  // Every edge of these reaches the output.
  const Row rows[] = {
      {"|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|"
       "nor_conv_3x3~2|",
       0, 6, 0},
      {"|nor_conv_1x1~0|+|skip_connect~0|nor_conv_3x3~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|", 2,
       1, 1},
      {"|avg_pool_3x3~0|+|avg_pool_3x3~0|skip_connect~1|+|skip_connect~0|skip_connect~1|"
       "skip_connect~2|",
       0, 0, 2}};
  for (const Row& row : rows) {
    CAPTURE(row.architecture);
    const Graph graph = builtin_network(std::string("nb201:") + row.architecture);
    // The README of the data counts, beyond multiply-accumulates, batch norm and ReLU (3 an element
    // of a convolution's output), 9 an element of a pool, and 160,832 in the skeleton.
    const double elements = 5 * (16 * 1024 + 32 * 256 + 64 * 64);
    const double readme = 7'943'872 + 4'362'240.0 * static_cast<double>(row.conv1x1) +
                          35'819'520.0 * static_cast<double>(row.conv3x3) +
                          1'290'240.0 * static_cast<double>(row.pools);
    const double beside = 160'832 + 3 * elements * static_cast<double>(row.conv1x1 + row.conv3x3) +
                          9 * elements * static_cast<double>(row.pools);
    CHECK(static_cast<double>(macs_of(graph).value) == readme - beside);
    // Folding leaves one of batch norm's two parameters a channel; the last one keeps all four.
    const double folded = 16 + 2 * 32 + 2 * 64 - 2 * 64 +
                          5 * (16 + 32 + 64) * static_cast<double>(row.conv1x1 + row.conv3x3);
    CHECK(parameters(graph) == 73'306 + 28'000.0 * static_cast<double>(row.conv1x1) +
                                   243'040.0 * static_cast<double>(row.conv3x3) - folded);
    CHECK(count(graph, OpKind::kAveragePool) == 2 + 15 * row.pools);
  }
}

TEST_CASE("A NAS-Bench-201 network leaves out what reaches no output") {
  const Graph graph = builtin_network(
      "nb201:|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|none~2|");
  CHECK(count(graph, OpKind::kConv) == 1 + 2 * 3);  // the stem and two residual blocks
  CHECK(count(graph, OpKind::kAdd) == 2);
}

TEST_CASE("A NAS-Bench-201 node that nothing enters contributes nothing") {
  const Graph graph = builtin_network(
      "nb201:|none~0|+|none~0|nor_conv_3x3~1|+|nor_conv_1x1~0|nor_conv_3x3~1|avg_pool_3x3~2|");
  CHECK(count(graph, OpKind::kConv) == 7 + 15 * 1);
  CHECK(count(graph, OpKind::kAveragePool) == 2);
}

TEST_CASE("All architectures of the dev set on the Edge TPU build") {
  const auto file = shared_folder() / "validation" / "edge_tpu_nb201_dev.csv";
  std::ifstream lines(file);
  if (!lines) {
    MESSAGE("skipped: no ", file.string());
    return;
  }
  int built = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find('|'), last = line.rfind('|');
    if (line.starts_with("#") || first == std::string::npos) continue;
    const Graph graph = builtin_network("nb201:" + line.substr(first, last - first + 1));
    CHECK(macs_of(graph).value >= 7'783'040);  // the skeleton's
    ++built;
  }
  CHECK(built == 300);
}

TEST_CASE("Malformed NAS-Bench-201 architectures are errors that say where and what") {
  CHECK(contains(message_of("nb201:"), "expected '|' at character 1"));
  CHECK(contains(message_of("nb201:|skip_connect~0|+|none~0"), "expected '|' at character 25"));
  CHECK(contains(message_of("nb201:|nor_conv_3x4~0|+|none~0|none~1|+|none~0|none~1|none~2|"),
                 "unknown operation 'nor_conv_3x4' (did you mean 'nor_conv_3x3'?); known: none"));
  CHECK(contains(message_of("nb201:|none~1|+|none~0|none~1|+|none~0|none~1|none~2|"),
                 "expected '0' at character 7"));
  CHECK(contains(message_of("nb201:|skip_connect~0|+|none~0|none~1|+|none~0|none~1|none~2|"),
                 "the output does not depend on the input"));
  CHECK(contains(message_of("nb201:|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|x"),
                 "expected the end at character"));
}

TEST_CASE("An unknown built-in name is an error with the nearest and all known ones") {
  const std::string message = message_of("mobilenet_v4");
  CHECK(contains(message, "mobilenet_v4: no such built-in network (did you mean 'mobilenet_v1'?)"));
  CHECK(contains(message, "known: mobilenet_v1, mobilenet_v2,"));
  CHECK(contains(message, "nb201:ARCHITECTURE"));
}
