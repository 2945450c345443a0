#pragma once
// The reference executor: a network on whole tensors, operator by operator, without tiles, chips or
// commands. What the functional machine computes is held against it.
//
// docs/functional.md has the arithmetic of every operator and its source. In short: 8- and 16-bit
// integers as TFLite's kernels (core/fixed_point.h); everything else on real numbers in double,
// rounded once when the result is stored.

#include <span>
#include <vector>

#include "models/graph.h"
#include "models/tensor_values.h"

namespace presil {

/// One operator. `operands` as Op::inputs (nullptr: absent); `results` say type, shape and
/// quantisation of each output. Throws Error naming the operator: kHost, an index out of range, a
/// quantisation that the operator cannot have.
std::vector<Tensor> execute_op(const Op& op, std::span<const Tensor* const> operands,
                               std::span<const TensorDesc> results);

/// `inputs` in the order of Graph::inputs(), of their types and shapes (their quantisation is the
/// graph's, whatever they say). Gives the outputs in the order of Graph::outputs(). Throws Error:
/// an input that does not fit, a constant without values, as execute_op.
std::vector<Tensor> execute(const Graph& graph, std::span<const Tensor> inputs);

/// The same, but gives every tensor of the graph, by TensorId (constants too).
std::vector<Tensor> execute_all(const Graph& graph, std::span<const Tensor> inputs);

/// Values for every input, from a seed (random_tensor); what indexes a table stays within it.
std::vector<Tensor> random_inputs(const Graph& graph, std::uint64_t seed);

}  // namespace presil
