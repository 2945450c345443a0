#include "estimator/group_cache.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <span>

#include "estimator/estimate.h"
#include "estimator/feature_columns.h"
#include "estimator/group_key.h"
#include "estimator/train.h"
#include "made_cases.h"
#include "models/import.h"

namespace presil {

namespace {

ChipSpec chip(const std::string& name) {
  return load_chip(find_chip(name, PRESIL_SOURCE_DIR "/chips"));
}

/// Learned from made cases: its numbers mean nothing, but every column enters them.
const Bundle& bundle() {
  static const Bundle made = train(test::made_cases(1200), {}).bundle;
  return made;
}

void check_same(const ChipSpec& spec, const PlannedNetwork& planned, GroupCache& cache) {
  const std::vector<GroupFeatures> features = features_of(spec, planned);
  std::vector<const GroupFeatures*> rows;
  for (const GroupFeatures& group : features) rows.push_back(&group);
  std::vector<GroupPrediction> expected(rows.size());
  bundle().predict(rows, expected, spec.hash());
  for (int time = 0; time < 2; ++time) {  // the second time, everything is known
    const std::vector<GroupPrediction> predicted = cache.predict(planned);
    REQUIRE(predicted.size() == expected.size());
    bool same = true;
    for (std::size_t g = 0; g < expected.size(); ++g) same &= predicted[g] == expected[g];
    CHECK(same);
  }
}

const char* const kChips[] = {"ne-nano",     "ne-base",    "ne-max",        "edge-tpu",
                              "nvdla-small", "nvdla-full", "ethos-u55-128", "unit"};
const char* const kNetworks[] = {"mobilenet_v2", "mobilenet_v3_large", "resnet18",  "ssd_lite",
                                 "lraspp",       "lstm_asr",           "conformer", "bert_tiny",
                                 "ds_cnn",       "squeezenet"};

}  // namespace

TEST_CASE("A cache that has seen other networks predicts every group to the last bit as without") {
  for (const char* name : kChips) {
    const ChipSpec spec = chip(name);
    GroupCache cache(spec, bundle());
    for (const char* model : kNetworks) {
      CAPTURE(name);
      CAPTURE(model);
      const Graph graph = load_network(model);
      try {
        check_same(spec, plan_network(graph, spec, {}), cache);
        check_same(spec, plan_network(graph, spec, {.batch = 2}), cache);
      } catch (const Error&) {  // the chip cannot run it
      }
    }
    CHECK(cache.counts().groups > 1000);
    CHECK(cache.counts().predictions <= cache.counts().groups / 2);
  }
}

TEST_CASE("Groups with equal keys have equal terms and columns in whatever network they are") {
  const ChipSpec spec = chip("ne-base");
  RecentMap<std::vector<float>> seen(100000);
  std::size_t again = 0;
  for (const char* model : kNetworks) {
    const PlannedNetwork planned = plan_network(load_network(model), spec, {});
    const std::vector<GroupFeatures> features = features_of(spec, planned);
    for (std::size_t g = 0; g < features.size(); ++g) {
      std::vector<std::uint64_t> key;
      append_key(key, spec, planned, g);
      std::vector<float> own;
      for (const std::size_t c : columns_of(ColumnOf::kGroup)) own.push_back(features[g].values[c]);
      if (const std::vector<float>* known = seen.find(key)) {
        ++again;
        CHECK(*known == own);
      } else {
        seen.add(key, own);
      }
    }
  }
  CHECK(again > 100);
}

TEST_CASE("A small cache forgets groups, holds no more than it may, and stays right") {
  const ChipSpec spec = chip("ne-nano");
  constexpr std::size_t kMost = 16;
  GroupCache cache(spec, bundle(), kMost);
  for (int turn = 0; turn < 2; ++turn)
    for (const char* model : {"mobilenet_v2", "resnet18", "ds_cnn", "squeezenet"}) {
      const PlannedNetwork planned = plan_network(load_network(model), spec, {});
      check_same(spec, planned, cache);
      CHECK(cache.size() <= 2 * 9 * kMost + 2 * planned.network.groups.size());
    }
}

TEST_CASE("The sums of a quick estimate are those of the whole one") {
  const ChipSpec spec = chip("ne-base");
  const Graph graph = load_network("mobilenet_v2");
  const PlannedNetwork planned = plan_network(graph, spec, {});
  const Estimate whole = estimate(graph, spec, {}, bundle());
  GroupCache cache(spec, bundle());
  for (const QuickEstimate& quick :
       {quick_estimate(spec, planned, bundle()), quick_estimate(planned, cache)}) {
    CHECK(quick.latency_cycles == doctest::Approx(whole.latency_cycles).epsilon(1e-12));
    CHECK(quick.energy_pj == whole.energy_pj);
    CHECK(quick.out_of_range == whole.out_of_range);
  }
}

}  // namespace presil
