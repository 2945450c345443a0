#include "hw/timing.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace presil {

namespace {

std::int64_t ceil_cycles(double cycles) {
  return static_cast<std::int64_t>(std::ceil(cycles - 1e-9));
}

/// The sums that every dataflow fills in: a slot streams `moving` steps against one stationary
/// block.
struct SlotCost {
  std::int64_t cost = 0, stream = 0, min_slot = 0, weight_load = 0, fill_drain = 0;
};

SlotCost slot_cost(const ChipSpec& chip, std::int64_t stream, std::int64_t load,
                   std::int64_t fill_drain) {
  const MacArraySpec& array = chip.mac_array;
  SlotCost slot;
  slot.stream = stream;
  slot.min_slot = std::max<std::int64_t>(0, array.stripe_min - stream);
  const std::int64_t busy = stream + slot.min_slot;
  slot.weight_load = array.shadow_weights ? std::max<std::int64_t>(0, load - busy) : load;
  slot.fill_drain = fill_drain;
  slot.cost = busy + slot.weight_load + fill_drain;
  return slot;
}

void add_slots(MatrixTiming& timing, const SlotCost& slot, std::int64_t slots) {
  timing.compute += Cycles(slot.cost * slots);
  timing.active += Cycles(slot.stream * slots);
  timing.min_slot += Cycles(slot.min_slot * slots);
  timing.weight_load += Cycles(slot.weight_load * slots);
  timing.fill_drain += Cycles(slot.fill_drain * slots);
}

const PrecisionMode& mode_of(const ChipSpec& chip, int mode) {
  PRESIL_CHECK(mode >= 0 && mode < static_cast<int>(chip.mac_array.modes.size()),
               "precision mode {} does not exist", mode);
  return chip.mac_array.modes[static_cast<std::size_t>(mode)];
}

/// Lanes of the vector unit for elements of so many bits: all of them up to 8.
double lanes_of(const ChipSpec& chip, int bits) {
  const auto lanes = static_cast<double>(chip.vector_unit.lanes);
  return chip.vector_unit.lanes_scale_with_width ? lanes * 8 / std::max(8, bits) : lanes;
}

/// A run of stationary blocks of width `block` that covers `extent`: `stripes` of the moving
/// operand pass each of them `slots` times.
MatrixTiming stationary_timing(const ChipSpec& chip, const PrecisionMode& mode, std::int64_t extent,
                               std::int64_t block, const Stripes& stripes,
                               std::int64_t moving_width, std::int64_t slots) {
  MatrixTiming timing;
  const std::int64_t fill = chip.mac_array.style == ArrayStyle::kSystolic
                                ? mode.parallelism_factor + mode.dot_length - 2
                                : 0;
  const auto stream = [&](std::int64_t positions) {
    return ceil_cycles(static_cast<double>(ceil_div(positions, moving_width)) /
                       mode.steps_per_cycle);
  };
  const auto pass = [&](std::int64_t width, std::int64_t blocks) {
    // Weights of a systolic array are shifted in past all of it, however few are meant.
    const std::int64_t loaded =
        chip.mac_array.style == ArrayStyle::kSystolic ? mode.parallelism_factor : width;
    const std::int64_t load =
        ceil_cycles(static_cast<double>(loaded) * mode.weight_load_cycles_per_output);
    if (stripes.full > 0)
      add_slots(timing, slot_cost(chip, stream(stripes.length), load, fill),
                stripes.full * slots * blocks);
    if (stripes.last > 0)
      add_slots(timing, slot_cost(chip, stream(stripes.last), load, fill), slots * blocks);
    const std::int64_t first = stripes.full > 0 ? stripes.length : stripes.last;
    timing.first_stripe = Cycles(slot_cost(chip, stream(first), load, fill).cost * slots);
  };
  const std::int64_t full_blocks = extent / block, rest = extent % block;
  if (rest > 0) pass(rest, 1);
  if (full_blocks > 0) pass(block, full_blocks);
  return timing;
}

/// Output stationary: each block of outputs x positions sees the whole reduction stream by.
MatrixTiming output_stationary_timing(const ChipSpec& chip, const PrecisionMode& mode,
                                      const Matrix& matrix) {
  MatrixTiming timing;
  const std::int64_t blocks = ceil_div(matrix.outputs, mode.parallelism_factor) *
                              ceil_div(matrix.positions, mode.dot_length);
  const std::int64_t stream =
      ceil_cycles(static_cast<double>(matrix.channels * matrix.taps) / mode.steps_per_cycle);
  const std::int64_t fill = chip.mac_array.style == ArrayStyle::kSystolic
                                ? mode.parallelism_factor + mode.dot_length - 2
                                : 0;
  const SlotCost slot = slot_cost(chip, stream, 0, fill);
  add_slots(timing, slot, blocks);
  timing.first_stripe = Cycles(slot.cost);
  return timing;
}

MatrixTiming depthwise_timing(const ChipSpec& chip, const PrecisionMode& mode, const Matrix& matrix,
                              const Stripes& stripes) {
  const MacArraySpec& array = chip.mac_array;
  // Without hardware for it, a channel is a dense layer of one input and one output of its own.
  const std::int64_t width = array.depthwise_channels > 0 ? array.depthwise_channels : 1;
  const std::int64_t taps =
      array.depthwise_channels > 0 ? ceil_div(matrix.taps, array.depthwise_taps) : matrix.taps;
  return stationary_timing(chip, mode, matrix.outputs, width, stripes, array.pixels, taps);
}

/// Blocks of parallelism_factor outputs whose sums are complete at the same time.
std::int64_t blocks_together(const ChipSpec& chip, const PrecisionMode& mode, const Matrix& matrix,
                             const Stripes& stripes) {
  if (!chip.mac_array.sums_leave_together) return 1;
  const std::int64_t positions = stripes.full > 0 ? stripes.length : stripes.last;
  const std::int64_t room =
      accumulator_positions(chip, matrix.mode) / 2 / std::max<std::int64_t>(1, positions);
  return std::clamp<std::int64_t>(room, 1, ceil_div(matrix.outputs, mode.parallelism_factor));
}

void add_output_stage(const ChipSpec& chip, const PrecisionMode& mode, const Matrix& matrix,
                      const Stripes& stripes, MatrixTiming& timing) {
  if (matrix.drained_per_position == 0) return;
  const double each = output_cycles_per_element(chip, matrix);
  const auto drain = [&](std::int64_t positions, std::int64_t elements) {
    return Cycles(ceil_cycles(static_cast<double>(positions * elements) * each));
  };
  const std::int64_t blocks = ceil_div(ceil_div(matrix.outputs, mode.parallelism_factor),
                                       blocks_together(chip, mode, matrix, stripes));
  timing.first_stripe = timing.first_stripe * blocks_together(chip, mode, matrix, stripes);
  timing.output = drain(matrix.positions, matrix.drained_per_position);
  timing.last_drain = drain(stripes.last > 0 ? stripes.last : stripes.length,
                            ceil_div(matrix.drained_per_position, blocks));
}

}  // namespace

