#include "sim/lower.h"

#include <doctest/doctest.h>

#include "sim/commands.h"
#include "tests/sim/sim_fixture.h"

namespace presil::testing {
namespace {

CompileOptions pinned(const std::string& group, const StageMapping& m) {
  CompileOptions options;
  options.pinned[group] = {.stages = {m}};
  return options;
}

TEST_CASE("a reduction in two runs: two commands a tile, one result, constants with the first") {
  LayerBuilder b("conv", Padding::kSymmetric);
  const TensorId x = b.input("x", {1, 16, 4, 4});
  b.output(b.conv(x, {.channels = 8, .name = "conv"}));
  const CompiledNetwork c =
      compiled(std::move(b).finish(), chip_of("unit"),
               pinned("conv", {.rows = 4, .columns = 4, .outputs = 8, .channels = 8}));
  std::vector<Matrix> products;
  for (const Command& command : c.program.commands)
    if (const Matrix* m = std::get_if<Matrix>(&command.work)) products.push_back(*m);
  REQUIRE(products.size() == 2);
  CHECK(products[0].channels == 8);
  CHECK(products[0].drained_per_position == 0);
  CHECK(products[0].output.run_bytes == 0);
  CHECK(products[1].drained_per_position == 8);
  CHECK(moved(c.program, false, Traffic::kWeights) == 16 * 8 + 8 * 4);  // 32 bits of bias
  CHECK(products[0].useful_macs() + products[1].useful_macs() == Macs(16 * 8 * 16));
}

TEST_CASE("every product waits for its weights and its input, every store for its product") {
  const CompiledNetwork c =
      compiled(pointwise(8, 8, 4, 4), chip_of("unit"),
               pinned("conv", {.rows = 2, .columns = 4, .outputs = 8, .channels = 8}));
  for (const Command& command : c.program.commands) {
    if (std::holds_alternative<Load>(command.work)) continue;
    CHECK(!command.dependencies.empty());
  }
  CHECK(count_of<Matrix>(c.program) == 2);
  CHECK(count_of<Store>(c.program) == 2);
}

TEST_CASE("padding of a channel block is moved and counted") {
  // 6 channels in blocks of 4 bytes: two blocks.
  const CompiledNetwork c = compiled(pointwise(6, 6, 4, 4), chip_of("unit"));
  CHECK(moved(c.program, false, Traffic::kInput) == 8 * 16);
  CHECK(moved(c.program, true, Traffic::kOutput) == 8 * 16);
  CHECK(moved(c.program, false, Traffic::kWeights) == 36);
}

TEST_CASE("compressed weights cross the port at their ratio") {
  const CompiledNetwork c =
      compiled(pointwise(64, 64, 8, 8), chip_of("unit", {{"weight_compression", "0.5"}}));
  CHECK(moved(c.program, false, Traffic::kWeights) == 64 * 64 / 2);
}

TEST_CASE("few channels take a whole block where the chip says so") {
  // 2 channels in a block of 4 bytes; no one computes the other two.
  const CompiledNetwork c =
      compiled(pointwise(4, 2, 4, 4), chip_of("unit", {{"whole_atoms", "true"}}));
  CHECK(moved(c.program, true, Traffic::kOutput) == 4 * 16);
  for (const Command& command : c.program.commands)
    if (const Matrix* matrix = std::get_if<Matrix>(&command.work))
      CHECK(matrix->drained_per_position == 2);
}

TEST_CASE("pixels of few channels are read one by one where the chip says so") {
  const CompiledNetwork c =
      compiled(pointwise(2, 4, 4, 4), chip_of("unit", {{"pixel_bursts", "true"}}));
  std::int64_t runs = 0;
  for (const Command& command : c.program.commands) {
    const Load* load = std::get_if<Load>(&command.work);
    if (load == nullptr || load->transfer.traffic != Traffic::kInput) continue;
    CHECK(load->transfer.run_bytes == 2);
    runs += load->transfer.runs();
  }
  CHECK(runs == 16);
}

TEST_CASE("weights come under the layer before and no earlier where the chip says so") {
  LayerBuilder b("three", Padding::kSymmetric);
  TensorId x = b.input("x", {1, 4, 4, 4});
  for (const char* name : {"a", "b", "c"}) x = b.conv(x, {.channels = 4, .name = name});
  b.output(x);
  const Graph graph = std::move(b).finish();
  const CompiledNetwork bound =
      compile(graph, chip_of("unit", {{"control.weights_ahead", "1"}}), {});
  // Does a group's load of weights wait, at once or by what it waits for, for the first group?
  const auto waits = [](const Program& program, int group) {
    std::vector<bool> after(program.commands.size());
    for (std::size_t i = 0; i < program.commands.size(); ++i) {
      const Command& command = program.commands[i];
      after[i] = command.group == 0;
      for (const CommandId id : command.dependencies)
        after[i] = after[i] || after[static_cast<std::size_t>(id)];
      const Load* load = std::get_if<Load>(&command.work);
      if (load != nullptr && load->transfer.traffic == Traffic::kWeights &&
          command.group == group && after[i])
        return true;
    }
    return false;
  };
  CHECK_FALSE(waits(bound.program, 1));
  CHECK(waits(bound.program, 2));
}

TEST_CASE("transfers are cut so that none is longer than 64 bursts") {
  const CompiledNetwork c = compiled(pointwise(32, 32, 64, 64), chip_of("unit"));
  for (const Command& command : c.program.commands) {
    const Load* load = std::get_if<Load>(&command.work);
    if (load == nullptr) continue;
    const bool contiguous = load->transfer.runs() == 1;
    if (contiguous) CHECK(load->transfer.bytes() <= kTransferBursts * 64);
  }
}

TEST_CASE("a transposed convolution reads the halo of its phases") {
  GraphBuilder b("up");
  const TensorId x = b.add_input("x", DataType::kFloat32, {1, 4, 8, 8});
  const ConvAttrs attrs{.window = {.kernel_h = 4,
                                   .kernel_w = 4,
                                   .stride_h = 2,
                                   .stride_w = 2,
                                   .pad_top = 1,
                                   .pad_bottom = 1,
                                   .pad_left = 1,
                                   .pad_right = 1}};
  b.mark_output(b.add_op(OpKind::kTransposedConv, attrs,
                         {x, b.add_constant(weights_of("w", {4, 4, 4, 4}))}, "up"));
  const Fused f(std::move(b).finish(), chip_of("unit"));
  const Stage& stage = f.stage(0);
  CHECK(stage.out.rows == 16);
  CHECK(stage.taps == 4);
  // Output row 8 is made of input rows 3 and 4 (rows 2i - 1 .. 2i + 2).
  CHECK(input_rows(stage, {8, 9}) == Rows{3, 5});
  CHECK(input_rows(stage, {0, 1}) == Rows{0, 1});
  CHECK(input_rows(stage, {15, 16}) == Rows{7, 8});
}

TEST_CASE("a core begins a chain when it is done with its part of the group that feeds it") {
  // Rows of the expanded map come from all cores, those of the chain serve one core alone.
  LayerBuilder b("block", Padding::kSame);
  TensorId y = b.input("x", {1, 64, 32, 112});
  y = b.conv(y, {.channels = 384, .activation = Activation::kGelu});
  y = b.depthwise(y, {.kernel = 5, .activation = Activation::kGelu});
  b.output(b.conv(y, {.channels = 295}));
  const RunResult run = presil::run(std::move(b).finish(), chip_of("ne-max"));
  const CompiledNetwork& c = run.compiled;
  bool seen = false;
  for (std::size_t g = 1; g < c.network.groups.size(); ++g) {
    if (!c.plan.mappings[g].chain) continue;
    for (int core = 0; core < 4; ++core) {
      Cycles fed{0}, begun{0};
      bool any = false;
      for (const Span& span : run.timeline.spans) {
        const Command& command = c.program.commands[static_cast<std::size_t>(span.command)];
        if (command.core != core || span.engine == Engine::kDma) continue;
        if (command.group + 1 == static_cast<int>(g)) fed = std::max(fed, span.done);
        if (command.group != static_cast<int>(g)) continue;
        begun = any ? std::min(begun, span.start) : span.start;
        any = true;
      }
      if (any) CHECK(begun >= fed);
      seen |= any;
    }
  }
  CHECK(seen);
}

}  // namespace
}  // namespace presil::testing
