#pragma once
// A batch: the same network on several inputs at once, which never meet. Its tensors are those of
// the single inputs one behind another, so that the first axis is as many times as long.

#include <span>
#include <vector>

#include "models/graph.h"
#include "models/tensor_values.h"

namespace presil {

/// Of a tensor of `shape` in a batch; a scalar's is [batch].
Shape batch_shape(const Shape& shape, std::int64_t batch);

/// The `number`-th of `batch` tensors of a shape.
Tensor part_of_batch(const Tensor& all, const Shape& shape, std::int64_t number,
                     std::int64_t batch);

/// The reference executor on each input of a batch (sim/reference/reference.h): `inputs` in the
/// order of Graph::inputs(), of batch_shape(). Gives every tensor of the graph, by TensorId;
/// constants as they are. Throws Error as execute() does.
std::vector<Tensor> execute_batch(const Graph& graph, std::span<const Tensor> inputs,
                                  std::int64_t batch);

/// random_inputs() with a seed of its own for each of the batch.
std::vector<Tensor> random_batch(const Graph& graph, std::uint64_t seed, std::int64_t batch);

}  // namespace presil
