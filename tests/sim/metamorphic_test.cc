// A frozen Program on a chip that got better is never slower in microseconds.

#include <doctest/doctest.h>

#include "models/import.h"
#include "tests/sim/sim_fixture.h"

namespace presil::testing {
namespace {

struct Change {
  const char* what;
  void (*apply)(ChipSpec&);
};

const std::vector<Change> kChanges{
    {"twice the bandwidth",
     [](ChipSpec& chip) {
       for (MemorySpec& memory : chip.memories) memory.bytes_per_cycle *= 2;
     }},
    {"half the latency",
     [](ChipSpec& chip) {
       for (MemorySpec& memory : chip.memories) {
         memory.latency_cycles /= 2;
         memory.write_latency_cycles /= 2;
       }
     }},
    // In cycles the memories get slower, as they do not see the core's clock.
    {"1.5 times the clock",
     [](ChipSpec& chip) {
       chip.clock_mhz *= 1.5;
       for (MemorySpec& memory : chip.memories) {
         memory.bytes_per_cycle /= 1.5;
         memory.latency_cycles *= 1.5;
         memory.write_latency_cycles *= 1.5;
         memory.row_miss_cycles *= 1.5;
         memory.turnaround_cycles *= 1.5;
         memory.refresh_interval_cycles *= 1.5;
         memory.refresh_cycles *= 1.5;
       }
     }},
};

void check_never_slower(const char* network) {
  for (const char* name : {"ne-base", "ne-nano", "nvdla-full", "edge-tpu"}) {
    const ChipSpec chip = chip_of(name);
    const CompiledNetwork c = compiled(load_network(network, {}), chip);
    const auto before = static_cast<double>(simulate(chip, c.program).total.value) / chip.clock_mhz;
    for (const Change& change : kChanges) {
      ChipSpec better = chip;
      change.apply(better);
      const auto after =
          static_cast<double>(simulate(better, c.program).total.value) / better.clock_mhz;
      CHECK_MESSAGE(after <= before * 1.0001, name << ", " << std::string(change.what) << ": "
                                                   << before << " us -> " << after << " us");
    }
    // Earlier loads may meet a product at another bank: 0.001 % on nvdla-full.
    const double most = 1.0001 * before;
    CHECK(static_cast<double>(simulate(chip, c.program, {.ideal_memory = true}).total.value) /
              chip.clock_mhz <=
          most);
    CHECK(static_cast<double>(simulate(chip, c.program, {.no_contention = true}).total.value) /
              chip.clock_mhz <=
          most);
  }
}

TEST_CASE("a better chip is never slower with ds_cnn") { check_never_slower("ds_cnn"); }
TEST_CASE("a better chip is never slower with mobilenet_v2") { check_never_slower("mobilenet_v2"); }
TEST_CASE("a better chip is never slower with squeezenet") { check_never_slower("squeezenet"); }
TEST_CASE("a better chip is never slower with bert_tiny") { check_never_slower("bert_tiny"); }
TEST_CASE("a better chip is never slower with lstm_asr") { check_never_slower("lstm_asr"); }

}  // namespace
}  // namespace presil::testing
