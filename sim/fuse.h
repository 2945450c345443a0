#pragma once
// Fusion: from operators to groups, and from tensors to the storages that hold their bytes.

#include <vector>

#include "sim/stage.h"
#include "sim/stage_builder.h"

namespace presil {

/// Bytes that one or more tensors name: the root's, of which others may be views (reshapes that
/// move nothing, parts of a concat that are written in place, slices at block boundaries).
struct Storage {
  TensorId root = kNoTensor;
  FeatureMap map;
  bool is_input = false, is_output = false;
  bool is_constant = false;  ///< an activation-shaped constant (positional embedding)
  bool on_host = false;      ///< read or written by a host operator: has to be in memory
  /// Inside of a cascade: rows that its memory keeps, row r at r modulo so many; 0: all of them.
  std::int64_t ring_rows = 0;

  /// That it takes where it lies.
  std::int64_t bytes() const { return ring_rows > 0 ? ring_rows * map.row_bytes() : map.bytes(); }
};

/// Where a tensor's bytes are: from a channel and row of a storage on.
struct TensorView {
  int storage = -1;
  std::int64_t channel = 0, row = 0;
};

/// The groups in schedule order. Deterministic.
struct FusedNetwork {
  std::vector<FusionGroup> groups;
  std::vector<Storage> storages;
  std::vector<TensorView> views;  ///< of each tensor; storage -1 for weights
  /// It runs several times: the next inference reads the inputs (and constants) where they lie, so
  /// nothing may take their place (sim/placement.h, lifetimes()).
  bool runs_again = false;
};

/// Every operator of the graph is in exactly one group, or a view; no two groups have one name. An
/// activation after a producer
/// (Conv + bias + ReLU, + residual add) runs in its output stage, concat parts are written in place
/// where they begin at a block. Multi-layer groups come later (sim/chain.h). Throws Error for an
/// operator that the machine cannot run.
FusedNetwork fuse(const StageContext& context, bool allow_host);

/// The groups partition the operators that are no views, read only what earlier groups made, and
/// keep the graph's MACs. Throws InternalError naming the group.
void check_fusion(const StageContext& context, const FusedNetwork& network);

}  // namespace presil
