#pragma once
// How an activation tensor lies in memory and SRAM: [batch][rows][channel blocks][columns][atom].
//
// Rows are outermost, so that a stripe of rows is one contiguous run; channels are cut into blocks
// of one atom, as NVDLA's and Ethos-U's feature formats do. A tensor with fewer channels than an
// atom uses the smallest power of two that holds them (as image formats do), or a whole atom
// (ChipSpec::whole_atoms). Padded bytes are moved and counted.

#include <cstdint>
#include <vector>

#include "hw/chip_spec.h"
#include "models/graph.h"

namespace presil {

/// One activation as the machine sees it. All extents >= 1; `rows` and `columns` of one image.
struct FeatureMap {
  std::int64_t batch = 1, rows = 1, columns = 1, channels = 1;
  int bits = 8;           ///< of one stored element
  std::int64_t atom = 1;  ///< channels of a block

  std::int64_t blocks() const { return ceil_div(channels, atom); }
  std::int64_t pixel_bytes() const { return ceil_div(atom * bits, 8); }  ///< of one block
  std::int64_t block_bytes() const { return columns * pixel_bytes(); }   ///< of one row
  std::int64_t row_bytes() const { return blocks() * block_bytes(); }
  std::int64_t bytes() const { return batch * rows * row_bytes(); }
  std::int64_t elements() const { return batch * rows * columns * channels; }
  friend bool operator==(const FeatureMap&, const FeatureMap&) = default;
};

/// Channels of a block for elements of `bits`: activation_atom_bytes, or less for few channels
/// unless the chip's atoms are whole.
std::int64_t atom_of(const ChipSpec& chip, std::int64_t channels, int bits);

/// Is the map read a pixel at a time (ChipSpec::pixel_bursts)?
bool read_by_pixel(const ChipSpec& chip, const FeatureMap& map);

/// For each tensor: is its last axis the channels (sequences, matrices), or its axis 1 (feature
/// maps)? Producers decide (matrix products and norms over the last axis: last; windows, resizes:
/// axis 1), elementwise operators inherit, and where only consumers know (inputs, reshapes,
/// transposes), they do.
std::vector<bool> channels_last(const Graph& graph);

/// The map of one tensor; `last` from channels_last(), `bits` from the precision plan, `batch`
/// multiplies its images.
FeatureMap feature_map(const ChipSpec& chip, const Shape& shape, bool last, int bits,
                       std::int64_t batch);

}  // namespace presil