Stripes cut_stripes(std::int64_t positions, std::int64_t length, std::int64_t last_max) {
  PRESIL_CHECK(positions >= 1 && length >= 1 && last_max >= length, "stripes of {} by {} to {}",
               positions, length, last_max);
  Stripes stripes{.full = 0, .length = length, .last = positions};
  if (positions > last_max) stripes.full = ceil_div(positions - last_max, length);
  stripes.last = positions - stripes.full * length;
  return stripes;
}

namespace {

MatrixTiming one_group_timing(const ChipSpec& chip, const Matrix& matrix) {
  const MacArraySpec& array = chip.mac_array;
  const PrecisionMode& mode = mode_of(chip, matrix.mode);
  MatrixTiming timing;
  if (matrix.op == MacOp::kDense && array.dataflow == Dataflow::kInputStationary) {
    const Stripes stripes = cut_stripes(matrix.outputs, array.stripe_length, array.stripe_last_max);
    timing = stationary_timing(chip, mode, matrix.positions, mode.parallelism_factor, stripes,
                               array.pixels, reduction_blocks(chip, matrix));
    add_output_stage(chip, mode, matrix, stripes, timing);
    return timing;
  }
  const Stripes stripes = cut_stripes(matrix.positions, array.stripe_length, array.stripe_last_max);
  if (matrix.op == MacOp::kDepthwise)
    timing = depthwise_timing(chip, mode, matrix, stripes);
  else if (array.dataflow == Dataflow::kOutputStationary)
    timing = output_stationary_timing(chip, mode, matrix);
  else
    timing = stationary_timing(chip, mode, matrix.outputs, mode.parallelism_factor, stripes,
                               array.pixels, reduction_blocks(chip, matrix));
  add_output_stage(chip, mode, matrix, stripes, timing);
  return timing;
}

}  // namespace

std::int64_t reduction_blocks(const ChipSpec& chip, const Matrix& matrix) {
  const PrecisionMode& mode = mode_of(chip, matrix.mode);
  if (chip.mac_array.dot_packing == DotPacking::kTaps)
    return ceil_div(matrix.channels * matrix.taps, mode.dot_length);
  const std::int64_t depth_first = ceil_div(matrix.channels, mode.dot_length) * matrix.taps;
  const std::int64_t part = chip.mac_array.part_kernel_channels;
  if (part == 0) return depth_first;
  const std::int64_t part_kernel =
      ceil_div(matrix.channels, part) * ceil_div(matrix.taps, mode.dot_length / part);
  return std::min(depth_first, part_kernel);
}

MatrixTiming matrix_timing(const ChipSpec& chip, const Matrix& matrix) {
  MatrixTiming timing = one_group_timing(chip, matrix);
  for (Cycles* part :
       {&timing.compute, &timing.active, &timing.min_slot, &timing.weight_load, &timing.fill_drain})
    *part = *part * matrix.groups;
  return timing;
}

double output_cycles_per_element(const ChipSpec& chip, const Matrix& matrix) {
  return std::max(1 / chip.mac_array.output_elements_per_cycle,
                  matrix.epilogue_cycles_per_element / lanes_of(chip, matrix.output_bits));
}

Cycles vector_timing(const ChipSpec& chip, const Vector& vector) {
  return Cycles(chip.vector_unit.startup_cycles +
                ceil_cycles(static_cast<double>(vector.elements) * vector.cycles_per_element /
                            lanes_of(chip, vector.element_bits)));
}

std::int64_t accumulator_positions(const ChipSpec& chip, int mode) {
  const double sums = chip.mac_array.accumulators_kib * 1024 * 8 / chip.mac_array.accumulator_bits;
  const auto positions =
      static_cast<std::int64_t>(sums / static_cast<double>(mode_of(chip, mode).parallelism_factor));
  return std::max(positions, chip.mac_array.stripe_length);
}

}  // namespace presil
