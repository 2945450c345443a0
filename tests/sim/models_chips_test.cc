// Every network on every chip. run() itself checks bounds, sums and MACs; here is what it cannot
// know: that the MACs are the network's, that bytes are conserved, and that a second run is the
// same. A chip that is too small has to say what would do.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>

#include "core/error.h"
#include "models/import.h"
#include "sim/weight_coding.h"
#include "tests/sim/same_program.h"
#include "tests/sim/sim_fixture.h"

namespace presil::testing {
namespace {

/// Networks by how long they take.
const std::vector<std::string> kMobile{"mobilenet_v1", "mobilenet_v2", "mobilenet_v3_large",
                                       "squeezenet",   "ds_cnn",       "efficientnet_lite0"};
const std::vector<std::string> kOthers{"resnet18",
                                       "efficientnet_edgetpu_s",
                                       "ssd_lite",
                                       "lraspp",
                                       "conformer",
                                       "lstm_asr",
                                       "bert_tiny",
                                       "nb201:|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|"
                                       "nor_conv_3x3~0|none~1|avg_pool_3x3~2|"};
const std::vector<std::string> kLarge{"resnet50", "vgg16", "efficientnet_edgetpu_m"};

/// Left out unless PRESIL_ALL_PAIRS is set: more than about 5 s on one thread.
const std::set<std::pair<std::string, std::string>> kTooSlow{
    {"nvdla-small", "vgg16"},
    {"nvdla-small", "resnet50"},
    {"nvdla-small", "conformer"},
    {"nvdla-small", "efficientnet_edgetpu_m"},
    {"nvdla-small", "fsrcnn.onnx"},
    {"unit", "fsrcnn.onnx"},
    {"unit", "vgg16"}};

std::vector<std::string> files_of(const std::string& extension) {
  const char* given = std::getenv("PRESIL_SHARED");
  const std::filesystem::path folder =
      std::filesystem::path(given != nullptr ? given : PRESIL_SOURCE_DIR "/../shared") / "models";
  std::vector<std::string> files;
  if (!std::filesystem::is_directory(folder)) {
    MESSAGE("skipped: " << folder.string() << " is absent (set PRESIL_SHARED)");
    return files;
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == extension) files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

/// Chips whose scratchpad or feature memory is too small for some networks.
bool is_small(const std::string& chip) {
  return chip == "ne-nano" || chip == "nvdla-small" || chip.starts_with("ethos") || chip == "unit";
}

void check_numbers(const ChipSpec& chip, const RunResult& r) {
  Cycles sum;
  double energy = 0;
  for (const GroupResult& g : r.groups) {
    sum += g.latency;
    CHECK(g.latency.value >= 0);
    CHECK(g.macs_executed >= g.macs);
    CHECK((g.utilisation >= 0 && g.utilisation <= 1.0000001));
    if (g.kind == "Link") continue;
    CHECK(g.energy.total().value >= 0);
    energy += g.energy.total().value;
  }
  CHECK(sum == r.latency);
  CHECK(std::isfinite(r.effective_tops));
  CHECK(r.effective_tops > 0);
  CHECK((r.utilisation > 0 && r.utilisation <= 1));
  const EnergyParts& e = r.energy.total;
  double parts = e.mac.value + e.sram.value + e.vector.value + e.control.value + e.idle.value;
  for (const Picojoules& memory : e.memories) parts += memory.value;
  CHECK(parts == doctest::Approx(e.total().value));
  CHECK(energy == doctest::Approx(parts).epsilon(1e-6));
  if (chip.energy.idle_mw == 0) return;  // SCALE-Sim has no energy: the systolic chips say 0
  CHECK(e.mac.value > 0);
  CHECK(e.idle.value > 0);
}

/// Bytes that the stores of the first inference put into each storage. Storages share addresses at
/// different times, so a store counts for those that are alive in its group.
std::vector<std::int64_t> stored_bytes(const CompiledNetwork& c) {
  const std::vector<Lifetime> lives = lifetimes(c.network);
  std::vector<std::int64_t> stored(c.network.storages.size(), 0);
  for (const Command& command : c.program.commands) {
    const Store* store = std::get_if<Store>(&command.work);
    if (store == nullptr) continue;
    for (std::size_t s = 0; s < stored.size(); ++s) {
      const std::int64_t at = c.plan.memory_address[s];
      const bool here = at >= 0 && c.plan.memory[s] == store->transfer.memory &&
                        store->transfer.memory_address >= at &&
                        store->transfer.memory_address < at + c.network.storages[s].bytes() &&
                        lives[s].first <= command.group && command.group <= lives[s].last;
      if (here) stored[s] += store->transfer.bytes();
    }
  }
  return stored;
}

void check_bytes(const Graph& graph, const ChipSpec& chip, const RunResult& r) {
  const CompiledNetwork& c = r.compiled;
  const std::vector<std::int64_t> stored = stored_bytes(c);
  for (std::size_t s = 0; s < stored.size(); ++s) {
    const Storage& storage = c.network.storages[s];
    if (storage.on_host || storage.is_constant || c.plan.resident[s]) continue;
    if (c.plan.memory_address[s] < 0 || storage.is_input) continue;
    CHECK_MESSAGE(stored[s] >= storage.map.elements() * storage.map.bits / 8,
                  graph.tensor(storage.root).name << " is stored in part");
    CHECK_MESSAGE(stored[s] <= storage.map.bytes() * 2,
                  graph.tensor(storage.root).name << " is stored more than once");
  }
  double weights = 0;
  std::set<TensorId> seen;
  for (const FusionGroup& group : c.network.groups)
    for (const Stage& stage : group.stages)
      for (const TensorId id : {stage.weights, stage.recurrent_weights})
        if (id != kNoTensor && graph.tensor(id).constant && seen.insert(id).second)
          weights += static_cast<double>(element_count(graph.tensor(id).shape) *
                                         c.precision.bits(id) / 8) *
                     weight_ratio(chip, graph.tensor(id));
  const double least = std::floor(weights);
  CHECK(static_cast<double>(moved(c.program, false, Traffic::kWeights)) >= least);
}

void check_network(const std::string& network, const ChipSpec& chip) {
  CAPTURE(network);
  const std::string base = std::filesystem::path(network).filename().string();
  if (std::getenv("PRESIL_ALL_PAIRS") == nullptr &&
      kTooSlow.count({chip.name, network.starts_with("nb201") ? network : base}) > 0)
    return;
  const Graph graph = load_network(network, {});
  RunResult r;
  try {
    r = run(graph, chip);
  } catch (const Error& error) {
    const std::string text = error.what();
    INFO(text);
    CHECK(is_small(chip.name));
    const bool says_what = text.find("would do") != std::string::npos &&
                           (text.find("sram.kib of at least") != std::string::npos ||
                            text.find(".kib of at least") != std::string::npos);
    CHECK(says_what);
    return;
  }
  CHECK(r.macs == macs_of(graph));
  check_numbers(chip, r);
  check_bytes(graph, chip, r);
  if (r.compiled.program.commands.size() > 20000) return;  // the smaller ones tell
  const CompiledNetwork again = compile(graph, chip, {});
  CHECK(same_program(again.program, r.compiled.program));
  CHECK(simulate(chip, again.program).total == r.timeline.total);
}

void check_all(const std::string& chip_name, const std::vector<std::string>& networks) {
  const ChipSpec chip = chip_of(chip_name);
  CAPTURE(chip_name);
  for (const std::string& network : networks) check_network(network, chip);
}

TEST_CASE("mobile networks on unit keep every promise") { check_all("unit", kMobile); }
TEST_CASE("other networks on unit keep every promise") { check_all("unit", kOthers); }
TEST_CASE("large networks on unit keep every promise") { check_all("unit", kLarge); }
TEST_CASE("ONNX files on unit keep every promise") { check_all("unit", files_of(".onnx")); }
TEST_CASE("TFLite files on unit keep every promise") { check_all("unit", files_of(".tflite")); }
TEST_CASE("mobile networks on ne-nano keep every promise") { check_all("ne-nano", kMobile); }
TEST_CASE("other networks on ne-nano keep every promise") { check_all("ne-nano", kOthers); }
TEST_CASE("large networks on ne-nano keep every promise") { check_all("ne-nano", kLarge); }
TEST_CASE("ONNX files on ne-nano keep every promise") { check_all("ne-nano", files_of(".onnx")); }
TEST_CASE("TFLite files on ne-nano keep every promise") {
  check_all("ne-nano", files_of(".tflite"));
}
TEST_CASE("mobile networks on ne-base keep every promise") { check_all("ne-base", kMobile); }
TEST_CASE("other networks on ne-base keep every promise") { check_all("ne-base", kOthers); }
TEST_CASE("large networks on ne-base keep every promise") { check_all("ne-base", kLarge); }
TEST_CASE("ONNX files on ne-base keep every promise") { check_all("ne-base", files_of(".onnx")); }
TEST_CASE("TFLite files on ne-base keep every promise") {
  check_all("ne-base", files_of(".tflite"));
}
TEST_CASE("mobile networks on ne-max keep every promise") { check_all("ne-max", kMobile); }
TEST_CASE("other networks on ne-max keep every promise") { check_all("ne-max", kOthers); }
TEST_CASE("large networks on ne-max keep every promise") { check_all("ne-max", kLarge); }
TEST_CASE("ONNX files on ne-max keep every promise") { check_all("ne-max", files_of(".onnx")); }
TEST_CASE("TFLite files on ne-max keep every promise") { check_all("ne-max", files_of(".tflite")); }
TEST_CASE("mobile networks on nvdla-full keep every promise") { check_all("nvdla-full", kMobile); }
TEST_CASE("other networks on nvdla-full keep every promise") { check_all("nvdla-full", kOthers); }
TEST_CASE("large networks on nvdla-full keep every promise") { check_all("nvdla-full", kLarge); }
TEST_CASE("ONNX files on nvdla-full keep every promise") {
  check_all("nvdla-full", files_of(".onnx"));
}
TEST_CASE("TFLite files on nvdla-full keep every promise") {
  check_all("nvdla-full", files_of(".tflite"));
}
TEST_CASE("mobile networks on nvdla-small keep every promise") {
  check_all("nvdla-small", kMobile);
}
TEST_CASE("other networks on nvdla-small keep every promise") { check_all("nvdla-small", kOthers); }
TEST_CASE("large networks on nvdla-small keep every promise") { check_all("nvdla-small", kLarge); }
TEST_CASE("ONNX files on nvdla-small keep every promise") {
  check_all("nvdla-small", files_of(".onnx"));
}
TEST_CASE("TFLite files on nvdla-small keep every promise") {
  check_all("nvdla-small", files_of(".tflite"));
}
TEST_CASE("mobile networks on ethos-u55-128 keep every promise") {
  check_all("ethos-u55-128", kMobile);
}
TEST_CASE("other networks on ethos-u55-128 keep every promise") {
  check_all("ethos-u55-128", kOthers);
}
TEST_CASE("large networks on ethos-u55-128 keep every promise") {
  check_all("ethos-u55-128", kLarge);
}
TEST_CASE("ONNX files on ethos-u55-128 keep every promise") {
  check_all("ethos-u55-128", files_of(".onnx"));
}
TEST_CASE("TFLite files on ethos-u55-128 keep every promise") {
  check_all("ethos-u55-128", files_of(".tflite"));
}
TEST_CASE("mobile networks on ethos-u55-256 keep every promise") {
  check_all("ethos-u55-256", kMobile);
}
TEST_CASE("other networks on ethos-u55-256 keep every promise") {
  check_all("ethos-u55-256", kOthers);
}
TEST_CASE("large networks on ethos-u55-256 keep every promise") {
  check_all("ethos-u55-256", kLarge);
}
TEST_CASE("ONNX files on ethos-u55-256 keep every promise") {
  check_all("ethos-u55-256", files_of(".onnx"));
}
TEST_CASE("TFLite files on ethos-u55-256 keep every promise") {
  check_all("ethos-u55-256", files_of(".tflite"));
}
TEST_CASE("mobile networks on edge-tpu keep every promise") { check_all("edge-tpu", kMobile); }
TEST_CASE("other networks on edge-tpu keep every promise") { check_all("edge-tpu", kOthers); }
TEST_CASE("large networks on edge-tpu keep every promise") { check_all("edge-tpu", kLarge); }
TEST_CASE("ONNX files on edge-tpu keep every promise") { check_all("edge-tpu", files_of(".onnx")); }
TEST_CASE("TFLite files on edge-tpu keep every promise") {
  check_all("edge-tpu", files_of(".tflite"));
}
TEST_CASE("mobile networks on systolic-32-ws keep every promise") {
  check_all("systolic-32-ws", kMobile);
}
TEST_CASE("other networks on systolic-32-ws keep every promise") {
  check_all("systolic-32-ws", kOthers);
}
TEST_CASE("large networks on systolic-32-ws keep every promise") {
  check_all("systolic-32-ws", kLarge);
}
TEST_CASE("ONNX files on systolic-32-ws keep every promise") {
  check_all("systolic-32-ws", files_of(".onnx"));
}
TEST_CASE("TFLite files on systolic-32-ws keep every promise") {
  check_all("systolic-32-ws", files_of(".tflite"));
}
TEST_CASE("mobile networks on systolic-32-os keep every promise") {
  check_all("systolic-32-os", kMobile);
}
TEST_CASE("other networks on systolic-32-os keep every promise") {
  check_all("systolic-32-os", kOthers);
}
TEST_CASE("large networks on systolic-32-os keep every promise") {
  check_all("systolic-32-os", kLarge);
}
TEST_CASE("ONNX files on systolic-32-os keep every promise") {
  check_all("systolic-32-os", files_of(".onnx"));
}
TEST_CASE("TFLite files on systolic-32-os keep every promise") {
  check_all("systolic-32-os", files_of(".tflite"));
}

}  // namespace
}  // namespace presil::testing
