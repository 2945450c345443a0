#pragma once
// Networks without weight values, or without a quantisation, made executable: built-in networks and
// files that were stripped of their weights.

#include <cstdint>

#include "models/graph.h"

namespace presil {

struct SyntheticOptions {
  std::uint64_t seed = 1;
  /// What float activations become: int8, uint8, int16, fp16, bf16, fp32, fp64.
  DataType activations = DataType::kInt8;
  /// What float weights become where activations are integers.
  DataType weights = DataType::kInt8;
};

/// Gives every constant without data random values by its role, so that a standard deviation of
/// about 1 goes through the network: weights have variance 1 / fan-in, those of a layer behind a
/// relu-like activation 2 / fan-in (He et al. 2015), a quarter of that at the end of a branch that
/// is added to another; biases 0.1^2; scales, divisors and variances lie around 1; indices within
/// their table; stored integers of 16 bits and less have a quarter of their range as deviation.
/// Known values stay.
Graph with_synthetic_values(const Graph& graph, std::uint64_t seed);

/// with_synthetic_values, and all floats in the given types. Integers: every activation gets one
/// scale and zero point from its smallest and largest value when the float network runs once on
/// random inputs of deviation 1 (0 included, TFLite's post-training calibration), int16 a symmetric
/// one; weights get the scale max|w| / 127 by output channel, biases int32 at the scale of the
/// accumulators. Operators that only move or pick elements, and clamps behind the only reader of a
/// layer, share one quantisation with their operand; softmax, sigmoid and tanh have TFLite's fixed
/// ones. Parameters of norms, exponents and biases of recurrent layers stay float. A network with
/// quantised activations keeps its types and gets values only.
///
/// The same network, seed and types give the same graph. Throws Error: a type that activations
/// cannot have, kHost.
Graph synthetic(const Graph& graph, const SyntheticOptions& options);

}  // namespace presil
