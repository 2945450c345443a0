#pragma once
// What a run leaves behind: who did which command from when to when, and counters.

#include <array>
#include <cstdint>
#include <numeric>
#include <vector>

#include "core/units.h"
#include "hw/program.h"

namespace presil {

/// The host CPU is one, shared by all cores.
enum class Engine : std::uint8_t { kMac, kVector, kDma, kHost };
inline constexpr int kEngineCount = 4;

/// Why an engine did not do useful work in a cycle.
enum class Stall : std::uint8_t {
  kDependency,
  kDma,
  kBankConflict,
  kFillDrain,
  kWeightLoad,
  kOutputLimit,
  kIssue,
  kIdle,
};
inline constexpr int kStallCount = 8;

/// One command's time on its engine. Cycles from the start of the run; [start, end).
struct Span {
  CommandId command = 0;
  Engine engine = Engine::kMac;
  int lane = 0;   ///< DMA channel
  Cycles ready;   ///< every dependency done
  Cycles issued;  ///< the sequencer has handed it over
  Cycles start, end;
  /// When a dependent command may start: the end, plus the output stage's latency or the memory's
  /// write response.
  Cycles done;
  /// Cycles of [start, end) that were not useful work, by reason.
  std::array<std::int64_t, kStallCount> stalled{};
};

/// Bytes moved through one memory's port, by reason; reads in whole beats where the port has them.
struct MemoryTraffic {
  std::array<std::int64_t, kTrafficCount> read{}, written{};
  std::int64_t bursts = 0, row_misses = 0;
};

/// What an engine did with its cycles, and why it did nothing in the others (rules: hw/stalls.h).
struct EngineUse {
  Engine engine = Engine::kMac;
  int core = 0;  ///< 0 for the host
  int lane = 0;  ///< DMA channel
  std::int64_t busy = 0;
  std::array<std::int64_t, kStallCount> stalled{};

  std::int64_t sum() const { return std::accumulate(stalled.begin(), stalled.end(), busy); }
};

struct Timeline {
  std::vector<Span> spans;              ///< one a command, in the order of command ids
  std::vector<MemoryTraffic> memories;  ///< in the order of ChipSpec::memories
  Cycles total;                         ///< last command done, plus ControlSpec::completion_cycles
  /// Every engine of the chip; busy and stalls of each add up to `total`.
  std::vector<EngineUse> engines;
  std::int64_t events = 0;  ///< waits of all SystemC processes: the cost of the simulation
};

}  // namespace presil
