#include "search/space.h"

#include <filesystem>
#include <fstream>

#include "models/simplify.h"
#include "space_fixture.h"

namespace presil {
namespace {

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string message_for(const std::string& from, const std::string& to) {
  return message_of([&] { SearchSpace::read(with(kSmallSpace, from, to), "s.yaml"); });
}

Graph graph_of(const SearchSpace& space, const std::string& key) {
  const Decoded decoded = space.decode(space.genome_of(key));
  REQUIRE(std::holds_alternative<Network>(decoded));
  return std::get<Network>(decoded).graph;
}

std::string reason_of(const SearchSpace& space, const std::string& key) {
  const Decoded decoded = space.decode(space.genome_of(key));
  REQUIRE(std::holds_alternative<NoNetwork>(decoded));
  return std::get<NoNetwork>(decoded).reason;
}

}  // namespace

TEST_CASE("A space has an axis for each property with several values and for no other") {
  const SearchSpace space = small_space();
  REQUIRE(space.axes().size() == 4);
  CHECK(space.axes()[0].name == "input.resolution");
  CHECK(space.axes()[0].values == std::vector<double>{32, 48, 64});
  CHECK(space.axes()[1].name == "a.block");
  CHECK_FALSE(space.axes()[1].ordered());
  CHECK(space.axes()[2].name == "a.channels");
  CHECK(space.axes()[2].channels());
  CHECK(space.axes()[3].name == "b.depth");
  CHECK(space.size() == 36);
}

TEST_CASE("A genome decodes to the network that its choices name") {
  const SearchSpace space = small_space();
  const Graph graph = graph_of(space, "1-0-1-1");
  const TensorDesc& image = graph.tensor(graph.inputs()[0]);
  CHECK(image.shape == Shape{1, 3, 48, 48});
  // Stem 48 -> 24, a 24 -> 12 with 24 channels, b 12 -> 6 twice, 10 classes.
  CHECK(graph.tensor(graph.outputs()[0]).shape == Shape{1, 10});
  std::size_t depthwise = 0;
  for (const Op& op : graph.ops()) depthwise += op.kind == OpKind::kDepthwiseConv;
  CHECK(depthwise == 3);
  // Parameters: stem 3*8*9+8; a: expand 8*32+32, depthwise 32*9+32, project 32*24+24;
  // b.1: 24*48+48, 48*9+48, 48*32+32; b.2: 32*64+64, 64*9+64, 64*32+32; head 32*10+10.
  const std::int64_t parameters =
      224 + 288 + 320 + 792 + 1200 + 480 + 1568 + 2112 + 640 + 2080 + 330;
  CHECK(parameter_bytes(graph).value == 4 * parameters);
}

TEST_CASE("Nothing in a decoded network is left to simplify") {
  Random random(3);
  for (const char* name :
       {"mobile_classifier", "mobile_detector", "mobile_segmenter", "speech_encoder", "nb201"}) {
    const SearchSpace space = shipped_space(name);
    for (int i = 0; i < 6; ++i) {
      const Decoded decoded = space.decode(space.random(random));
      if (!std::holds_alternative<Network>(decoded)) continue;
      const Graph& graph = std::get<Network>(decoded).graph;
      INFO(std::string(name));
      CHECK(simplify(graph).hash() == graph.hash());
    }
  }
}

TEST_CASE("Every block kind, stride place and precision decodes") {
  const SearchSpace space = SearchSpace::read(R"(name: blocks
input: {resolution: 64}
depth_multiplier: [0.5, 1]
stem: {channels: 16}
stages:
  - name: a
    block: [ibn, fused_ibn, group_conv_ibn, tucker, conv]
    channels: 32
    depth: 2
    stride: 2
    stride_at: [first, last]
    squeeze_excite: [0, 0.25]
    activation: [relu6, hard_swish, silu]
    group_channels: [8, 16]
    precision: [default, w4a8]
head: {classes: 4}
)",
                                              "blocks.yaml");
  Random random(1);
  for (int i = 0; i < 200; ++i) {
    const Genome genome = space.random(random);
    const Decoded decoded = space.decode(genome);
    INFO(space.key(genome));
    REQUIRE(std::holds_alternative<Network>(decoded));
    const auto precision = static_cast<std::size_t>(genome.genes.back());
    CHECK(std::get<Network>(decoded).precision.layers.size() == precision);
  }
}

