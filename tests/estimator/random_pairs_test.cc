// A thousand random networks on random chips: each ends with a result that holds or with one clear
// error. run() itself checks bounds, sums and stalls, and its watchdog turns a deadlock into an
// error of ours, which is none of the user's and fails here. The asan preset runs these as they
// are.

#include <doctest/doctest.h>

#include <cmath>

#include "core/error.h"
#include "estimator/case_source.h"
#include "sim/run.h"

namespace presil {

namespace {

constexpr std::size_t kPairs = 1000;

CaseSource source() {
  const SamplePlan plan = load_plan(PRESIL_SOURCE_DIR "/tests/estimator/random_pairs.yaml");
  return {plan, sample_chips(plan, PRESIL_SOURCE_DIR "/chips"), {}, {}};
}

void check_result(const RunResult& run) {
  CHECK(run.latency.value > 0);
  const double energy = run.energy.total.total().value;
  CHECK(std::isfinite(energy));
  CHECK(energy > 0);
  for (const GroupResult& group : run.groups) CHECK(group.latency.value >= 0);
}

/// How many of the pairs [begin, end) ran.
std::size_t run_pairs(std::size_t begin, std::size_t end) {
  const CaseSource cases = source();
  std::size_t ran = 0;
  for (std::size_t i = begin; i < end; ++i) {
    CAPTURE(i);
    const DrawnCase drawn = cases.draw(i);
    if (!drawn.graph) continue;
    try {
      check_result(run(*drawn.graph, *drawn.chip, {.compile = drawn.options}));
      ++ran;
    } catch (const Error& error) {
      const std::string message = error.what();
      CAPTURE(message);
      CHECK(!message.empty());
      CHECK(message.find('\n') == std::string::npos);
    }
  }
  return ran;
}

}  // namespace

TEST_CASE("random networks on random chips end with a result or one clear error, first half") {
  CHECK(run_pairs(0, kPairs / 2) > kPairs / 2 * 9 / 10);
}
TEST_CASE("random networks on random chips end with a result or one clear error, second half") {
  CHECK(run_pairs(kPairs / 2, kPairs) > kPairs / 2 * 9 / 10);
}

}  // namespace presil
