#include "profiler/memory_profile.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/random.h"
#include "profiler/byte_union.h"
#include "tests/profiler/report_fixture.h"

namespace presil {
namespace {

TEST_CASE("a byte that several ranges cover counts once, until the last goes") {
  ByteUnion bytes;
  bytes.add(0, 10, 1);
  bytes.add(5, 15, 1);
  CHECK(bytes.bytes() == 15);
  bytes.add(0, 10, -1);
  CHECK(bytes.bytes() == 10);
  bytes.add(5, 15, -1);
  CHECK(bytes.bytes() == 0);
}

TEST_CASE("random ranges cover what a plain count of bytes says") {
  Random random(7);
  ByteUnion changing, growing;
  std::vector<int> count(200, 0);
  std::vector<bool> covered(200, false);
  std::vector<std::pair<std::int64_t, std::int64_t>> held;
  for (int i = 0; i < 2000; ++i) {
    if (!held.empty() && random.integer(0, 1) == 0) {
      const auto which =
          static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(held.size()) - 1));
      changing.add(held[which].first, held[which].second, -1);
      for (auto b = held[which].first; b < held[which].second; ++b)
        --count[static_cast<std::size_t>(b)];
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(which));
    } else {
      const std::int64_t begin = random.integer(0, 199), end = random.integer(begin, 200);
      changing.add(begin, end, 1);
      for (auto b = begin; b < end; ++b) ++count[static_cast<std::size_t>(b)];
      held.emplace_back(begin, end);
      if (i % 50 == 0) {
        growing.cover(begin, end);
        for (auto b = begin; b < end; ++b) covered[static_cast<std::size_t>(b)] = true;
      }
    }
    CHECK(changing.bytes() ==
          std::count_if(count.begin(), count.end(), [](int c) { return c > 0; }));
    CHECK(growing.bytes() == std::count(covered.begin(), covered.end(), true));
  }
}

TEST_CASE("what crosses the ports tensor by tensor is what crossed them in all") {
  for (const char* chip : {"ne-nano", "ne-max", "nvdla-full", "ethos-u55-256"})
    for (const char* model : {"mobilenet_v2", "ds_cnn"}) {
      CAPTURE(chip);
      const Simulated simulated(model, chip);
      const RunResult& run = simulated.result;
      const MemoryProfile memory = memory_profile(simulated.graph, simulated.chip, run);
      std::int64_t read = 0, written = 0;
      for (const MemoryTensor& tensor : memory.tensors) {
        read += tensor.read;
        written += tensor.written;
        CHECK(tensor.reread() >= 0);
        CHECK_FALSE(tensor.name.empty());
        if (tensor.traffic == Traffic::kWeights) CHECK(tensor.written == 0);
      }
      CHECK(read == run.memory_read.value);
      CHECK(written == run.memory_written.value);
    }
}

TEST_CASE("SRAM in use never exceeds the SRAM, starts and ends empty, and its peak has tenants") {
  for (const char* chip : {"ne-nano", "ne-base", "ne-max"}) {
    CAPTURE(chip);
    const Simulated simulated("mobilenet_v2", chip);
    const MemoryProfile memory = memory_profile(simulated.graph, simulated.chip, simulated.result);
    CHECK(memory.levels.back().bytes == 0);
    std::int64_t most = 0;
    for (const SramLevel& level : memory.levels) {
      CHECK(level.bytes <= simulated.chip.sram_bytes());
      most = std::max(most, level.bytes);
    }
    CHECK(memory.peak.bytes == most);
    std::int64_t tenants = 0;
    for (const std::size_t t : memory.at_peak) tenants += memory.tenants[t].bytes;
    CHECK(tenants >= memory.peak.bytes);
  }
}

TEST_CASE("thinned levels keep the peak, the order and the end") {
  std::vector<SramLevel> levels{{0, 0}};
  for (int i = 1; i < 5000; ++i) levels.push_back({i * 3, i == 1234 ? 9999 : i % 100});
  levels.push_back({15000, 0});
  const std::vector<SramLevel> few = thinned(levels, 100);
  CHECK(few.size() <= 101);
  CHECK(std::any_of(few.begin(), few.end(), [](const SramLevel& l) { return l.bytes == 9999; }));
  CHECK(few.back().cycle == 15000);
  CHECK(std::is_sorted(few.begin(), few.end(),
                       [](const SramLevel& a, const SramLevel& b) { return a.cycle < b.cycle; }));
}

}  // namespace
}  // namespace presil