TEST_CASE("A group convolution computes its share of a full one") {
  const auto macs_with = [](const char* group) {
    const SearchSpace space = SearchSpace::read(fmt::format(R"(name: g
input: {{resolution: [32, 64]}}
stem: {{channels: 16}}
stages:
  - {{name: a, block: group_conv_ibn, expansion: 4, channels: 16, group_channels: {}}}
head: {{classes: 4}}
)",
                                                            group),
                                                "g.yaml");
    return macs_of(graph_of(space, "0")).value;
  };
  // 16x16 positions, 64 expanded channels, 9 taps: 64 inputs an output less 8.
  CHECK(macs_with("64") - macs_with("8") == 16 * 16 * 64 * 9 * (64 - 8));
}

TEST_CASE("The depth multiplier scales channels to a multiple and never more than a tenth below") {
  const SearchSpace space = SearchSpace::read(R"(name: m
input: {resolution: 32}
depth_multiplier: [0.5, 1]
channel_multiple: [8, 32]
stem: {channels: 32}
stages: [{name: a, block: conv, channels: 72}]
head: {classes: 4}
)",
                                              "m.yaml");
  const auto channels = [&](const char* key) {
    const Graph graph = graph_of(space, key);
    std::int64_t widest = 0;
    for (const TensorDesc& tensor : graph.tensors())
      if (tensor.shape.size() == 4 && !tensor.constant) widest = std::max(widest, tensor.shape[1]);
    return widest;
  };
  CHECK(channels("1-0") == 72);
  CHECK(channels("1-1") == 72);  // times one: as written
  CHECK(channels("0-0") == 40);  // 36 -> 40
  CHECK(channels("0-1") == 64);  // 36 -> 32, which is 11 % below
}

TEST_CASE("Past the output stride a stage dilates instead of striding") {
  const SearchSpace space = SearchSpace::read(R"(name: d
input: {resolution: 64}
output_stride: [4, 8]
stem: {channels: 8}
stages:
  - {name: a, channels: 16, stride: 2}
  - {name: b, channels: 16, stride: 2}
head: {classes: 4}
)",
                                              "d.yaml");
  const auto last_window = [&](const char* key) {
    Window window;
    const Graph graph = graph_of(space, key);
    for (const Op& op : graph.ops())
      if (op.kind == OpKind::kDepthwiseConv) window = op.as<ConvAttrs>().window;
    return window;
  };
  CHECK(last_window("0").stride_h == 1);
  CHECK(last_window("0").dilation_h == 2);
  CHECK(last_window("1").stride_h == 2);
  CHECK(last_window("1").dilation_h == 1);
}

TEST_CASE("A genome that is no network says why") {
  const std::string stages = "  - {name: a, block: conv, channels: 16, stride: 2}\n";
  const SearchSpace tiny =
      SearchSpace::read("input: {resolution: [8, 64]}\nstem: {channels: 8}\nstages:\n" + stages +
                            with(stages, "name: a", "name: b") +
                            with(stages, "name: a", "name: c") + "head: {classes: 4}\n",
                        "tiny.yaml");
  CHECK(reason_of(tiny, "0") == "c: a map of 1x1 cannot be strided by 2");
  const SearchSpace groups = SearchSpace::read(R"(input: {resolution: 32}
stem: {channels: 8}
stages: [{name: a, block: group_conv_ibn, channels: 16, group_channels: [8, 12]}]
head: {classes: 4}
)",
                                               "groups.yaml");
  CHECK(reason_of(groups, "1") == "a: 32 expanded channels do not divide into groups of 12");
  const SearchSpace ssd = SearchSpace::read(R"(input: {resolution: [64, 128]}
stem: {channels: 8}
stages: [{name: a, block: conv, channels: 16}]
head: {kind: ssd_lite, classes: 4}
)",
                                            "ssd.yaml");
  CHECK(reason_of(ssd, "0") ==
        "head: SSD-lite needs a stage at stride 16, and no stage ends there");
  CHECK(reason_of(SearchSpace::nb201(), "000000").find("does not depend on the input") !=
        std::string::npos);
}

TEST_CASE("The cell of NAS-Bench-201 is a space whose keys are the digits of the tables") {
  const SearchSpace space = SearchSpace::nb201();
  CHECK(space.size() == 15625);
  // arch_idx 1 of the table: 116.692672 million multiply-accumulates by its own count, in which
  // the table also counts poolings (1.29024 million each).
  const Graph graph = graph_of(space, "334131");
  CHECK(graph.name() ==
        "nb201:|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|"
        "skip_connect~2|");
  CHECK(space.key(space.genome_of("334131")) == "334131");
  CHECK(message_of([&] { space.genome_of("33413"); }) ==
        "genome '33413': must have 6 genes as space 'nb201' has axes, has 5");
  CHECK(message_of([&] { space.genome_of("334135"); }) ==
        "genome '334135': gene 5 (edge32) must be below 5, is 5");
}

