#include "search/curation.h"

#include <cmath>
#include <limits>

#include "search/axis_choices.h"
#include "space_fixture.h"

namespace presil {
namespace {

/// A staircase of 32 channels under every convolution's output: what an array of 32 outputs makes.
class StaircaseCost final : public CostModel {
 public:
  Cost cost(const Graph& graph, const PrecisionOptions&) const override {
    double sum = 0;
    for (const Op& op : graph.ops()) {
      if (op.kind != OpKind::kConv) continue;
      const Shape& y = graph.tensor(op.outputs[0]).shape;
      sum += static_cast<double>((y[1] + 31) / 32 * y[2] * y[3]);
    }
    return {.latency_us = sum};
  }
};

SearchSpace staircase_space() {
  return SearchSpace::read(R"(name: stairs
input: {resolution: [32, 64]}
stem: {channels: 32}
stages:
  - {name: a, block: conv, channels: 16..160+8}
  - {name: b, block: conv, kernel: [3, 5], channels: 64}
head: {classes: 4}
)",
                           "stairs.yaml");
}

std::vector<std::string> kept_channels(const SearchSpace& space) {
  for (const Axis& axis : space.axes())
    if (axis.name == "a.channels") return axis.choices;
  return {};
}

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

KeptChoices along(const std::vector<CostCurve>& curves, std::size_t least = 2) {
  return choose_along({8, 16, 24, 32}, {"8", "16", "24", "32"}, curves, 0.01, least);
}

}  // namespace

TEST_CASE("The right edge of each step is kept, and what lies left of it says so") {
  const KeptChoices chosen = along({{10, 10, 20, 20}});
  CHECK(chosen.kept == std::vector<bool>{false, true, false, true});
  CHECK(chosen.reasons[0] == "left of an edge: 16 costs no more");
  CHECK(chosen.reasons[2] == "left of an edge: 32 costs no more");
}

TEST_CASE("Even steps keep every choice") {
  CHECK(along({{10, 20, 30, 40}}).kept == std::vector<bool>(4, true));
}

TEST_CASE("A choice behind which a larger one is cheaper around one network goes") {
  const KeptChoices chosen = along({{10, 20, 30, 40}, {10, 35, 30, 40}});
  CHECK(chosen.kept == std::vector<bool>{true, false, true, true});
}

TEST_CASE("Where too few choices are left more of them stay, but never a step down") {
  CHECK(along({{10, 10, 20, 20}}, 4).kept == std::vector<bool>(4, true));
  const KeptChoices falls = along({{10, 30, 20, 40}}, 4);
  CHECK((falls.kept[1] && falls.kept[2]) == false);
}

TEST_CASE("A choice that is no network around one context is judged by the others") {
  CHECK(along({{kNone, 20, 30, 40}, {10, 20, 30, 40}}).kept == std::vector<bool>(4, true));
}

TEST_CASE("On a chip of 32 outputs a step, curation keeps the multiples of 32") {
  const SearchSpace space = staircase_space();
  const StaircaseCost cost;
  Evaluator evaluator(space, cost, nullptr);
  const Curation curation = curate(space, evaluator, {.moves = 50});
  CHECK(kept_channels(curation.space) == std::vector<std::string>{"32", "64", "96", "128", "160"});
  CHECK(curation.after.wrong == 0);
  CHECK(curation.after.moves == 50);
  CHECK(curation.landscape.size() == 19);
  CHECK(landscape_csv(curation).find("a.channels,32,32,") != std::string::npos);
  CHECK(curation_text(space, curation).find("a.channels 24: left of an edge: 32 costs no more") !=
        std::string::npos);
}

TEST_CASE("An expert's list is kept as it is and anything else on it is an error") {
  const SearchSpace space = staircase_space();
  const StaircaseCost cost;
  Evaluator evaluator(space, cost, nullptr);
  CurationOptions options{.moves = 20};
  options.expert["a.channels"] = {"40", "72"};
  CHECK(kept_channels(curate(space, evaluator, options).space) ==
        std::vector<std::string>{"40", "72"});
  options.expert["a.channels"] = {"41"};
  CHECK(message_of([&] {
          curate(space, evaluator, options);
        }).find("axis 'a.channels': the expert's list must hold choices of the space") == 0);
  options.expert = {{"a.chanels", {"40"}}};
  CHECK(message_of([&] { curate(space, evaluator, options); }).find("did you mean 'a.channels'?") !=
        std::string::npos);
}

TEST_CASE("A space without ordered axes has nothing to curate") {
  const SearchSpace space = SearchSpace::nb201();
  const StaircaseCost cost;
  Evaluator evaluator(space, cost, nullptr);
  CHECK(message_of([&] { curate(space, evaluator, {}); }) ==
        "space 'nb201': has no ordered axis (channels, depth, kernel, ...), so there is nothing to "
        "curate");
}

}  // namespace presil
