// What must not change, or only one way, when a chip or a run does. Programs are frozen: random,
// from a seed, with the dependencies of the HazardTracker.
//
// Never slower on a faster memory holds where nothing chooses by time of arrival: engines in order,
// one requester at a port (one DMA channel, or loads and stores on a duplex port), and banks that
// are not short. Elsewhere a machine that takes what comes first has Graham's scheduling anomalies
// (R. L. Graham, Bounds on multiprocessing timing anomalies, 1969), as real ones have, and bursts
// that come faster take more of the banks' rate at once. docs/timing_model.md.

#include <doctest/doctest.h>

#include "hw/simulate.h"
#include "tests/hw/random_program.h"

namespace presil {
namespace {

ChipSpec ordered_chip(std::uint64_t seed) {
  ChipSpec chip = test::small_chip();
  chip.control = {.order = IssueOrder::kInOrder, .issue_cycles = 2, .issue_latency_cycles = 3};
  chip.dma.channels = seed % 2 == 0 ? 1 : 2;  // the port is duplex: loads and stores do not meet
  chip.sram.bank_bytes_per_cycle = 1e6;
  return chip;
}

/// The totals of a program as `change(chip, step)` makes the chip better and better.
template <typename Change>
void check_never_slower(Change&& change) {
  int faster = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    CAPTURE(seed);
    const ChipSpec chip = ordered_chip(seed);
    const Program program = test::RandomProgram(seed, {.commands = 60, .area = 8192}).make(chip);
    Cycles before(std::int64_t{1} << 60);
    for (int step = 0; step < 6; ++step) {
      CAPTURE(step);
      ChipSpec better = chip;
      change(better, step);
      const Cycles total = simulate(better, program).total;
      CHECK(total.value <= before.value);
      faster += step > 0 && total < before ? 1 : 0;
      before = total;
    }
  }
  CHECK(faster > 100);
}

TEST_CASE("a frozen program is never slower with more bandwidth") {
  check_never_slower(
      [](ChipSpec& chip, int step) { chip.memories[0].bytes_per_cycle = 1 + 0.7 * step; });
}

TEST_CASE("a frozen program is never slower with less latency") {
  check_never_slower(
      [](ChipSpec& chip, int step) { chip.memories[0].latency_cycles = 100 - 17 * step; });
}

TEST_CASE("a frozen program is never slower with more bursts in flight") {
  check_never_slower([](ChipSpec& chip, int step) {
    chip.memories[0].latency_cycles = 60;
    chip.dma.outstanding = 1 + step;
  });
}

TEST_CASE("a frozen program is never slower when a missed row costs less") {
  check_never_slower([](ChipSpec& chip, int step) {
    MemorySpec& memory = chip.memories[0];
    memory.kind = MemoryKind::kBanked;
    memory.banks = 4;
    memory.row_bytes = 128;
    memory.row_miss_cycles = 60 - 11 * step;
    chip.dma.channels = 1;
  });
}

TEST_CASE("a frozen program is never slower with faster outputs") {
  check_never_slower([](ChipSpec& chip, int step) {
    chip.mac_array.output_elements_per_cycle = 0.25 * (1 << step);
  });
}

TEST_CASE("a frozen program is never slower with faster banks") {
  check_never_slower(
      [](ChipSpec& chip, int step) { chip.sram.bank_bytes_per_cycle = 2 + 3 * step; });
}

TEST_CASE("ideal memory is never slower") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    ChipSpec chip = ordered_chip(seed);
    const Program program = test::RandomProgram(seed, {.commands = 60}).make(chip);
    CHECK(simulate(chip, program, {.ideal_memory = true}).total <= simulate(chip, program).total);
  }
}

TEST_CASE("a rerun is identical, span by span and engine by engine") {
  ChipSpec chip = test::small_chip();  // banks are short, engines take what is ready
  chip.cores = 2;
  chip.dma.channels = 5;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    CAPTURE(seed);
    const Program program = test::RandomProgram(seed, {.commands = 80, .cores = 2}).make(chip);
    const Timeline first = simulate(chip, program), again = simulate(chip, program);
    CHECK(first.total == again.total);
    CHECK(first.events == again.events);
    for (std::size_t id = 0; id < first.spans.size(); ++id) {
      CHECK(first.spans[id].start == again.spans[id].start);
      CHECK(first.spans[id].done == again.spans[id].done);
      CHECK(first.spans[id].stalled == again.spans[id].stalled);
    }
    for (std::size_t e = 0; e < first.engines.size(); ++e)
      CHECK(first.engines[e].stalled == again.engines[e].stalled);
  }
}

TEST_CASE("bytes over the ports are those of the transfers, whatever the chip") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    const ChipSpec chip = test::small_chip();
    const Program program = test::RandomProgram(seed, {.commands = 60}).make(chip);
    std::int64_t asked = 0, moved = 0;
    for (const Command& command : program.commands) {
      if (const Load* load = std::get_if<Load>(&command.work))
        asked += load->transfer.stored_bytes();
      if (const Store* store = std::get_if<Store>(&command.work))
        asked += store->transfer.stored_bytes();
    }
    const Timeline timeline = simulate(chip, program);
    for (int t = 0; t < kTrafficCount; ++t)
      moved += timeline.memories[0].read[static_cast<std::size_t>(t)] +
               timeline.memories[0].written[static_cast<std::size_t>(t)];
    CHECK(moved == asked);
  }
}

TEST_CASE("an engine in order waits for its next command, one that is not takes what is ready") {
  ChipSpec chip = test::small_chip();
  Program program{.group_names = {"test"}};
  program.add({.work = Host{Cycles(100)}});
  program.add({.work = Vector{.elements = 80}, .dependencies = {0}});
  program.add({.work = Vector{.elements = 80}});
  CHECK(simulate(chip, program).spans[2].start == Cycles(0));
  chip.control.order = IssueOrder::kInOrder;
  const Timeline timeline = simulate(chip, program);
  CHECK(timeline.spans[1].start == Cycles(100));
  CHECK(timeline.spans[2].start == Cycles(110));
}

}  // namespace
}  // namespace presil