TEST_CASE("What is wrong with a space is said with its place and what would do") {
  CHECK(message_for("depth: [1, 2]", "depht: [1, 2]")
            .find("s.yaml:6: stages.1.depht: unknown key; "
                  "did you mean 'depth'?") == 0);
  CHECK(message_for("[ibn, fused_ibn]", "[ibn, fused_ibm]") ==
        "s.yaml:5: stages.0.block: must be one of ibn, fused_ibn, group_conv_ibn, tucker, conv, "
        "conformer, lstm, is 'fused_ibm'; did you mean 'fused_ibn'?");
  CHECK(message_for("[16, 24, 32]", "[16, 32, 24]") ==
        "s.yaml:5: stages.0.channels: must ascend, but 24 follows 32");
  CHECK(message_for("[16, 24, 32]", "[16, 16]") == "s.yaml:5: stages.0.channels: names 16 twice");
  CHECK(message_for("[16, 24, 32]", "[]") ==
        "s.yaml:5: stages.0.channels: must be a value or a list of at least one, is a list");
  CHECK(message_for("[16, 24, 32]", "-8") ==
        "s.yaml:5: stages.0.channels: must be in [1, 8192], is -8");
  CHECK(message_for("[16, 24, 32]", "12.5") ==
        "s.yaml:5: stages.0.channels: must be a whole number, is 12.5");
  CHECK(message_for("[16, 24, 32]", "32..16+8") ==
        "s.yaml:5: stages.0.channels: must rise from above 0, as 16..64+16 or 8..64*2, is "
        "'32..16+8'");
  CHECK(message_for("channels: 8}", "kernel: 3}") == "s.yaml:3: stem.channels: is missing");
  CHECK(message_for("block: [ibn, fused_ibn]", "block: lstm") ==
        "s.yaml:5: stages.0.block: 'lstm' is a block of sequences, and the input is an image");
  CHECK(message_for("{classes: 10}", "{kind: ctc, classes: 10}") ==
        "s.yaml:7: head.kind: 'ctc' does not go with an image");
  CHECK(message_for("name: b", "name: a") == "s.yaml:6: stages.1.name: names 'a' twice");
  const std::string fixed =
      "input: {resolution: 32}\nstem: {channels: 8}\nstages: [{channels: 8}]\nhead: {classes: 2}\n";
  CHECK(message_of([&] { SearchSpace::read(fixed, "f.yaml"); }) ==
        "f.yaml: every property has one value, so there is nothing to search; give some property a "
        "list of choices");
}

TEST_CASE("Ranges of choices are written out") {
  const SearchSpace space =
      SearchSpace::read(with(kSmallSpace, "[16, 24, 32]", "[8..32*2, 48..64+8]"), "r.yaml");
  CHECK(space.axes()[2].values == std::vector<double>{8, 16, 32, 48, 56, 64});
}

TEST_CASE("A space reads back as it was written") {
  for (const char* name :
       {"mobile_classifier", "mobile_detector", "mobile_segmenter", "speech_encoder", "nb201"}) {
    const SearchSpace space = shipped_space(name);
    const SearchSpace again = SearchSpace::read(space.yaml(), "again.yaml");
    CHECK(again.yaml() == space.yaml());
    CHECK(again.hash() == space.hash());
    CHECK(again.size() == space.size());
    CHECK(space.name() == name);
  }
}

TEST_CASE("A restricted space has the kept choices and its genomes the same networks") {
  const SearchSpace space = small_space();
  const SearchSpace small = space.restricted({{0, 2}, {0, 1}, {1}, {0, 1}}, "kept");
  REQUIRE(small.axes().size() == 3);
  CHECK(small.axes()[0].choices == std::vector<std::string>{"32", "64"});
  CHECK(graph_of(small, "1-0-1").hash() == graph_of(space, "2-0-1-1").hash());
}

TEST_CASE("A genome reads back from its text") {
  const SearchSpace space = small_space();
  const Genome genome = space.genome_of("2-1-0-1");
  const auto file = std::filesystem::temp_directory_path() / "presil_genome_test.yaml";
  std::ofstream(file) << genome_yaml(space, genome);
  CHECK(read_genome(space, file) == genome);
  std::ofstream(file) << with(genome_yaml(space, genome), "fused_ibn", "fussed");
  CHECK(message_of([&] {
          read_genome(space, file);
        }).find("a.block: must be one of ibn, fused_ibn, is 'fussed'") != std::string::npos);
  std::filesystem::remove(file);
  CHECK(summary(space, genome).find("a: block fused_ibn, kernel 3, expansion 4, channels 16") !=
        std::string::npos);
}

}  // namespace presil
