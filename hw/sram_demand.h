#pragma once
// What commands ask of a core's SRAM banks: bytes moved, and their average rate while the command
// runs. Pure formulas; hw/sc/sram.h shares the banks' rate between commands that run together.

#include <vector>

#include "hw/chip_spec.h"
#include "hw/program.h"

namespace presil {

/// Bytes that one command moves in and out of the SRAM, over each of its regions. A region that the
/// command does not have (run_bytes 0) moves none.
struct SramBytes {
  double input = 0, weights = 0, operand = 0, output = 0;
  double total() const { return input + weights + operand + output; }
};

/// What the array's loop nest reads, each operand once for every pass that needs it:
/// - weight stationary (DESIGN.md section 3): activations once for each block of outputs and tap,
///   weights once for each stripe (their slot loads them);
/// - output stationary: activations once for each block of outputs and tap, weights once for each
///   block of positions;
/// - input stationary: activations once for each stripe of outputs and tap, weights once for each
///   block of positions;
/// - depthwise: activations once for each tap, weights once for each stripe.
/// Outputs: what drains, at output_bits. Operand: its region once. Sums that stay in the
/// accumulators move nothing. Assumption: no reuse between neighbouring taps.
SramBytes matrix_sram_bytes(const ChipSpec& chip, const Matrix& matrix);

/// Each region once (a pooling window's overlap is held in the unit; assumption).
SramBytes vector_sram_bytes(const Vector& vector);

/// Bytes of any command in and out of its core's SRAM: the above, or a transfer's; Host: none.
SramBytes sram_bytes(const ChipSpec& chip, const Command& command);

/// The average rate asked of one bank. Interleaved banks are evenly loaded, and are one bank 0 of
/// their common rate.
struct BankDemand {
  int bank = 0;
  double bytes_per_cycle = 0;
};

/// Rate of one of the banks that BankDemand::bank counts.
double bank_capacity(const ChipSpec& chip);

/// Average demand of a command while it runs: its bytes over its uncontended duration (a transfer:
/// over the time that the port's rate, the request pace and the bursts in flight need at least),
/// spread over the banks of each region in proportion to their share of it. Ascending by bank.
/// Empty for Host, and for a Matrix where the array has a port of its own (ChipSpec:
/// sram.array_port dedicated).
std::vector<BankDemand> sram_demand(const ChipSpec& chip, const Command& command);

/// The part of its memory's port that a transfer uses when alone, in (0, 1]: transfers that meet
/// there divide it, and ask the banks for that much less.
double port_share(const ChipSpec& chip, const Transfer& transfer);

/// May commands of different engines of one core, running together, ask more of a bank than it has?
/// By the largest demand of each engine: false is certain, true is a possibility.
bool may_oversubscribe_sram(const ChipSpec& chip, const Program& program);

/// Rates of streams that share banks, as fractions of their demands, in (0, 1]: max-min fair in
/// bytes a cycle on every bank (round robin between streams that want more), a stream's banks all
/// at one fraction. Water filling, the tightest stream first (Bertsekas and Gallager, Data
/// Networks, section 6.5). Null or empty demands get 1.
std::vector<double> share_banks(const std::vector<const std::vector<BankDemand>*>& streams,
                                double capacity);

}  // namespace presil
