#pragma once
// What the stages of a compiled network compute, in the machine's terms (hw/function.h): the
// configuration of each, and the bytes that its weights and constants travel as.

#include <map>
#include <utility>
#include <vector>

#include "hw/function.h"
#include "sim/element_order.h"
#include "sim/fuse.h"
#include "sim/precision.h"
#include "sim/walk.h"

namespace presil {

/// A tile of weights (or a stage's constants) as it lies in its memory, or in SRAM where it stays.
struct PackedTile {
  std::size_t group = 0, stage = 0;
  bool constants = false;
  TensorId tensor = kNoTensor;
  std::int64_t image = 0;
  Rows outputs, channels;
  std::int64_t bytes = 0;
  bool table = false;  ///< a lookup's, whole
  enum class Place : std::uint8_t { kMemory, kExpanded, kSram };
  Place place = Place::kMemory;
  std::int64_t address = 0;
};

/// Filled by the lowering of a Program that is to be executed.
class FunctionalPlan {
 public:
  FunctionalPlan(const Graph& graph, const PrecisionPlan& precision, const FusedNetwork& network,
                 const std::vector<bool>& last, int weight_memory, std::int64_t batch)
      : graph_(graph),
        precision_(precision),
        network_(network),
        last_(last),
        weight_memory_(weight_memory),
        batch_(batch) {}

  /// Index of the stage's Function; `pass`: of which of the commands that share a tile. Throws
  /// Error naming the operator if the machine cannot execute it, or not in this type.
  int function_of(const Stage& stage, int pass = 0);
  /// Index of the function of a recurrent operator.
  int recurrent_function(OpId op) const { return recurrent_.at(op); }
  /// How a tensor's elements are stored. Throws Error naming it if that is not its own type.
  Element element_of(TensorId id) const;
  std::vector<Function> take_functions() { return std::move(functions_); }

  /// The bytes of a tile. Throws Error naming the tensor if it has no values.
  std::vector<std::byte> pack(const Stage& stage, const PackedTile& tile) const;

  std::vector<PackedTile> tiles;

  const Graph& graph() const { return graph_; }
  const FusedNetwork& network() const { return network_; }
  const std::vector<bool>& last() const { return last_; }
  /// Of the whole batch; a constant serves all of it.
  ElementOrder order_of(TensorId id) const;
  std::int64_t batch() const { return batch_; }
  int weight_memory() const { return weight_memory_; }  ///< index in ChipSpec::memories

 private:
  const Graph& graph_;
  PrecisionPlan precision_;
  FusedNetwork network_;
  std::vector<bool> last_;
  int weight_memory_;
  std::int64_t batch_;
  std::map<std::pair<const Stage*, int>, int> known_;
  std::map<OpId, int> recurrent_;
  std::vector<Function> functions_;
};

/// The constant operands that travel as a stage's constants, in order.
std::vector<TensorId> constants_of(const Graph& graph, const Stage& stage);

}  // namespace presil
