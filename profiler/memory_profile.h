#pragma once
// What lay where and when, and which tensors crossed the memories' ports, read off the commands of
// the first inference.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/graph.h"
#include "sim/run.h"

namespace presil {

/// What a stretch of SRAM holds.
enum class SramUse : std::uint8_t {
  kResident,     ///< a whole activation, from its producer to its last reader
  kKeptWeights,  ///< weights that stay between inferences
  kInput,        ///< tiles; and so on for the other buffers of a group (sim/mapping.h)
  kWeights,
  kConstants,
  kOperand,
  kOutput,
  kInner,
  kScratch,
};
std::string_view name_of(SramUse use);

/// Bytes of core 0's SRAM while they hold something: [begin, end) in cycles, from the start of the
/// first command that touches them to when the last that does is done.
struct SramTenant {
  std::string name;  ///< of the tensor
  SramUse use = SramUse::kResident;
  int group = -1;  ///< whose buffer it is; -1: of several groups
  std::int64_t address = 0, bytes = 0;
  std::int64_t begin = 0, end = 0;
};

/// Bytes in use from `cycle` on; an address that two tenants share counts once.
struct SramLevel {
  std::int64_t cycle = 0, bytes = 0;
};

/// What crossed a memory's port for one tensor, as stored.
struct MemoryTensor {
  std::string name;
  int memory = 0;  ///< index in ChipSpec::memories
  Traffic traffic = Traffic::kInput;
  std::int64_t bytes = 0;  ///< distinct ones that were touched
  std::int64_t read = 0, written = 0;
  /// Bytes read again: beyond once each.
  std::int64_t reread() const { return read > bytes ? read - bytes : 0; }
};

struct MemoryProfile {
  std::vector<SramTenant> tenants;    ///< by begin, then address
  std::vector<SramLevel> levels;      ///< by cycle; the first at 0, the last 0 bytes
  SramLevel peak;                     ///< the first highest
  std::vector<std::size_t> at_peak;   ///< tenants at that time, largest first
  std::vector<MemoryTensor> tensors;  ///< by bytes moved, largest first
};

/// Pure; `run` is what run() gave for this graph and chip.
MemoryProfile memory_profile(const Graph& graph, const ChipSpec& chip, const RunResult& run);

/// At most `most` levels with the same peak: of the levels in each of `most` equal parts of the
/// time, the highest.
std::vector<SramLevel> thinned(const std::vector<SramLevel>& levels, std::size_t most);

}  // namespace presil
