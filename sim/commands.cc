#include "sim/commands.h"

#include <algorithm>

namespace presil {

namespace {

Matrix recurrent_matrix(const ComputeTile& tile) {
  const Stage& stage = *tile.stage;
  // Sums leave as 16 bits (assumption: as TFLite's int8 LSTM keeps its gates).
  return {.mode = stage.mode,
          .outputs = tile.outputs.count(),
          .positions = tile.positions,
          .channels = tile.channels.count(),
          .drained_per_position = tile.outputs.count(),
          .output_bits = 16};
}

/// Stored elements of a tile, padding of the last channel block included.
std::int64_t stored_elements(const Tile& tile) {
  const Frame& c = tile.content;
  return c.rows.count() * c.columns.count() * ceil_div(c.channels.count(), tile.map->atom) *
         tile.map->atom;
}

}  // namespace

Matrix matrix_of(const ChipSpec& chip, const ComputeTile& tile) {
  const Stage& stage = *tile.stage;
  if (stage.kind == StageKind::kRecurrent) return recurrent_matrix(tile);
  Matrix matrix{.op = stage.mac,
                .mode = stage.mode,
                .outputs = tile.outputs.count(),
                .positions = tile.positions,
                .channels = tile.channels.count(),
                .taps = stage.taps};
  if (stage.groups > 1) {
    matrix.groups = ceil_div(tile.outputs.count(), stage.group_outputs());
    matrix.outputs = std::min(tile.outputs.count(), stage.group_outputs());
    matrix.channels = stage.reduction;
  }
  if (tile.last_of_sum) {
    // Nobody makes the padding of whole atoms.
    matrix.drained_per_position =
        chip.whole_atoms ? tile.outputs.count() : round_up(tile.outputs.count(), stage.out.atom);
    matrix.epilogue_cycles_per_element = stage.epilogue;
  }
  matrix.output_bits = stage.out.bits;
  return matrix;
}

Vector vector_of(const ComputeTile& tile) {
  const Stage& stage = *tile.stage;
  if (stage.kind == StageKind::kRecurrent)
    return {.elements = tile.positions * stage.hidden,
            .element_bits = 16,
            .cycles_per_element = stage.gate_cost};
  const std::int64_t results = stored_elements(tile.output);
  const std::int64_t work =
      stage.work_on_input ? stored_elements(tile.input) : results * stage.work_multiple;
  // What is fused behind a reduction or pooling costs its share of each result.
  const double fused =
      tile.last_of_sum ? stage.epilogue * static_cast<double>(results) / static_cast<double>(work)
                       : 0;
  return {.elements = work,
          .element_bits = std::max(stage.in.bits, stage.out.bits),
          .cycles_per_element = stage.vector_cost + fused};
}

}  // namespace presil
