#include "estimator/plan_network.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <numeric>
#include <set>

#include "estimator/sample.h"
#include "models/import.h"

namespace presil {

namespace {

ChipSpec chip(const std::string& name) {
  return load_chip(find_chip(name, PRESIL_SOURCE_DIR "/chips"));
}

std::set<std::string> names_of(const FusedNetwork& network) {
  std::set<std::string> names;
  for (const FusionGroup& group : network.groups) names.insert(group.name);
  return names;
}

double sum_of_priors(const std::vector<GroupFeatures>& groups) {
  return std::accumulate(groups.begin(), groups.end(), 0.0,
                         [](double sum, const auto& group) { return sum + group.prior.cycles; });
}

}  // namespace

TEST_CASE("Where layers cannot be chained the planner makes the compiler's groups and residents") {
  const ChipSpec tpu = chip("edge-tpu");
  for (const char* model : {"mobilenet_v2", "resnet18", "bert_tiny"}) {
    CAPTURE(model);
    const Graph graph = load_network(model);
    const CompiledNetwork compiled = compile(graph, tpu, {});
    const PlannedNetwork planned = plan_network(graph, tpu, {});
    CHECK(names_of(planned.network) == names_of(compiled.network));
    CHECK(planned.resident == compiled.plan.resident);
    CHECK(planned.memory == compiled.plan.memory);
  }
}

TEST_CASE("Chains that the planner forms otherwise cost about the same") {
  for (const char* name : {"ne-nano", "ne-base", "ne-max"}) {
    const ChipSpec spec = chip(name);
    const Graph graph = load_network("mobilenet_v2");
    const PlannedNetwork compiled = planned(spec, compile(graph, spec, {}));
    const PlannedNetwork fast = plan_network(graph, spec, {});
    CAPTURE(name);
    std::int64_t macs = 0, expected = 0;
    for (const FusionGroup& group : fast.network.groups) macs += group.macs();
    for (const FusionGroup& group : compiled.network.groups) expected += group.macs();
    CHECK(macs == expected);
    const double ours = sum_of_priors(features_of(spec, fast)),
                 theirs = sum_of_priors(features_of(spec, compiled));
    CHECK(std::abs(ours / theirs - 1) < 0.03);
  }
}

TEST_CASE("The closed form alone is within a tenth of the simulator on whole classifiers") {
  for (const char* name : {"ne-nano", "ne-base", "ne-max"})
    for (const char* model : {"mobilenet_v2", "resnet18", "efficientnet_lite0"}) {
      CAPTURE(name);
      CAPTURE(model);
      const ChipSpec spec = chip(name);
      const CaseSample sample =
          sample_case(load_network(model), spec, {}, Level::kNetwork, "classifier");
      double prior = sample.link_cycles, energy = 0;
      for (const GroupSample& group : sample.groups) {
        prior += group.features.prior.cycles;
        energy += group.features.prior.energy_pj;
      }
      CHECK(std::abs(prior / sample.latency_cycles - 1) < 0.10);
      CHECK(std::abs(energy / sample.energy_pj - 1) < 0.15);
    }
}

TEST_CASE("A group's hash is the same on every chip, its features are not") {
  const Graph graph = load_network("mobilenet_v2");
  std::set<std::string> hashes;
  std::set<std::vector<float>> values;
  for (const char* name : {"ne-nano", "ne-base", "edge-tpu"}) {  // none chains the head
    const ChipSpec spec = chip(name);
    const PlannedNetwork network = plan_network(graph, spec, {});
    const std::vector<GroupFeatures> features = features_of(spec, network);
    for (std::size_t g = 0; g < features.size(); ++g) {
      CHECK(features[g].values.size() == feature_table().size());
      if (network.network.groups[g].name != "head/conv") continue;
      hashes.insert(features[g].hash);
      values.insert(features[g].values);
    }
  }
  CHECK(hashes.size() == 1);
  CHECK(values.size() == 3);
}

TEST_CASE("In steady state the planner keeps the weights that the compiler keeps") {
  const CompileOptions steady{.steady = true};
  for (const char* name : {"mobilenet_v2", "resnet18"})
    for (const char* on : {"ne-nano", "ne-base", "edge-tpu"}) {
      CAPTURE(name);
      CAPTURE(on);
      const Graph graph = load_network(name);
      const ChipSpec spec = chip(on);
      const CompiledNetwork compiled = compile(graph, spec, steady);
      const PlannedNetwork planned = plan_network(graph, spec, steady);
      std::set<std::string> kept, expected;
      const std::set<std::string> common = names_of(compiled.network);
      for (std::size_t g = 0; g < planned.network.groups.size(); ++g)
        if (planned.weights_stay[g]) kept.insert(planned.network.groups[g].name);
      for (std::size_t g = 0; g < compiled.network.groups.size(); ++g)
        if (compiled.plan.weights_stay[g]) expected.insert(compiled.network.groups[g].name);
      if (names_of(planned.network) == common) CHECK(kept == expected);
      CHECK(!kept.empty());
    }
}

TEST_CASE("docs/estimator_features.md lists exactly the features") {
  std::ifstream doc(PRESIL_SOURCE_DIR "/docs/estimator_features.md");
  std::vector<std::string> listed, known;
  for (std::string line; std::getline(doc, line);)
    if (line.starts_with("| `")) listed.push_back(line);
  for (const FeatureInfo& info : feature_table())
    known.push_back(fmt::format("| `{}` | {} | {} |", info.name, info.unit, info.meaning));
  CHECK(listed == known);
}

}  // namespace presil
