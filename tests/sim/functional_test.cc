// The machine computes: one convolution against a plain loop, real networks against the reference,
// and the same cycles as when it is only timed.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "core/error.h"
#include "models/import.h"
#include "sim/reference/reference.h"
#include "sim/reference/synthetic.h"
#include "tests/sim/sim_fixture.h"

namespace presil::testing {
namespace {

TensorDesc int8_constant(const char* name, Shape shape, DataType type, std::int64_t step) {
  TensorDesc desc{.name = name, .type = type, .shape = std::move(shape), .constant = true};
  Tensor values = empty_tensor(desc);
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(values.elements()));
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = static_cast<std::int64_t>(i) * step % 13 - 6;
  store_integers(values, numbers);
  desc.data = std::make_shared<TensorData>(values.bytes);
  return desc;
}

/// 3x3, padding 1, stride 2: [1,5,7,9] -> [1,6,4,5]; scales and zero points as below.
Graph small_conv() {
  GraphBuilder b("small");
  const TensorId x = b.add_input("x", DataType::kInt8, {1, 5, 7, 9}, Quantization{{0.5f}, {3}, -1});
  TensorDesc w = int8_constant("w", {6, 5, 3, 3}, DataType::kInt8, 7);
  w.quantization = Quantization{{0.25f}, {0}, -1};
  TensorDesc y{
      .name = "y", .type = DataType::kInt8, .quantization = Quantization{{4.0f}, {-2}, -1}};
  ConvAttrs attrs;
  attrs.window = {.kernel_h = 3,
                  .kernel_w = 3,
                  .stride_h = 2,
                  .stride_w = 2,
                  .pad_top = 1,
                  .pad_bottom = 1,
                  .pad_left = 1,
                  .pad_right = 1};
  const TensorId wi = b.add_constant(w);
  const TensorId bi = b.add_constant(int8_constant("b", {6}, DataType::kInt32, 29));
  b.mark_output(b.add_op_into(OpKind::kConv, attrs, {x, wi, bi}, {y}, "conv").front());
  return std::move(b).finish();
}

TEST_CASE("a quantised convolution on the machine is the plain loop's") {
  const Graph graph = small_conv();
  const std::vector<Tensor> inputs = random_inputs(graph, 4);
  const RunResult r = run(graph, chip_of("ne-nano"), {.inputs = &inputs});
  const auto x = inputs[0].as<std::int8_t>(), y = r.outputs.at(0).as<std::int8_t>();
  for (int k = 0; k < 6; ++k)
    for (int oh = 0; oh < 4; ++oh)
      for (int ow = 0; ow < 5; ++ow) {
        int sum = k * 29 % 13 - 6;
        for (int c = 0; c < 5; ++c)
          for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 3; ++j) {
              const int h = 2 * oh - 1 + i, v = 2 * ow - 1 + j;
              if (h < 0 || h >= 7 || v < 0 || v >= 9) continue;
              const int weight = (((k * 5 + c) * 3 + i) * 3 + j) * 7 % 13 - 6;
              sum += (x[static_cast<std::size_t>((c * 7 + h) * 9 + v)] - 3) * weight;
            }
        // 0.5 * 0.25 / 4 = 2^-5 of the sum, halves away from zero.
        const int scaled = (std::abs(sum) + 16) / 32 * (sum < 0 ? -1 : 1);
        CHECK(y[static_cast<std::size_t>((k * 4 + oh) * 5 + ow)] ==
              std::clamp(scaled - 2, -128, 127));
      }
}

std::string shared_models() {
  const char* given = std::getenv("PRESIL_SHARED");
  return std::string(given != nullptr ? given : PRESIL_SOURCE_DIR "/../shared") + "/models/";
}

/// The int8 networks of ../shared/models that the machine executes as a whole.
const std::vector<std::string> kNetworks{"vww_96_int8",
                                         "coral_tf2_mobilenet_v2_1.0_224_ptq",
                                         "tflm_person_detect",
                                         "emza_ssd_slim_120x160x1_int8",
                                         "pretrainedResnet_quant",
                                         "mcunet_detection"};

void compare_networks(const ChipSpec& chip) {
  for (const std::string& name : kNetworks) {
    CAPTURE(name);
    const std::string file = shared_models() + name + ".tflite";
    if (!std::filesystem::exists(file)) {
      MESSAGE("skipped: " << file << " is absent (set PRESIL_SHARED)");
      continue;
    }
    const Graph graph = load_network(file, {});
    const std::vector<Tensor> inputs = random_inputs(graph, 11);
    try {
      const RunResult r = run(graph, chip, {.inputs = &inputs});
      const std::vector<Tensor> wanted = execute(graph, inputs);
      for (std::size_t i = 0; i < wanted.size(); ++i)
        CHECK_MESSAGE(r.outputs[i].same_values(wanted[i]), name << " output " << i);
    } catch (const Error& error) {
      INFO(std::string(error.what()));
      CHECK(std::string(error.what()).find("would do") != std::string::npos);
    }
  }
}

