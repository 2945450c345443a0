#pragma once
// The geometry of one stage under a mapping: which tiles there are and what each needs.

#include <vector>

#include "sim/mapping.h"

namespace presil {

/// The part of a stage's output that one core computes.
struct Part {
  Rows rows;                ///< of every image
  Rows outputs;             ///< output channels
  std::int64_t image = -1;  ///< only this one; -1: all
};
/// The parts of a stage's output, one a core that has work.
std::vector<Part> parts_of(const ChipSpec& chip, const Stage& stage, CoreSplit split);

/// A place in the position loop.
struct PositionTile {
  std::int64_t image = 0;
  Rows rows, columns;
};

/// The cuts of one stage (or of one core's part of it).
struct StageTiles {
  StageTiles(const Stage& stage, const StageMapping& mapping, const Part& part);

  std::vector<PositionTile> positions;
  std::vector<Rows> outputs;   ///< runs of output channels
  std::vector<Rows> channels;  ///< runs of the reduction; one for stages without one
};

/// [begin, end) cut into runs of `length`.
std::vector<Rows> cut(Rows range, std::int64_t length);

/// The input channels that output channels `outputs` need from reduction run `channels`.
Rows input_channels(const Stage& stage, Rows outputs, Rows channels);

/// Bytes of a tile of a map in SRAM: [rows][blocks][columns][atom].
std::int64_t tile_bytes(const FeatureMap& map, std::int64_t rows, std::int64_t columns,
                        std::int64_t channels);

/// Is an operand smaller than the output, so that it is loaded once and stays?
bool is_broadcast(const Stage& stage, const Operand& operand);

/// Multiples at which output channels may be cut: blocks of the layout, and of a grouped
/// convolution whole groups, unless a group is whole blocks: then a tile is a divisor of a group,
/// too.
std::int64_t output_step(const Stage& stage);
/// Multiples at which cores may share the output channels: blocks of the layout, whole groups.
std::int64_t core_step(const Stage& stage);

}  // namespace presil
