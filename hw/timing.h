#pragma once
// How many cycles a pass takes: pure formulas, each with its source. The SystemC modules ask these
// and add what formulas cannot say (contention, queueing, dependencies).

#include <cstdint>

#include "core/units.h"
#include "hw/chip_spec.h"
#include "hw/program.h"

namespace presil {

/// Stripes of one run of `positions`: full ones of `length`, and the last, which takes what is left
/// up to `last_max` (NVDLA: CSC stripe generation; ../shared/validation/nvdla/README.md).
struct Stripes {
  std::int64_t full = 0;    ///< stripes of `length` positions
  std::int64_t length = 0;  ///< positions of a full one
  std::int64_t last = 0;    ///< positions of the last one; 0: there is none
  std::int64_t count() const { return full + (last > 0 ? 1 : 0); }
};
/// `positions` >= 1. E.g. 196 positions, length 16, last_max 32: 11 full and a last of 20.
Stripes cut_stripes(std::int64_t positions, std::int64_t length, std::int64_t last_max);

/// What one Matrix command costs on an uncontended SRAM.
struct MatrixTiming {
  Cycles compute;       ///< passes, with minimum slots, weight loads and fill/drain
  Cycles active;        ///< of these, cycles in which the array is fed
  Cycles min_slot;      ///< lost to stripes shorter than the minimum slot (pipeline refill)
  Cycles weight_load;   ///< lost to stationary blocks that load slower than they are used
  Cycles fill_drain;    ///< lost to systolic fill and drain
  Cycles output;        ///< time the output stage needs for this command's results
  Cycles last_drain;    ///< of these, for the last stripe's results: a tail behind the last product
  Cycles first_stripe;  ///< from the first product to the first stripe's complete sums
};

/// Weight stationary (DESIGN.md section 3; NVDLA README): blocks of parallelism_factor outputs x
/// dot_length channels x one tap; a slot streams a stripe through one block and costs
/// max(min, ceil(stripe/pixels)/steps_per_cycle, load) with shadow registers, else the sum of load
/// and stream; systolic adds rows + columns - 2 a slot (SCALE-Sim v3). Output stationary: blocks of
/// parallelism_factor outputs x dot_length positions; a slot streams channels x taps, plus
/// fill and drain. Input stationary: as weight stationary with outputs and positions exchanged.
/// Depthwise: ceil(channels/depthwise_channels) x ceil(taps/depthwise_taps) steps a position
/// group. `groups` products follow one another. Throws InternalError for a mode out of range.
MatrixTiming matrix_timing(const ChipSpec& chip, const Matrix& matrix);

/// Blocks of dot_length that the reduction of one dense sum is cut into: channels for each tap, or
/// channels and taps packed (dot_packing taps, part_kernel_channels).
std::int64_t reduction_blocks(const ChipSpec& chip, const Matrix& matrix);

/// Cycles of the output stage for each element that leaves: the longer of its own rate and the
/// fused operators' work, epilogue_cycles_per_element over the lanes of the vector unit, which
/// shrink with output_bits as for a Vector (DESIGN.md section 3; the lanes: assumption).
double output_cycles_per_element(const ChipSpec& chip, const Matrix& matrix);

/// startup + ceil(elements x cost / lanes), lanes shrinking with width if the chip says so.
Cycles vector_timing(const ChipSpec& chip, const Vector& vector);

/// Output positions whose sums fit the accumulators beside the array, at least one stripe.
std::int64_t accumulator_positions(const ChipSpec& chip, int mode);

}  // namespace presil
