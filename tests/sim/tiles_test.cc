#include "sim/tiles.h"

#include <doctest/doctest.h>

namespace presil {
namespace {

/// A convolution of `in` rows and columns, square kernel, stride, dilation and pad on every side.
Stage window_stage(std::int64_t in, std::int64_t kernel, std::int64_t stride, std::int64_t dilation,
                   std::int64_t pad) {
  Stage stage{.kind = StageKind::kMac, .reach = Reach::kWindow};
  const std::int64_t reach = (kernel - 1) * dilation + 1;
  const std::int64_t out = (in + 2 * pad - reach) / stride + 1;
  stage.in = {.rows = in, .columns = in, .channels = 32, .atom = 32};
  stage.out = {.rows = out, .columns = out, .channels = 64, .atom = 32};
  stage.window = {kernel, kernel, stride, stride, dilation, dilation, pad, pad, pad, pad};
  stage.reduction = 32;
  return stage;
}

TEST_CASE("a run is cut into pieces of one length and a rest") {
  CHECK(cut({0, 10}, 4) == std::vector<Rows>{{0, 4}, {4, 8}, {8, 10}});
  CHECK(cut({3, 7}, 4) == std::vector<Rows>{{3, 7}});
  CHECK(cut({5, 5}, 4).empty());
}

TEST_CASE("the rows under a window, with its halo, clipped to the image") {
  struct Row {
    std::int64_t kernel, stride, dilation, pad;
    Rows out, in;
    const char* why;
  };
  const Row rows[] = {
      {1, 1, 1, 0, {3, 5}, {3, 5}, "1x1: the same rows"},
      {3, 1, 1, 1, {3, 5}, {2, 6}, "3x3: one more on both sides"},
      {3, 1, 1, 1, {0, 2}, {0, 3}, "at the top the pad is no row"},
      {3, 1, 1, 1, {14, 16}, {13, 16}, "nor at the bottom"},
      {3, 1, 1, 0, {3, 5}, {3, 7}, "without pad: two more below"},
      {3, 2, 1, 1, {2, 4}, {3, 8}, "stride 2: 2*2-1 to 3*2-1+3"},
      {3, 2, 1, 1, {0, 1}, {0, 2}, "stride 2 at the top"},
      {1, 2, 1, 0, {2, 4}, {4, 7}, "1x1 of stride 2 skips the last row"},
      {3, 1, 2, 2, {4, 6}, {2, 8}, "dilation 2 reaches two rows each way"},
      {3, 1, 4, 4, {0, 1}, {0, 5}, "dilation 4 at the top"},
      {5, 3, 1, 2, {1, 3}, {1, 9}, "5x5 of stride 3: 1*3-2 to 2*3-2+5"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const Stage stage = window_stage(16, row.kernel, row.stride, row.dilation, row.pad);
    CHECK(input_rows(stage, row.out) == row.in);
    CHECK(input_columns(stage, row.out) == row.in);
  }
}

TEST_CASE("a window that lies in the padding still reads a row of the image") {
  const Stage stage = window_stage(2, 3, 1, 4, 4);  // the outer taps see padding only
  for (std::int64_t r = 0; r < stage.out.rows; ++r) {
    const Rows in = input_rows(stage, {r, r + 1});
    CHECK(in.count() >= 1);
    CHECK(in.begin >= 0);
    CHECK(in.end <= 2);
  }
}

TEST_CASE("every input row that any window reaches is under some tile, whatever the cut") {
  for (const std::int64_t kernel : {1, 3, 5})
    for (const std::int64_t stride : {1, 2})
      for (const std::int64_t dilation : {1, 2})
        for (const std::int64_t size : {1, 2, 3, 7}) {
          const Stage stage = window_stage(15, kernel, stride, dilation, kernel / 2 * dilation);
          const Rows all = input_rows(stage, {0, stage.out.rows});
          std::int64_t covered = all.begin;
          for (const Rows run : cut({0, stage.out.rows}, size)) {
            const Rows in = input_rows(stage, run);
            if (stride <= kernel) CHECK(in.begin <= covered);  // no gap
            covered = std::max(covered, in.end);
          }
          CHECK(covered == all.end);
        }
}

TEST_CASE("the other reaches: the same rows, all of them, an equal share") {
  Stage stage{.reach = Reach::kSame};
  stage.in = {.rows = 10, .columns = 4};
  stage.out = {.rows = 10, .columns = 4};
  CHECK(input_rows(stage, {2, 5}) == Rows{2, 5});
  CHECK(input_columns(stage, {1, 3}) == Rows{1, 3});
  stage.reach = Reach::kWhole;
  CHECK(input_rows(stage, {2, 5}) == Rows{0, 10});
  CHECK(input_columns(stage, {1, 3}) == Rows{0, 4});
  stage.reach = Reach::kProportional;
  stage.out.rows = 20;  // a resize to twice the rows
  CHECK(input_rows(stage, {0, 2}) == Rows{0, 1});
  CHECK(input_rows(stage, {3, 6}) == Rows{1, 3});
  CHECK(input_rows(stage, {0, 20}) == Rows{0, 10});
  CHECK(input_columns(stage, {1, 3}) == Rows{0, 4});
  stage.out.rows = 3;
  CHECK(input_rows(stage, {1, 2}) == Rows{3, 7});  // 10/3 to 20/3, rounded out
}

TEST_CASE("tiles go over images, rows and columns, and over channels only where sums can be cut") {
  Stage stage = window_stage(8, 3, 1, 1, 1);
  stage.in.batch = stage.out.batch = 2;
  const StageMapping mapping{.rows = 5, .columns = 4, .outputs = 32, .channels = 16};
  const Part whole{{0, 8}, {0, 64}};
  const StageTiles tiles(stage, mapping, whole);
  REQUIRE(tiles.positions.size() == 2 * 2 * 2);
  CHECK(tiles.positions[0].rows == Rows{0, 5});
  CHECK(tiles.positions[1].columns == Rows{4, 8});
  CHECK(tiles.positions[2].rows == Rows{5, 8});
  CHECK(tiles.positions[7].image == 1);
  CHECK(tiles.outputs == std::vector<Rows>{{0, 32}, {32, 64}});
  CHECK(tiles.channels == std::vector<Rows>{{0, 16}, {16, 32}});
  stage.groups = 2;
  CHECK(StageTiles(stage, mapping, whole).channels == std::vector<Rows>{{0, 32}});
}

TEST_CASE("parts over cores cover the output once") {
  ChipSpec chip;
  chip.cores = 4;
  Stage stage = window_stage(10, 3, 1, 1, 1);
  const auto rows = parts_of(chip, stage, CoreSplit::kRows);
  REQUIRE(rows.size() == 4);  // 3, 3, 3 and 1 rows
  CHECK(rows[3].rows == Rows{9, 10});
  CHECK(rows[3].outputs == Rows{0, 64});
  const auto outputs = parts_of(chip, stage, CoreSplit::kOutputs);
  REQUIRE(outputs.size() == 2);  // two blocks of 32 channels: two cores have work
  CHECK(outputs[1].outputs == Rows{32, 64});
  CHECK(parts_of(chip, stage, CoreSplit::kNone).size() == 1);
}

TEST_CASE("which input channels output channels need") {
  Stage dense = window_stage(8, 3, 1, 1, 1);
  CHECK(input_channels(dense, {0, 32}, {16, 32}) == Rows{16, 32});
  Stage depthwise = dense;
  depthwise.channelwise = true;
  depthwise.in.channels = depthwise.out.channels = 64;
  CHECK(input_channels(depthwise, {32, 64}, {0, 1}) == Rows{32, 64});
  Stage grouped = dense;  // 4 groups of 8 -> 16 channels
  grouped.groups = 4;
  grouped.reduction = 8;
  grouped.in.atom = 8;
  CHECK(input_channels(grouped, {0, 16}, {0, 8}) == Rows{0, 8});
  CHECK(input_channels(grouped, {16, 64}, {0, 8}) == Rows{8, 32});
  grouped.in.atom = 16;  // whole blocks come in, also where a group begins within one
  CHECK(input_channels(grouped, {16, 32}, {0, 8}) == Rows{0, 16});
  Stage whole = dense;
  whole.whole_channels = true;
  CHECK(input_channels(whole, {0, 64}, {0, 8}) == Rows{0, 32});
}

TEST_CASE(
    "output channels are cut at blocks, also inside a group of whole blocks, at whole groups, or "
    "not at all") {
  Stage stage = window_stage(8, 3, 1, 1, 1);
  CHECK(output_step(stage) == 32);
  stage.out.channels = 20;
  CHECK(output_step(stage) == 20);  // less than a block
  stage.out.channels = 96;
  stage.groups = 2;  // 48 channels each: lcm(32, 48)
  CHECK(output_step(stage) == 96);
  stage.out.channels = 128;  // 64 each: a group is two blocks, but cores share whole groups
  CHECK(output_step(stage) == 32);
  CHECK(core_step(stage) == 64);
  stage.out.channels = 96;
  stage.groups = 1;
  stage.channelwise = true;
  stage.in.atom = 64;  // another width in: both layouts' blocks
  CHECK(output_step(stage) == 64);
  stage.whole_channels = true;
  CHECK(output_step(stage) == 96);
}

TEST_CASE("a tile's bytes are its rows, blocks and columns, padding included") {
  const FeatureMap map{.rows = 8, .columns = 8, .channels = 40, .bits = 8, .atom = 32};
  CHECK(tile_bytes(map, 3, 5, 40) == 3 * 2 * 5 * 32);
  CHECK(tile_bytes(map, 1, 8, 1) == 8 * 32);
  CHECK(tile_bytes(map, 8, 8, 40) == map.bytes());
}

TEST_CASE("an operand of another extent is broadcast") {
  Stage stage = window_stage(8, 1, 1, 1, 0);
  Operand operand{.map = stage.out};
  CHECK_FALSE(is_broadcast(stage, operand));
  operand.map.rows = operand.map.columns = 1;  // a squeeze-and-excite scale
  CHECK(is_broadcast(stage, operand));
}

}  // namespace
}  // namespace presil
