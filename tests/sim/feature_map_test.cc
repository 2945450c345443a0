#include "sim/feature_map.h"

#include <doctest/doctest.h>

#include "models/layer_builder.h"

namespace presil {
namespace {

ChipSpec chip_of_atom(std::int64_t bytes) {
  ChipSpec chip;
  chip.activation_atom_bytes = bytes;
  return chip;
}

TEST_CASE("an atom is the chip's bytes, or the smallest power of two that holds few channels") {
  const ChipSpec chip = chip_of_atom(32);
  struct Row {
    std::int64_t channels;
    int bits;
    std::int64_t atom;
  };
  const Row rows[] = {{1, 8, 1},    {2, 8, 2},   {3, 8, 4},    {5, 8, 8},    {16, 8, 16},
                      {17, 8, 32},  {32, 8, 32}, {100, 8, 32}, {15, 16, 16}, {16, 16, 16},
                      {64, 16, 16}, {64, 4, 64}, {40, 4, 64},  {64, 32, 8}};
  for (const Row& row : rows) {
    CAPTURE(row.channels);
    CAPTURE(row.bits);
    CHECK(atom_of(chip, row.channels, row.bits) == row.atom);
  }
  CHECK(atom_of(chip_of_atom(1), 64, 16) == 1);  // an atom smaller than an element
}

TEST_CASE("a feature map is rows of channel blocks of columns, with the last block padded") {
  const FeatureMap map = feature_map(chip_of_atom(32), {2, 40, 7, 5}, false, 8, 1);
  CHECK(map ==
        FeatureMap{.batch = 2, .rows = 7, .columns = 5, .channels = 40, .bits = 8, .atom = 32});
  CHECK(map.blocks() == 2);
  CHECK(map.pixel_bytes() == 32);
  CHECK(map.block_bytes() == 5 * 32);
  CHECK(map.row_bytes() == 2 * 5 * 32);
  CHECK(map.bytes() == 2 * 7 * 2 * 5 * 32);
  CHECK(map.elements() == 2 * 40 * 7 * 5);
}

TEST_CASE("an image of three channels takes four bytes a pixel") {
  const FeatureMap map = feature_map(chip_of_atom(32), {1, 3, 224, 224}, false, 8, 1);
  CHECK(map.bytes() == 224 * 224 * 4);
}

TEST_CASE("a batch multiplies the images") {
  const ChipSpec chip = chip_of_atom(32);
  CHECK(feature_map(chip, {2, 8, 4, 4}, false, 8, 3).batch == 6);
  CHECK(feature_map(chip, {10, 64}, true, 8, 3).batch == 3);
}

TEST_CASE("sequences and matrices keep their features last, a step a row") {
  const ChipSpec chip = chip_of_atom(32);
  CHECK(feature_map(chip, {1, 50, 144}, true, 8, 1) ==
        FeatureMap{.rows = 50, .channels = 144, .atom = 32});
  CHECK(feature_map(chip, {2, 4, 50, 36}, true, 8, 1) ==
        FeatureMap{.batch = 8, .rows = 50, .channels = 36, .atom = 32});
  CHECK(feature_map(chip, {50, 144}, true, 8, 1) ==
        FeatureMap{.rows = 50, .channels = 144, .atom = 32});
  CHECK(feature_map(chip, {144}, true, 8, 1) == FeatureMap{.channels = 144, .atom = 32});
  CHECK(feature_map(chip, {}, true, 8, 1) == FeatureMap{.channels = 1, .atom = 1});
}

TEST_CASE("1-D feature maps are one row, more than two dims of space fold into channels") {
  const ChipSpec chip = chip_of_atom(32);
  CHECK(feature_map(chip, {1, 64, 100}, false, 8, 1) ==
        FeatureMap{.columns = 100, .channels = 64, .atom = 32});
  CHECK(feature_map(chip, {1, 4, 3, 8, 8}, false, 8, 1) ==
        FeatureMap{.rows = 8, .columns = 8, .channels = 12, .atom = 16});
}

TEST_CASE("int4 elements pack two a byte") {
  const FeatureMap map = feature_map(chip_of_atom(32), {1, 64, 2, 2}, false, 4, 1);
  CHECK(map.atom == 64);
  CHECK(map.bytes() == 2 * 2 * 32);
  CHECK(feature_map(chip_of_atom(32), {1, 1, 2, 2}, false, 4, 1).pixel_bytes() == 1);
}

std::vector<bool> outputs_last(const Graph& graph) {
  const std::vector<bool> last = channels_last(graph);
  std::vector<bool> result;
  for (const Op& op : graph.ops()) result.push_back(last[static_cast<std::size_t>(op.outputs[0])]);
  return result;
}

TEST_CASE("windows keep channels at axis 1, products at the last, elementwise ones inherit") {
  LayerBuilder b("mixed", Padding::kSame);
  TensorId x = b.input("image", {1, 8, 6, 6});
  x = b.conv(x, {.channels = 8, .name = "conv"});
  x = b.activate(x, Activation::kRelu);
  x = b.reshape(x, {.shape = {1, 36, 8}});
  x = b.fc(x, 8);
  x = b.activate(x, Activation::kTanh);
  b.output(x);
  const Graph graph = std::move(b).finish();
  CHECK(channels_last(graph)[static_cast<std::size_t>(graph.inputs()[0])] == false);
  CHECK(outputs_last(graph) == std::vector<bool>{false, false, true, true, true});
}

TEST_CASE("an input takes the layout that its readers want, through elementwise operators") {
  LayerBuilder b("input", Padding::kSame);
  TensorId x = b.input("sequence", {1, 2, 10, 16});
  x = b.activate(x, Activation::kRelu);
  b.output(b.fc(x, 4));
  const Graph graph = std::move(b).finish();
  CHECK(channels_last(graph)[static_cast<std::size_t>(graph.inputs()[0])]);
}

TEST_CASE("where nobody says, four dims are a feature map and fewer a sequence") {
  for (const auto& [shape, last] :
       {std::pair<Shape, bool>{{1, 2, 3, 4}, false}, {{2, 3, 4}, true}, {{3, 4}, true}}) {
    LayerBuilder b("any", Padding::kSame);
    b.output(b.activate(b.input("x", shape), Activation::kTanh));
    CHECK(outputs_last(std::move(b).finish()) == std::vector<bool>{last});
  }
}

}  // namespace
}  // namespace presil
