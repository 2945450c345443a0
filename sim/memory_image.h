#pragma once
// The bytes that a machine finds when it starts, and the results that it leaves: feature maps in
// the stored layout (sim/feature_map.h), weights as the tiles load them.

#include <span>
#include <vector>

#include "hw/machine_state.h"
#include "models/tensor_values.h"
#include "sim/compile.h"

namespace presil {

/// Where a tensor's elements are stored, as bytes from its storage's first: [row-major element], of
/// the whole batch (sim/reference/batch.h; constants are there once). Through every view between
/// the tensor and the storage's root.
std::vector<std::int64_t> stored_places(const Graph& graph, const CompiledNetwork& compiled,
                                        TensorId id);

/// Inputs (in the order of Graph::inputs()), constants and packed weights in their places. Throws
/// Error if an input does not fit or a constant has no values.
MachineState initial_state(const Graph& graph, const ChipSpec& chip,
                           const CompiledNetwork& compiled, std::span<const Tensor> inputs);

/// A tensor as it lies in its storage now.
Tensor read_tensor(const Graph& graph, const CompiledNetwork& compiled, MachineState& state,
                   TensorId id);

/// The network's outputs, in the order of Graph::outputs().
std::vector<Tensor> read_outputs(const Graph& graph, const CompiledNetwork& compiled,
                                 MachineState& state);

}  // namespace presil