TEST_CASE("real int8 networks compute the reference's result on ne-nano") {
  compare_networks(chip_of("ne-nano"));
}
TEST_CASE("real int8 networks compute the reference's result on ne-base") {
  compare_networks(chip_of("ne-base"));
}
TEST_CASE("real int8 networks compute the reference's result on four cores") {
  compare_networks(chip_of("ne-max"));
}
TEST_CASE("real int8 networks compute the reference's result on nvdla-small") {
  compare_networks(chip_of("nvdla-small"));
}
TEST_CASE("real int8 networks compute the reference's result on nvdla-full") {
  compare_networks(chip_of("nvdla-full"));
}
TEST_CASE("real int8 networks compute the reference's result with compressed weights") {
  compare_networks(chip_of("ethos-u55-128", {{"memories.sram.kib", "4096"}}));
}
TEST_CASE("real int8 networks compute the reference's result on edge-tpu") {
  compare_networks(chip_of("edge-tpu"));
}
TEST_CASE("real int8 networks compute the reference's result on systolic arrays") {
  compare_networks(chip_of("systolic-32-ws"));
  compare_networks(chip_of("systolic-32-os"));
}

TEST_CASE("executing a network takes the same cycles as timing it, command by command") {
  const Graph graph = small_conv();
  const std::vector<Tensor> inputs = random_inputs(graph, 4);
  const ChipSpec chip = chip_of("ne-base");
  const RunResult executed = run(graph, chip, {.inputs = &inputs}), timed = run(graph, chip);
  CHECK(executed.latency == timed.latency);
  CHECK(timed.outputs.empty());
  CHECK(timed.compiled.program.computations.empty());
  REQUIRE(executed.timeline.spans.size() == timed.timeline.spans.size());
  for (std::size_t i = 0; i < timed.timeline.spans.size(); ++i) {
    CHECK(executed.timeline.spans[i].start == timed.timeline.spans[i].start);
    CHECK(executed.timeline.spans[i].done == timed.timeline.spans[i].done);
  }
}

TEST_CASE("built-in networks with cells, attention and embeddings compute the reference's result") {
  for (const std::string name : {"lstm_asr", "conformer", "bert_tiny"}) {
    const Graph graph = synthetic(load_network(name, {}), {});
    const std::vector<Tensor> inputs = random_inputs(graph, 2);
    const RunResult r = run(graph, chip_of("ne-base"), {.inputs = &inputs});
    const std::vector<Tensor> wanted = execute(graph, inputs);
    for (std::size_t i = 0; i < wanted.size(); ++i)
      CHECK_MESSAGE(r.outputs[i].same_values(wanted[i]), name << " output " << i);
  }
}

TEST_CASE("every inference of several back to back computes the reference's result") {
  const Graph graph = small_conv();
  const std::vector<Tensor> inputs = random_inputs(graph, 4);
  const std::vector<Tensor> wanted = execute(graph, inputs);
  int results = 0;
  RunOptions options{.compile = {.inferences = 3}, .inputs = &inputs};
  options.on_result = [&](const FusionGroup&, TensorId, const Tensor& made) {
    CHECK(made.same_values(wanted[0]));
    ++results;
  };
  for (const std::string chip : {"ne-base", "edge-tpu", "nvdla-small"})
    CHECK(run(graph, chip_of(chip), options).outputs.at(0).same_values(wanted[0]));
  CHECK(results == 9);
}

TEST_CASE("weights that stay in SRAM are those that the products use") {
  const Graph graph = small_conv();
  const std::vector<Tensor> inputs = random_inputs(graph, 4);
  const RunResult first = run(graph, chip_of("edge-tpu"), {.inputs = &inputs});
  const RunResult steady =
      run(graph, chip_of("edge-tpu"), {.compile = {.steady = true}, .inputs = &inputs});
  CHECK(steady.outputs.at(0).same_values(first.outputs.at(0)));
}

TEST_CASE("a network in other types than it would run in cannot be executed") {
  const Graph graph = pointwise(8, 8, 4, 4);  // fp32, stored as int8
  const std::vector<Tensor> inputs = random_inputs(graph, 1);
  CHECK_THROWS_WITH_AS(
      run(graph, chip_of("ne-base"), {.inputs = &inputs}),
      "tensor 'conv': is fp32 and would be stored in 8 bits; to be executed, a network has to have "
      "the types that it runs in",
      Error);
}

}  // namespace
}  // namespace presil::testing
