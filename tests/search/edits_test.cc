// Every edit that is proposed makes the network that it says.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "core/error.h"
#include "models/import.h"
#include "models/layer_builder.h"
#include "search/edit_choice.h"
#include "search/edits/crossover.h"
#include "search/edits/edit.h"

namespace presil {
namespace {

ChipSpec chip_named(const std::string& name) {
  return load_chip(std::filesystem::path(PRESIL_SOURCE_DIR) / "chips" / (name + ".yaml"));
}

struct Subject {
  Network network;
  ChipSpec chip;
  PrecisionPlan precision = plan_precision(network.graph, chip, network.precision);
  std::vector<ChannelGroup> groups = channel_groups(network.graph);

  Subject(Graph graph, const std::string& chip_name, PrecisionOptions options = {})
      : network{with_unique_names(graph), std::move(options)}, chip(chip_named(chip_name)) {}
  Proposals propose() const { return propose_edits({network, chip, precision, groups}); }
};

std::string failure_of(const Network& network, const Edit& edit) {
  try {
    apply_edit(network, edit);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

const Op& op_of(const Graph& graph, const std::string& name) {
  for (const Op& op : graph.ops())
    if (op.name == name) return op;
  FAIL("no operator ", name);
  return graph.ops().front();
}

Edit edit_of(const Proposals& proposals, const std::string& text) {
  for (const Edit& edit : proposals.edits)
    if (edit.text == text) return edit;
  FAIL("no edit '", text, "'");
  return proposals.edits.front();
}

/// Types and quantisation of the results that both networks have are the same.
void check_types_stay(const Graph& before, const Graph& after) {
  std::map<std::string, const TensorDesc*> old;
  for (const TensorDesc& tensor : before.tensors()) old[tensor.name] = &tensor;
  for (const TensorDesc& tensor : after.tensors()) {
    const auto found = old.find(tensor.name);
    REQUIRE(found != old.end());
    CHECK(tensor.type == found->second->type);
    CHECK(tensor.quantization.has_value() == found->second->quantization.has_value());
  }
}

/// What must hold of every edit of a network: it makes a checked graph, does what its kind
/// promises, and cannot be done twice.
void check_edits(const Subject& subject) {
  const std::int64_t before = macs_of(subject.network.graph).value;
  for (const Edit& edit : subject.propose().edits) {
    CAPTURE(edit.kind);
    CAPTURE(edit.text);
    if (!failure_of(subject.network, edit).empty()) continue;  // a refusal, with its reason
    const Network after = apply_edit(subject.network, edit);
    check_graph(after.graph);
    check_types_stay(subject.network.graph, after.graph);
    plan_precision(after.graph, subject.chip, after.precision);
    const std::int64_t macs = macs_of(after.graph).value;
    if (edit.kind == "align-up" || edit.kind == "dense") CHECK(macs >= before);
    if (edit.kind == "align-down" || edit.kind == "resolution" || edit.kind == "stride")
      CHECK(macs < before);
    if (edit.kind == "precision") {
      CHECK(macs == before);
      CHECK(after.graph.hash() == subject.network.graph.hash());
    }
    if (edit.kind == "fuse" || edit.kind == "dense" || edit.kind == "stride")
      CHECK_FALSE(failure_of(after, edit).empty());
  }
}

Graph bottlenecks() {
  LayerBuilder b("bottlenecks", Padding::kSame);
  TensorId x = b.input("image", {1, 3, 64, 64});
  x = b.conv(x, {.channels = 16, .kernel = 3, .stride = 2, .name = "stem"});
  b.block("a");
  TensorId y = b.conv(x, {.channels = 40, .activation = Activation::kRelu6, .name = "expand"});
  y = b.depthwise(y, {.kernel = 3, .activation = Activation::kRelu6, .name = "deep"});
  x = b.add(b.conv(y, {.channels = 16, .name = "project"}), x);
  b.block("b");
  y = b.conv(x, {.channels = 48, .activation = Activation::kRelu6, .name = "expand"});
  y = b.depthwise(y, {.kernel = 3, .stride = 2, .activation = Activation::kRelu6, .name = "deep"});
  x = b.conv(y, {.channels = 24, .name = "project"});
  b.block("head");
  b.output(b.fc(b.flatten(b.global_average_pool(x)), 24));
  return std::move(b).finish();
}

}  // namespace

TEST_CASE("Every edit of built-in networks makes a checked graph and does what it says") {
  for (const char* name : {"mobilenet_v2", "mobilenet_v3_large", "ssd_lite", "ds_cnn"})
    for (const char* chip : {"ne-base", "ne-nano"}) {
      CAPTURE(name);
      check_edits(Subject(builtin_network(name), chip));
    }
  check_edits(Subject(builtin_network("mobilenet_v2"), "ne-base",
                      {.network = parse_precision("int16"), .layers = {}}));
}

TEST_CASE("Every edit of imported networks makes a checked graph and does what it says") {
  const char* given = std::getenv("PRESIL_SHARED");
  const std::filesystem::path folder =
      given != nullptr ? std::filesystem::path(given) / "models"
                       : std::filesystem::path(PRESIL_SOURCE_DIR) / "../shared/models";
  for (const char* name :
       {"vww_96_int8.tflite", "emza_ssd_slim_120x160x1_int8.tflite", "mcunet_detection.tflite",
        "ssdlite320_mobilenet_v3.onnx", "shufflenet_v2_x1_0.onnx"}) {
    if (!std::filesystem::exists(folder / name)) {
      MESSAGE("skipped: " << (folder / name).string() << " is absent (set PRESIL_SHARED)");
      continue;
    }
    CAPTURE(name);
    check_edits(Subject(load_network((folder / name).string()), "ne-base"));
  }
}

TEST_CASE("Fusing takes the expansion away and multiplies as the full convolution does") {
  const Subject s(bottlenecks(), "ne-base");
  const Edit edit = edit_of(s.propose(), "a/expand: fuse with depthwise 3x3, 16 -> 40");
  const Network fused = apply_edit(s.network, edit);
  CHECK(op_of(fused.graph, "a/deep").kind == OpKind::kConv);
  // 32x32 positions: expansion and depthwise go, nine taps of 16 channels come.
  CHECK(macs_of(fused.graph).value - macs_of(s.network.graph).value ==
        1024 * (9 * 16 * 40 - 16 * 40 - 9 * 40));
  CHECK(failure_of(fused, edit) ==
        "there is no operator 'a/expand', or another edit has taken it away");
}

TEST_CASE("A separable convolution becomes one, with the depthwise window and the 1x1's channels") {
  const Subject s(bottlenecks(), "ne-base");
  const Network full =
      apply_edit(s.network, edit_of(s.propose(), "b/deep + 1x1 -> full 3x3/2, 48 -> 24"));
  const Op& conv = op_of(full.graph, "b/project");
  CHECK(conv.as<ConvAttrs>().window.stride_h == 2);
  CHECK(full.graph.tensor(conv.inputs[1]).shape == Shape{24, 48, 3, 3});
}

TEST_CASE("Channels are aligned together with those that they are added to") {
  const Subject s(bottlenecks(), "ne-nano");  // blocks of 16 outputs, dot products of 16
  const Edit up = edit_of(s.propose(), "a/expand: 40 channels -> 48");
  const Network wide = apply_edit(s.network, up);
  CHECK(wide.graph.tensor(op_of(wide.graph, "a/deep").inputs[1]).shape == Shape{48, 1, 3, 3});
  const Subject base(bottlenecks(), "ne-base");  // blocks of 32
  Edit both = edit_of(base.propose(), "a/expand: 40 channels -> 32");
  both.ops = {"stem"};
  const Network tied = apply_edit(base.network, both);
  CHECK(tied.graph.tensor(op_of(tied.graph, "a/project").outputs[0]).shape[1] == 32);
  const Proposals proposals = base.propose();
  CHECK(std::any_of(proposals.refusals.begin(), proposals.refusals.end(), [](const Refusal& r) {
    return r.reason == "'head/fc' is an output of the network";
  }));
}

TEST_CASE("A stride moves to the expansion, and the rest of the network stays") {
  const Subject s(bottlenecks(), "ne-base");
  const Network moved =
      apply_edit(s.network, edit_of(s.propose(), "stride 2 of b/deep moves to b/expand"));
  CHECK(op_of(moved.graph, "b/deep").as<ConvAttrs>().window.stride_h == 1);
  CHECK(moved.graph.tensor(op_of(moved.graph, "b/expand").outputs[0]).shape ==
        Shape{1, 48, 16, 16});
  CHECK(moved.graph.tensor(op_of(moved.graph, "b/project").outputs[0]).shape ==
        Shape{1, 24, 16, 16});
}

TEST_CASE("Edits of one axis exclude each other") {
  const Proposals p = Subject(bottlenecks(), "ne-base").propose();
  const Edit small = edit_of(p, "input: 64x64 -> 56x56");
  CHECK(same_subject(small, edit_of(p, "input: 64x64 -> 48x48")));
  CHECK_FALSE(same_subject(small, edit_of(p, "a/expand: 40 channels -> 32")));
}

TEST_CASE("A pattern of precisions goes with the operators that it is for") {
  const Subject s(bottlenecks(), "ne-base",
                  {.network = {}, .layers = {{"a/expand", parse_precision("w4a8")}}});
  const Network fused =
      apply_edit(s.network, edit_of(s.propose(), "a/expand: fuse with depthwise 3x3, 16 -> 40"));
  CHECK(fused.precision.layers.empty());
}

TEST_CASE("The crossover is k^2 / (k^2 - s^2) times the ratio of the rates") {
  const Window three{.kernel_h = 3, .kernel_w = 3};
  CHECK(crossover_channels(three, 2048, 32) == doctest::Approx(72));
  Window strided = three;
  strided.stride_h = strided.stride_w = 2;
  CHECK(crossover_channels(strided, 2048, 32) == doctest::Approx(115.2));
  const ChipSpec chip = chip_named("ne-base");
  CHECK(peak_conv_rate(chip, chip.mac_array.modes[0]) == 32 * 64);
  CHECK(peak_depthwise_rate(chip, chip.mac_array.modes[0]) == 32);
}

TEST_CASE("Names of operators become unique, and readable") {
  LayerBuilder b("net", Padding::kSame);
  const TensorId x = b.input("x", {1, 3, 8, 8});
  b.output(b.conv(b.conv(x, {.channels = 4}), {.channels = 4}));
  GraphBuilder twice = GraphBuilder::from(std::move(b).finish());
  for (Op& op : twice.ops()) op.name = "conv";
  const Graph graph = with_unique_names(std::move(twice).finish());
  CHECK(graph.ops()[0].name == "conv");
  CHECK(graph.ops()[1].name == "conv#2");
  CHECK(layer_text("/f/features/features.3/features.3.0/Conv") == "f/features.3.0");
  CHECK(layer_text("model/re_lu_7/Relu;model/batch_norm/FusedBatchNormV3") == "model/re_lu_7");
}

TEST_CASE("The budget goes to every kind of edit in turn, and to known patterns first") {
  std::vector<PromisingEdit> candidates;
  const auto add = [&](const char* kind, const char* text, double promise, bool won) {
    candidates.push_back(
        {.edit = {.kind = kind, .text = text}, .promise = promise, .won_before = won});
  };
  add("fuse", "f1", 5, false);
  add("fuse", "f2", 50, false);
  add("stride", "s1", 1, false);
  add("precision", "p1", -3, true);
  const std::vector<Edit> chosen = choose_edits(candidates, 3);
  REQUIRE(chosen.size() == 3);
  CHECK(chosen[0].text == "p1");
  CHECK(chosen[1].text == "f2");
  CHECK(chosen[2].text == "s1");
}

}  // namespace presil
