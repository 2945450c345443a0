#pragma once
// From an operator of the graph to the stages that run it.

#include <vector>

#include "hw/chip_spec.h"
#include "models/graph.h"
#include "sim/element_order.h"
#include "sim/precision.h"
#include "sim/stage.h"

namespace presil {

/// What the builder needs to know about the whole network.
struct StageContext {
  const Graph& graph;
  const ChipSpec& chip;
  const PrecisionPlan& precision;
  const std::vector<bool>& last;  ///< channels_last()
  std::int64_t batch = 1;         ///< multiplies every activation's images

  FeatureMap map_of(TensorId id) const;
  /// Where its elements are, of the whole batch; a constant serves all of it.
  ElementOrder order_of(TensorId id) const;
  /// Is it an input that lies unpadded (chip.packed_inputs)?
  bool is_packed(TensorId id) const;
  bool is_activation(TensorId id) const { return id != kNoTensor && !graph.tensor(id).constant; }
  std::int64_t constant_bytes(TensorId id) const;
  /// The chip's cost of an operator on the vector unit. Throws Error naming op and what is
  /// supported if the op table gives it none.
  double vector_cost(const Op& op) const;
};

/// The stages of one operator: one, or a part for each input of a concat and output of a split.
/// None for operators that are free (see is_view() in sim/views.h). Throws Error for OpKind::kHost,
/// and for an operator the machine cannot run, naming it.
std::vector<Stage> build_stages(const StageContext& context, const Op& op, bool allow_host);

}  // namespace presil
