#include <cstdlib>
#include <filesystem>
#include <set>

#include "models/import.h"
#include "models/simplify.h"
#include "tests/models/graph_fixture.h"

namespace presil {
namespace {

std::vector<std::string> files_of_shared_models() {
  const char* given = std::getenv("PRESIL_SHARED");
  const auto folder =
      std::filesystem::path(given != nullptr ? given : PRESIL_SOURCE_DIR "/../shared") / "models";
  std::vector<std::string> files;
  if (!std::filesystem::is_directory(folder)) {
    MESSAGE("skipped: " << folder.string() << " is absent (set PRESIL_SHARED)");
    return files;
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".tflite") files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> names_of(const Graph& graph, std::span<const TensorId> ids) {
  std::vector<std::string> names;
  for (const TensorId id : ids) names.push_back(graph.tensor(id).name);
  return names;
}

/// What every simplification keeps.
void check_simplified(const std::string& network) {
  CAPTURE(network);
  const Graph written = load_network(network, {.simplify = false});
  const Graph graph = load_network(network);
  CHECK(macs_of(graph).value == macs_of(written).value);
  CHECK(parameter_bytes(graph).value <= parameter_bytes(written).value);
  CHECK(graph.ops().size() <= written.ops().size());
  CHECK(names_of(graph, graph.inputs()) == names_of(written, written.inputs()));
  CHECK(names_of(graph, graph.outputs()) == names_of(written, written.outputs()));
  CHECK(simplify(graph).hash() == graph.hash());
}

}  // namespace

TEST_CASE("simplifying a network keeps its work, inputs and outputs, and once is enough") {
  for (const BuiltinInfo& info : builtin_networks()) check_simplified(info.name);
  check_simplified("nb201:|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|none~2|");
  for (const std::string& file : files_of_shared_models()) check_simplified(file);
}

TEST_CASE("load_network gives the network as written if told so") {
  const std::string example = PRESIL_SOURCE_DIR "/models/examples/tiny_cnn.yaml";
  CHECK(load_network(example, {.simplify = false}).hash() == import_yaml(example).hash());
  CHECK(load_network(example).hash() == simplify(import_yaml(example)).hash());
}

}  // namespace presil
