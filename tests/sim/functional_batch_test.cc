// Batches and inferences back to back: the machine computes the reference's result of each, in the
// cycles of the run that is only timed.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "core/error.h"
#include "models/import.h"
#include "sim/placement.h"
#include "sim/reference/batch.h"
#include "sim/reference/synthetic.h"
#include "tests/sim/random_quantised.h"
#include "tests/sim/sim_fixture.h"

namespace presil::testing {
namespace {

bool same(const Tensor& a, const Tensor& b) {
  if (a.same_values(b)) return true;
  const std::vector<double> x = real_values(a), y = real_values(b);
  for (std::size_t i = 0; i < x.size(); ++i)
    if (x[i] != y[i] && !(std::isnan(x[i]) && std::isnan(y[i]))) return false;
  return x.size() == y.size();
}

/// "": the machine's results are the reference's, and the cycles those of a run without data.
std::string difference(const Graph& graph, const ChipSpec& chip, const CompileOptions& compile) {
  const std::vector<Tensor> inputs = random_batch(graph, 11, compile.batch);
  const RunResult executed = run(graph, chip, {.compile = compile, .inputs = &inputs});
  const std::vector<Tensor> wanted = execute_batch(graph, inputs, compile.batch);
  for (std::size_t i = 0; i < graph.outputs().size(); ++i)
    if (!same(executed.outputs[i], wanted[static_cast<std::size_t>(graph.outputs()[i])]))
      return fmt::format("output {} differs", i);
  const RunResult timed = run(graph, chip, {.compile = compile});
  if (timed.timeline.spans.size() != executed.timeline.spans.size()) return "other commands";
  for (std::size_t i = 0; i < timed.timeline.spans.size(); ++i)
    if (timed.timeline.spans[i].start != executed.timeline.spans[i].start ||
        timed.timeline.spans[i].done != executed.timeline.spans[i].done)
      return fmt::format("command {} is executed at another time than it is timed", i);
  return "";
}

void check(const Graph& graph, const std::string& chip, const CompileOptions& options) {
  INFO(graph.name(), " on ", chip, ", batch ", options.batch, ", inferences ", options.inferences);
  try {
    CHECK(difference(graph, chip_of(chip), options) == "");
  } catch (const Error& error) {  // a network that the chip has no room for
    INFO(std::string(error.what()));
    CHECK(std::string(error.what()).find("would do") != std::string::npos);
  }
}

/// An int8 network of ../shared/models; empty if it is not there.
std::optional<Graph> shared_network(const std::string& name) {
  const char* given = std::getenv("PRESIL_SHARED");
  const std::string file = std::string(given != nullptr ? given : PRESIL_SOURCE_DIR "/../shared") +
                           "/models/" + name + ".tflite";
  if (std::filesystem::exists(file)) return load_network(file, {});
  MESSAGE("skipped: " << file << " is absent (set PRESIL_SHARED)");
  return {};
}

Graph built_in(const std::string& name) { return synthetic(load_network(name, {}), {}); }

const std::vector<std::string> kChips{"ne-nano",       "ne-base",  "ne-max",        "nvdla-small",
                                      "ethos-u55-256", "edge-tpu", "systolic-32-os"};
const std::vector<std::string> kRealNetworks{"vww_96_int8", "tflm_person_detect",
                                             "pretrainedResnet_quant", "tflm_trained_lstm_int8"};

TEST_CASE("a batch of real int8 networks computes the reference's result for every image") {
  for (const std::string& name : kRealNetworks)
    if (const auto graph = shared_network(name))
      for (std::size_t c = 0; c < kChips.size(); ++c)
        check(*graph, kChips[c], {.batch = 2 + static_cast<std::int64_t>(c) % 2});
}

TEST_CASE("three inferences of real int8 networks compute the reference's result") {
  for (const std::string& name : kRealNetworks)
    if (const auto graph = shared_network(name))
      for (const std::string& chip : kChips) check(*graph, chip, {.inferences = 3});
}

TEST_CASE("batches and inferences of detectors and of MobileNetV2 compute the reference's result") {
  for (const std::string name :
       {"emza_ssd_slim_120x160x1_int8", "mcunet_detection", "coral_tf2_mobilenet_v2_1.0_224_ptq"})
    if (const auto graph = shared_network(name)) {
      check(*graph, "ne-base", {.batch = 2, .inferences = 2});
      check(*graph, "ne-max", {.inferences = 3});
    }
}

TEST_CASE(
    "batches of networks with cells, attention and embeddings compute the reference's result") {
  for (const std::string name : {"lstm_asr", "conformer", "bert_tiny", "ds_cnn"}) {
    check(built_in(name), "ne-base", {.batch = 2});
    check(built_in(name), "systolic-32-ws", {.batch = 3, .inferences = 2});
  }
}

TEST_CASE("a batch of random operators computes the reference's result") {
  const char* count = std::getenv("PRESIL_RANDOM_CASES");
  const int cases = count != nullptr ? std::atoi(count) : 64;
  int ran = 0, refused = 0;
  for (std::size_t c = 0; c < kChips.size(); ++c)
    for (int i = 0; i < cases; ++i) {
      const int number = 50'000 + static_cast<int>(c) * cases + i;
      const Graph graph = random_quantised_network(5, number, false);
      const CompileOptions options{.batch = 2 + i % 2, .inferences = 1 + i % 3};
      INFO(kChips[c], " case ", number);
      try {
        CHECK(difference(graph, chip_of(kChips[c]), options) == "");
        ++ran;
      } catch (const Error& error) {
        const std::string text = error.what();
        const bool clear = text.find("would do") != std::string::npos ||
                           text.find("cannot execute") != std::string::npos ||
                           text.find("modes") != std::string::npos;
        CHECK_MESSAGE(clear, text);
        ++refused;
      } catch (const std::exception& error) {
        FAIL_CHECK(std::string(error.what()));
      }
    }
  MESSAGE(ran << " ran, " << refused << " were refused");
  CHECK(ran > refused * 40);
}

TensorDesc int8(const char* name, Shape shape, float scale = 0.5f) {
  return {.name = name,
          .type = DataType::kInt8,
          .shape = std::move(shape),
          .quantization = Quantization{{scale}, {1}, -1}};
}

TensorDesc int8_constant(const char* name, Shape shape) {
  TensorDesc desc = int8(name, std::move(shape), 0.25f);
  desc.quantization->zero_point = {0};
  desc.constant = true;
  Tensor values = empty_tensor(desc);
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(values.elements()));
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = static_cast<std::int64_t>(i) * 7 % 31 - 15;
  store_integers(values, numbers);
  desc.data = std::make_shared<TensorData>(values.bytes);
  return desc;
}

/// Two inputs, or one and a constant, and an operator.
Graph two_operands(OpKind kind, OpAttrs attrs, Shape a, Shape b, bool constant = false) {
  GraphBuilder builder("two");
  const TensorId x =
      builder.add_input("x", DataType::kInt8, std::move(a), int8("x", {}).quantization);
  const TensorId y =
      constant ? builder.add_constant(int8_constant("y", std::move(b)))
               : builder.add_input("y", DataType::kInt8, std::move(b), int8("y", {}).quantization);
  builder.mark_output(
      builder.add_op_into(kind, std::move(attrs), {x, y}, {int8("z", {}, 4)}, "op").front());
  return std::move(builder).finish();
}

TEST_CASE("a matrix product whose batches broadcast in several dimensions takes its own matrices") {
  for (const std::string chip : {"ne-base", "ne-max", "nvdla-small"})
    for (const bool constant : {false, true})
      for (const std::int64_t batch : {1, 2}) {
        const auto product = [&](Shape a, Shape b) {
          check(two_operands(OpKind::kMatMul, MatMulAttrs{}, std::move(a), std::move(b), constant),
                chip, {.batch = batch});
        };
        product({2, 1, 5, 7}, {2, 3, 7, 4});
        product({2, 3, 5, 7}, {2, 1, 7, 4});
        product({2, 1, 5, 7}, {1, 3, 7, 4});
        product({1, 3, 5, 7}, {2, 1, 7, 4});
        product({3, 5, 7}, {2, 1, 7, 4});
        product({2, 3, 5, 7}, {3, 7, 4});
        product({1, 5, 7}, {7, 4});
      }
}

TEST_CASE("operands that broadcast across images are those of their own image") {
  for (const std::string chip : {"ne-nano", "ne-max"})
    for (const std::int64_t batch : {1, 3}) {
      const auto sum = [&](Shape a, Shape b) {
        check(two_operands(OpKind::kAdd, {}, std::move(a), std::move(b)), chip, {.batch = batch});
      };
      sum({4, 3, 6}, {4, 1, 6});
      sum({4, 3, 6}, {1, 3, 6});
      sum({4, 3, 6}, {3, 6});
      sum({4, 3, 1}, {1, 3, 6});
      sum({2, 5, 3, 4}, {2, 1, 3, 4});
      sum({2, 5, 3, 4}, {1, 5, 1, 1});
      sum({2, 5, 3, 4}, {2, 5, 1, 1});
    }
}

TEST_CASE("what a further inference reads lies apart from all that an earlier one stores") {
  for (const std::string chip : {"ne-nano", "ne-max", "ethos-u55-128"}) {
    const Graph graph = load_network("mobilenet_v2", {});
    const CompiledNetwork c = compile(graph, chip_of(chip), {.inferences = 2});
    const std::vector<Storage>& all = c.network.storages;
    int inputs = 0;
    for (std::size_t a = 0; a < all.size(); ++a)
      for (std::size_t b = 0; b < all.size(); ++b) {
        const std::int64_t at_a = c.plan.memory_address[a], at_b = c.plan.memory_address[b];
        if (a == b || !(all[a].is_input || all[a].is_constant) || at_a < 0 || at_b < 0 ||
            c.plan.memory[a] != c.plan.memory[b])
          continue;
        ++inputs;
        CHECK((at_a + all[a].bytes() <= at_b || at_b + all[b].bytes() <= at_a));
      }
    CHECK(inputs > 0);
  }
}

TEST_CASE("an input of a batch has to be as long as the batch") {
  const Graph graph = two_operands(OpKind::kAdd, {}, {1, 4, 2, 2}, {1, 4, 2, 2});
  const std::vector<Tensor> inputs = random_batch(graph, 1, 2);
  CHECK_THROWS_WITH_AS(run(graph, chip_of("ne-base"), {.compile = {.batch = 3}, .inputs = &inputs}),
                       "input 'x': must be int8 [3,4,2,2], is int8 [2,4,2,2]", Error);
}

}  // namespace
}  // namespace presil::testing
