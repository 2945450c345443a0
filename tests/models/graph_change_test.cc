// Changed copies of graphs: what follows from a change, and what cannot.

#include "models/graph_change.h"

#include <filesystem>
#include <fstream>

#include "graph_fixture.h"
#include "models/channel_groups.h"
#include "models/float_copy.h"
#include "models/import.h"
#include "models/layer_builder.h"
#include "models/onnx_export.h"
#include "models/same_padding.h"

namespace presil {
namespace {

OpId named(const Graph& graph, const std::string& name) {
  for (OpId id = 0; id < static_cast<OpId>(graph.ops().size()); ++id)
    if (graph.op(id).name == name) return id;
  FAIL("no operator ", name);
  return 0;
}

const Shape& weights_of(const Graph& graph, const std::string& name) {
  return graph.tensor(graph.op(named(graph, name)).inputs.at(1)).shape;
}

const Shape& result_of(const Graph& graph, const std::string& name) {
  return graph.tensor(graph.op(named(graph, name)).outputs.at(0)).shape;
}

const ChannelGroup& group_of(const std::vector<ChannelGroup>& groups, const Graph& graph,
                             const std::string& maker) {
  const OpId id = named(graph, maker);
  for (const ChannelGroup& group : groups)
    if (std::find(group.makers.begin(), group.makers.end(), id) != group.makers.end()) return group;
  FAIL("no group of ", maker);
  return groups.front();
}

/// Two branches that are added, a squeeze and excite, and a concatenation, into a classifier.
Graph branches() {
  LayerBuilder b("branches", Padding::kSame);
  const TensorId x = b.input("x", {1, 3, 16, 16});
  const TensorId left =
      b.conv(x, {.channels = 12, .activation = Activation::kRelu, .name = "left"});
  const TensorId right =
      b.depthwise(b.conv(x, {.channels = 12, .name = "right"}), {.kernel = 3, .name = "deep"});
  TensorId y = b.add(left, right);
  TensorId gate = b.global_average_pool(y);
  gate = b.conv(gate, {.channels = 4, .name = "squeeze"});
  gate = b.conv(gate, {.channels = 12, .name = "excite"});
  y = b.mul(y, gate);
  const TensorId side = b.conv(x, {.channels = 5, .name = "side"});
  y = b.concat({y, side}, 1);
  y = b.conv(y, {.channels = 7, .kernel = 3, .stride = 2, .name = "behind"});
  b.output(b.fc(b.flatten(y), 4));
  return std::move(b).finish();
}

}  // namespace

TEST_CASE("A graph with no change is the same graph, for every built-in network") {
  for (const BuiltinInfo& network : builtin_networks()) {
    if (network.name.find(':') != std::string::npos) continue;
    CAPTURE(network.name);
    const Graph graph = builtin_network(network.name);
    CHECK(changed(graph, {}).hash() == graph.hash());
  }
}

TEST_CASE("Channels that are added, scaled or go through a depthwise convolution are one number") {
  const Graph graph = branches();
  const auto groups = channel_groups(graph);
  const ChannelGroup& group = group_of(groups, graph, "left");
  CHECK(group.channels == 12);
  CHECK(group.fixed.empty());
  CHECK(group.makers ==
        std::vector<OpId>{named(graph, "left"), named(graph, "right"), named(graph, "excite")});
  CHECK(group.carriers == std::vector<OpId>{named(graph, "deep")});
  CHECK(group.consumers == std::vector<OpId>{named(graph, "squeeze"), named(graph, "behind")});
  CHECK(group_of(groups, graph, "side").fixed.empty());
  CHECK(group_of(groups, graph, "behind").fixed.empty());
  CHECK(group_of(groups, graph, "fc").fixed == "'fc' is an output of the network");
}

TEST_CASE("A change of channels reaches concatenations, flattened maps and their weights") {
  const Graph graph = branches();
  GraphChange change;
  const auto groups = channel_groups(graph);
  for (const OpId op : group_of(groups, graph, "left").makers)
    change.ops[op].outputs = 16;
  const Graph wide = changed(graph, change);
  CHECK(weights_of(wide, "deep") == Shape{16, 1, 3, 3});
  CHECK(weights_of(wide, "squeeze") == Shape{4, 16, 1, 1});
  CHECK(weights_of(wide, "behind") == Shape{7, 21, 3, 3});
  GraphChange narrow;
  narrow.ops[named(graph, "behind")].outputs = 3;
  CHECK(weights_of(changed(graph, narrow), "fc") == Shape{4, 3 * 8 * 8});
}

TEST_CASE("Only some of the channels that are one number cannot change") {
  const Graph graph = branches();
  GraphChange change;
  change.ops[named(graph, "left")].outputs = 16;
  CHECK(test::error_of([&] { changed(graph, change); }).find("does not broadcast") !=
        std::string::npos);
}

TEST_CASE("Channels that reach a split, a shuffle or a broadcast stay, with the reason") {
  LayerBuilder b("net", Padding::kSame);
  const TensorId x = b.input("x", {1, 8, 8, 8});
  const TensorId cut = b.conv(x, {.channels = 8, .name = "cut"});
  const auto halves = b.split(cut, 2, 1);
  const TensorId one = b.conv(x, {.channels = 1, .name = "one"});
  const TensorId kept = b.conv(x, {.channels = 4, .name = "kept"});
  b.output(b.conv(b.mul(b.add(b.add(halves[0], halves[1]), kept), one), {.channels = 4}));
  const Graph graph = std::move(b).finish();
  const auto groups = channel_groups(graph);
  CHECK(group_of(groups, graph, "cut").fixed == "it reaches Split 'split'");
  CHECK(group_of(groups, graph, "kept").fixed == "it reaches Split 'split'");
  CHECK(group_of(groups, graph, "one").fixed == "it is broadcast by Mul 'mul'");
}

TEST_CASE("A depthwise convolution becomes a full one, and what is bypassed goes") {
  LayerBuilder b("ibn", Padding::kSame);
  TensorId x = b.input("x", {1, 4, 8, 8});
  x = b.conv(x, {.channels = 24, .activation = Activation::kRelu6, .name = "expand"});
  x = b.depthwise(x, {.kernel = 3, .stride = 2, .name = "deep"});
  b.output(b.conv(x, {.channels = 8, .name = "project"}));
  const Graph graph = std::move(b).finish();
  GraphChange change;
  change.ops[named(graph, "expand")].bypass = true;
  change.ops[named(graph, "expand.act")].bypass = true;
  change.ops[named(graph, "deep")] = {.kind = OpKind::kConv, .outputs = 24};
  const Graph fused = changed(graph, change);
  CHECK(test::kinds_of(fused) == std::vector{OpKind::kConv, OpKind::kConv});
  CHECK(weights_of(fused, "deep") == Shape{24, 4, 3, 3});
  CHECK(macs_of(fused).value == 16 * (24 * 4 * 9 + 8 * 24));
  GraphChange output;
  output.ops[named(graph, "project")].bypass = true;
  CHECK(test::error_of([&] { changed(graph, output); }).find("makes an output") !=
        std::string::npos);
}

TEST_CASE("A smaller input reaches maps, reshapes, resizes and pools over a whole map") {
  LayerBuilder b("net", Padding::kSame);
  TensorId x = b.input("x", {1, 3, 32, 48});
  x = b.conv(x, {.channels = 6, .kernel = 3, .stride = 2, .name = "stem"});
  const TensorId boxes =
      b.reshape(x, {.shape = {1, 16 * 24 * 3, 2}, .channels_last = true}, "boxes");
  TensorId small = b.conv(x, {.channels = 6, .kernel = 3, .stride = 2});
  small = b.resize_bilinear(small, 16, 24, "up");
  b.output(boxes);
  b.output(b.add(small, x));
  const Graph graph = std::move(b).finish();
  GraphChange change;
  change.inputs[graph.inputs()[0]] = {1, 3, 24, 40};
  const Graph smaller = changed(graph, change);
  CHECK(result_of(smaller, "stem") == Shape{1, 6, 12, 20});
  CHECK(result_of(smaller, "boxes") == Shape{1, 12 * 20 * 3, 2});
  CHECK(result_of(smaller, "up") == Shape{1, 6, 12, 20});
}

TEST_CASE("Values and scales of channels that come repeat, those of channels that go are cropped") {
  test::Net net;
  const TensorId x = net.input({1, 1, 1, 1}, DataType::kInt8, Quantization{{0.5f}, {0}});
  TensorDesc weights = test::dims("w", {2, 1, 1, 1}, DataType::kInt8);
  weights.data = test::data_of<std::int8_t>({3, 5});
  weights.quantization = Quantization{{0.1f, 0.2f}, {0, 0}, 0};
  TensorDesc y;
  y.type = DataType::kInt8;
  y.quantization = Quantization{{0.25f}, {1}};
  const TensorId conv =
      net.b.add_op_into(OpKind::kConv, ConvAttrs{}, {x, net.constant(weights)}, {y}, "conv")[0];
  const Graph graph = net.finish(conv);
  GraphChange change;
  change.ops[0].outputs = 3;
  const Graph wide = changed(graph, change);
  const TensorDesc& now = wide.tensor(wide.op(0).inputs[1]);
  CHECK(test::values_of<std::int8_t>(now) == std::vector<std::int8_t>{3, 5, 3});
  CHECK(now.quantization->scale == std::vector{0.1f, 0.2f, 0.1f});
  CHECK(wide.tensor(wide.outputs()[0]).quantization->scale == std::vector{0.25f});
  change.ops[0].outputs = 1;
  const Graph narrow = changed(graph, change);
  CHECK(test::values_of<std::int8_t>(narrow.tensor(narrow.op(0).inputs[1])) ==
        std::vector<std::int8_t>{3});
  // As floats: the reals that the integers stand for.
  const Graph floats = float_copy(wide);
  CHECK(is_quantised(wide));
  CHECK_FALSE(is_quantised(floats));
  CHECK(test::values_of<float>(floats.tensor(floats.op(0).inputs[1]))[1] == doctest::Approx(1.0));
}

TEST_CASE("A table of positions cannot follow a smaller input") {
  test::Net net;
  const TensorId x = net.input({1, 2, 4, 4});
  const TensorId sum = net.op(OpKind::kAdd, {x, net.constant(test::dims("places", {1, 1, 4, 4}))});
  const Graph graph = net.finish(sum);
  GraphChange change;
  change.inputs[graph.inputs()[0]] = {1, 2, 2, 2};
  CHECK(test::error_of([&] { changed(graph, change); }) ==
        "Add 'Add': its constant of [1,1,4,4] goes with operands of [1,2,4,4], which are now "
        "[1,2,2,2]");
}

TEST_CASE("Windows that make one output a stride do so for other extents") {
  Window tensorflow{
      .kernel_h = 3, .kernel_w = 3, .stride_h = 2, .stride_w = 2, .pad_bottom = 1, .pad_right = 1};
  CHECK(pads_same(tensorflow, 8, 8));
  CHECK_FALSE(pads_same(tensorflow, 7, 8));
  const Window odd = padded_same(tensorflow, 7, 8);
  CHECK(odd.pad_top == 1);
  CHECK(odd.pad_bottom == 1);
  CHECK(odd.pad_left == 0);
  Window torch = tensorflow;
  torch.pad_top = torch.pad_left = 1;
  CHECK(padded_same(torch, 7, 8).pad_left == 1);
}

TEST_CASE("Exported operators keep their names") {
  const Graph graph = branches();
  const auto file = std::filesystem::temp_directory_path() / "presil_names.onnx";
  std::ofstream(file, std::ios::binary) << export_onnx(graph, {.weights = false});
  const Graph back = load_network(file.string());
  CHECK(back.hash() == graph.hash());
  for (const char* name : {"left", "deep", "behind", "fc"}) CHECK(named(back, name) >= 0);
  std::filesystem::remove(file);
}

}  // namespace presil
