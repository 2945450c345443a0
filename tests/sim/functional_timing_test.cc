// Executing a network costs no cycle: the whole Timeline is that of the run that is only timed.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>

#include "core/error.h"
#include "models/import.h"
#include "sim/reference/reference.h"
#include "tests/sim/random_quantised.h"
#include "tests/sim/sim_fixture.h"

namespace presil::testing {
namespace {

bool same_work(const EngineUse& a, const EngineUse& b) {
  return a.busy == b.busy && a.stalled == b.stalled;
}

/// "": the two are the same to the tick.
std::string first_difference(const Timeline& a, const Timeline& b) {
  if (a.total != b.total) return fmt::format("{} cycles and {}", a.total.value, b.total.value);
  if (a.spans.size() != b.spans.size() || a.engines.size() != b.engines.size())
    return "another number of commands or engines";
  for (std::size_t i = 0; i < a.spans.size(); ++i)
    if (a.spans[i].start != b.spans[i].start || a.spans[i].done != b.spans[i].done)
      return fmt::format("command {}", i);
  for (std::size_t i = 0; i < a.engines.size(); ++i)
    if (!same_work(a.engines[i], b.engines[i])) return fmt::format("engine {}", i);
  return "";
}

void check_same_timeline(const Graph& graph, const ChipSpec& chip, RunOptions options = {}) {
  try {
    const Timeline timed = run(graph, chip, options).timeline;
    const std::vector<Tensor> inputs = random_inputs(graph, 3);
    options.inputs = &inputs;
    const Timeline executed = run(graph, chip, options).timeline;
    const std::string difference = first_difference(timed, executed);
    CHECK_MESSAGE(difference.empty(), graph.name() << " on " << chip.name << ": " << difference);
  } catch (const Error& error) {  // a network that the chip has no room for
    CHECK(std::string(error.what()).find("would do") != std::string::npos);
  }
}

const std::vector<std::string> kChips{"ne-nano",  "ne-base",       "ne-max",        "nvdla-small",
                                      "edge-tpu", "ethos-u55-128", "systolic-32-ws"};

TEST_CASE("real int8 networks take the same cycles executed and timed, command by command") {
  const char* given = std::getenv("PRESIL_SHARED");
  const std::string folder =
      std::string(given != nullptr ? given : PRESIL_SOURCE_DIR "/../shared") + "/models/";
  for (const std::string name :
       {"vww_96_int8", "tflm_person_detect", "pretrainedResnet_quant", "tflm_trained_lstm_int8"}) {
    const std::string file = folder + name + ".tflite";
    if (!std::filesystem::exists(file)) {
      MESSAGE("skipped: " << file << " is absent (set PRESIL_SHARED)");
      continue;
    }
    const Graph graph = load_network(file, {});
    for (const std::string& chip : kChips) check_same_timeline(graph, chip_of(chip));
  }
}

TEST_CASE("random operators take the same cycles executed and timed") {
  for (std::size_t c = 0; c < kChips.size(); ++c)
    for (int i = 0; i < 20; ++i)
      check_same_timeline(random_quantised_network(9, static_cast<int>(c) * 20 + i, false),
                          chip_of(kChips[c]));
}

}  // namespace
}  // namespace presil::testing
