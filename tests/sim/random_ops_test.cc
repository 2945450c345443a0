// 300 random operators on three odd chips: each gives a valid result or one clear Error, and every
// group's walk covers its output.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>

#include "core/error.h"
#include "tests/sim/coverage.h"
#include "tests/sim/random_network.h"

namespace presil::testing {
namespace {

/// PRESIL_RANDOM_SEED goes hunting elsewhere.
std::uint64_t seed() {
  const char* given = std::getenv("PRESIL_RANDOM_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 20;
}
constexpr int kCases = 300;

ChipSpec odd_unit() {
  return chip_of("unit", {{"sram.kib", "24"}, {"mac_array.accumulators.kib", "1"}});
}
ChipSpec odd_nano() {
  return chip_of("ne-nano", {{"sram.kib", "48"}, {"mac_array.parallelism_factor", "12"}});
}
ChipSpec odd_cores() { return chip_of("ne-base", {{"cores", "3"}, {"sram.kib", "64"}}); }

/// Walks every group of a compiled network under the mapping that it got.
std::string first_gap(const Graph& graph, const ChipSpec& chip, const CompiledNetwork& done) {
  const Fused fused(graph, chip);
  for (std::size_t g = 0; g < done.network.groups.size(); ++g) {
    const Surroundings around = done.plan.around(chip, done.network, g);
    Coverage coverage(fused, around, done.network.groups[g], done.plan.mappings[g]);
    coverage.walk();
    if (!coverage.problem().empty()) return coverage.problem();
  }
  return "";
}

void run_all(const ChipSpec& chip, int from, int to) {
  int ran = 0, refused = 0;
  for (int number = from; number < to; ++number) {
    try {
      const Graph graph = random_network(seed(), number);
      const RunResult r = run(graph, chip);
      const std::string gap = first_gap(graph, chip, r.compiled);
      CHECK_MESSAGE(gap.empty(), "case " << number << ": " << gap);
      CHECK_MESSAGE(r.latency.value > 0, "case " << number);
      ++ran;
    } catch (const Error& error) {
      const std::string text = error.what();
      CHECK_MESSAGE(text.find('\n') == std::string::npos, text);
      INFO(number, ": ", text);
      // No SRAM is enough only for what says so; shapes that do not fit never reach the chip.
      const bool clear = text.find("would do") != std::string::npos ||
                         text.find("Transposed") != std::string::npos;
      CHECK(clear);
      ++refused;
    } catch (const std::exception& error) {
      FAIL_CHECK("case " << number << ": " << std::string(error.what()));
    }
  }
  MESSAGE(chip.name << " " << from << ".." << to << ": " << ran << " ran, " << refused
                    << " were refused");
  CHECK(ran > (to - from) * 8 / 10);
}

TEST_CASE("random operators on a small unit are covered exactly, first half") {
  run_all(odd_unit(), 0, kCases / 2);
}
TEST_CASE("random operators on a small unit are covered exactly, second half") {
  run_all(odd_unit(), kCases / 2, kCases);
}
TEST_CASE("random operators on an odd ne-nano are covered exactly, first half") {
  run_all(odd_nano(), 0, kCases / 2);
}
TEST_CASE("random operators on an odd ne-nano are covered exactly, second half") {
  run_all(odd_nano(), kCases / 2, kCases);
}
TEST_CASE("random operators on three small cores are covered exactly, first half") {
  run_all(odd_cores(), 0, kCases / 2);
}
TEST_CASE("random operators on three small cores are covered exactly, second half") {
  run_all(odd_cores(), kCases / 2, kCases);
}

}  // namespace
}  // namespace presil::testing
