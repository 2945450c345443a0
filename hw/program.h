#pragma once
// What the machine executes: a Program of Commands with explicit dependencies and real addresses.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/units.h"
#include "hw/chip_spec.h"

namespace presil {

/// Index of a command in its Program, and its priority: among commands that are ready, an engine
/// takes the lowest (ControlSpec::order in_order: the lowest that it has not done, ready or not).
using CommandId = std::int32_t;

/// Why bytes cross a memory's port; traffic is reported by it.
enum class Traffic : std::uint8_t { kInput, kWeights, kOutput, kSpill };
inline constexpr int kTrafficCount = 4;

/// One repetition of a strided transfer.
struct TransferDim {
  std::int64_t count = 1;
  std::int64_t memory_stride = 0, sram_stride = 0;  ///< bytes between repetitions
};

/// Bytes between a memory and a core's SRAM: `run_bytes` contiguous bytes, repeated over up to
/// three dims (outermost first). Bursts never cross a run's end.
struct Transfer {
  int memory = 0;  ///< index in ChipSpec::memories
  std::int64_t memory_address = 0, sram_address = 0;
  std::int64_t run_bytes = 0;  ///< on both sides
  std::array<TransferDim, 3> dims{};
  Traffic traffic = Traffic::kInput;
  /// Bytes stored in the memory for a byte of SRAM, (0, 2]: a compressed run crosses the port as
  /// ceil(run_bytes * ratio) bytes from memory_address and is expanded on arrival.
  double stored_ratio = 1;
  /// Least cycles a beat (a burst, where the port has no width) at the SRAM's side: what the reader
  /// or writer of this layout can do.
  double beat_cycles = 0;

  /// In SRAM.
  std::int64_t bytes() const { return run_bytes * runs(); }
  std::int64_t runs() const { return dims[0].count * dims[1].count * dims[2].count; }
  /// In the memory, and over its port.
  std::int64_t stored_run_bytes() const;
  std::int64_t stored_bytes() const { return stored_run_bytes() * runs(); }
};

/// Bytes of a core's SRAM that a command reads or writes: `runs` runs of `run_bytes`, `stride`
/// apart. Nothing when run_bytes is 0.
struct Region {
  std::int64_t address = 0;
  std::int64_t run_bytes = 0;
  std::int64_t runs = 1;
  std::int64_t stride = 0;  ///< >= run_bytes when runs > 1
};

struct Load {
  Transfer transfer;
};
struct Store {
  Transfer transfer;
};

enum class MacOp : std::uint8_t { kDense, kDepthwise };

/// A tile of a convolution or matrix product: `outputs` channels at `positions` output places, each
/// summed over `channels` inputs and `taps` window places. Runs as the array's own loop nest
/// (weight stationary: output block > stripe of positions > channel block > tap > position).
struct Matrix {
  MacOp op = MacOp::kDense;
  int mode = 0;  ///< index in ChipSpec::mac_array.modes
  std::int64_t outputs = 1, positions = 1, channels = 1, taps = 1;  ///< of one group
  std::int64_t groups = 1;  ///< such products, one after another (grouped convolution)
  Region input, weights, output;
  Region operand;    ///< second operand of a fused elementwise operator (a residual add)
  Region constants;  ///< scales and tables of what is fused
  /// Output elements that leave through the output stage for each position (padded to the layout's
  /// atom); 0: the partial sums stay in the accumulators for a later command.
  std::int64_t drained_per_position = 0;
  /// Work that fused elementwise operators add in the output stage, which has as many lanes as the
  /// vector unit: sum of their `vector_unit.cycles_per_element`. An element takes the longer of
  /// this and 1 / output_elements_per_cycle.
  double epilogue_cycles_per_element = 0;
  int output_bits = 8;  ///< of one output element

  Macs useful_macs() const { return Macs(groups * outputs * positions * channels * taps); }
};

/// Elementwise work: `elements` at `cycles_per_element` on each of the lanes.
struct Vector {
  std::int64_t elements = 0;
  int element_bits = 8;
  double cycles_per_element = 1;
  Region input, operand, output;
  Region constants;  ///< scales and tables
};

/// An operator that runs on the host CPU, from memory to memory.
struct Host {
  Cycles duration;  ///< of the core's clock
};

using Work = std::variant<Load, Store, Matrix, Vector, Host>;

/// One command. It may start when every command in its `dependencies` is done.
struct Command {
  Work work;
  int core = 0;
  int group = 0;  ///< fusion group, ascending in schedule order; for attribution
  std::vector<CommandId> dependencies;  ///< each < this command's own id
};

struct Program {
  std::vector<Command> commands;
  std::vector<std::string> group_names;

  /// Appends and gives the id.
  CommandId add(Command command);
};

/// The rules of a well-formed Program for a chip: indices in range, dependencies backward, sizes
/// positive, addresses inside SRAM and not negative, modes that exist, no store over weights, and
/// no two commands touching the same bytes of a core's SRAM or of a memory (one of them writing)
/// without one being ordered after the other. Exact: strided accesses that interleave without a
/// common byte do not conflict. A command may write what it reads itself. Near-linear in the number
/// of runs that commands touch. Throws InternalError naming the command: a bad Program is our
/// compiler's bug.
void check_program(const Program& program, const ChipSpec& chip);

}  // namespace presil
