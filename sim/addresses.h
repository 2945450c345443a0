#pragma once
// From tiles of the walk to addresses: where their bytes lie in SRAM and in the memories. The
// lowering (sim/lower.h) makes commands of them.

#include <cstdint>
#include <vector>

#include "hw/program.h"
#include "sim/memory_plan.h"
#include "sim/tile_layout.h"

namespace presil {

/// Addresses of a planned network; the constructor throws Error when the weights exceed their
/// memory. Those of buffers are of the group that was entered last.
class Addresses {
 public:
  Addresses(const ChipSpec& chip, const FusedNetwork& network, const MemoryPlan& plan);

  void enter(std::size_t group_index);
  /// The entered group's.
  const std::vector<Buffer>& buffers() const { return buffers_; }

  const TensorView& view_of(TensorId id) const {
    return network_.views[static_cast<std::size_t>(id)];
  }
  std::size_t storage_of(TensorId id) const {
    return static_cast<std::size_t>(view_of(id).storage);
  }
  /// How tiles lie, from wherever they begin.
  const TileLayout& layout() const { return layout_; }
  /// Do two storages lie on common bytes of a memory?
  bool share_memory(std::size_t a, std::size_t b) const;

  /// First byte of a buffer's slot.
  std::int64_t buffer_base(int buffer, int slot) const;
  /// Address in a buffer at which a tile's content begins.
  std::int64_t frame_address(const Tile& tile, const Strides& s) const;
  /// Where a tile's elements lie.
  SramView sram_view(const Tile& tile, Element element) const;

  /// SRAM bytes of a tile. A tile of some columns of several blocks is widened to whole blocks.
  Region region_of(const Tile& tile) const;
  /// SRAM bytes of a computation's weights: a buffer's, a feature map's, or those that stay.
  Region weight_region(const ComputeTile& tile) const;
  /// Where a tile of weights (or of constants) begins in the memory of the weights.
  std::int64_t weights_in_memory(const WeightTile& tile) const;
  /// The same where they lie expanded (MachineState::expanded).
  std::int64_t expanded_weights(const WeightTile& tile) const;
  /// Where a lookup's table lies beside them.
  std::int64_t expanded_table(const Stage& stage) const { return base_of(expanded_, &stage).table; }
  /// SRAM address of weights that stay.
  std::int64_t kept_weights(const WeightTile& tile) const;
  /// SRAM bytes of a stage's constants: a buffer's, or those that stay.
  Region constants_region(const ComputeTile& tile) const;

 private:
  /// Where a stage's weights, step weights and constants begin.
  struct StageBase {
    std::int64_t weights = 0, recurrent = 0, constants = 0, table = 0;
  };
  StageBase place_stage(const Stage& stage, std::int64_t& at, bool compressed) const;
  std::int64_t base_of(const StageBase& base, const WeightTile& tile) const;
  const StageBase& base_of(const std::vector<std::vector<StageBase>>& all,
                           const Stage* stage) const {
    return all[group_index_][static_cast<std::size_t>(stage - stages_begin_)];
  }
  void place_weights();
  /// Keeps a view through another shape inside its storage.
  void clip(Region& region, TensorId tensor) const;

  const ChipSpec& chip_;
  const FusedNetwork& network_;
  const MemoryPlan& plan_;
  TileLayout layout_;
  std::vector<std::vector<StageBase>> stored_, expanded_;  ///< of each group's stages
  std::size_t group_index_ = 0;
  std::vector<Buffer> buffers_;
  /// SRAM addresses of each stage's weights and constants that stay.
  std::vector<std::int64_t> kept_offset_, kept_constants_;
  const Stage* stages_begin_ = nullptr;
};

}  // namespace presil
