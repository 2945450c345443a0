#pragma once
// Patterns that importers leave behind, rewritten into the operators that they stand for.

#include "models/graph.h"

namespace presil {

/// The same network with fewer operators. Applied until nothing matches any more, deterministic;
/// the graph is checked after every step. Names of inputs and outputs stay. What matches:
///
/// - kBatchNorm, or kMul, kAdd, kSub, kDiv by a constant per channel, behind a convolution or fully
///   connected layer with constant float weights that nothing else reads: folded into weights and
///   bias. Otherwise it stays.
/// - kLayerNorm, kGelu, kHardSwish, kSilu, kHardSigmoid, kChannelShuffle written out in smaller
///   operators; kClip that is a kRelu or kRelu6. The written-out activations only on floats.
/// - kMatMul by a constant matrix: kFullyConnected.
/// - kPad by zeros in front of a convolution or a pool that counts them: the window's padding. By
///   -infinity, or by zeros behind an operator that makes nothing negative, also for kMaxPool.
/// - kIdentity, kReshape and kTranspose that change nothing, undo or follow each other, or only
///   rearrange a constant.
/// - kDequantize in front of an operator and kQuantize behind it: the operator works on the
///   quantised tensors. An operator that has only one side keeps it; where it hands elements
///   through, both sides must be quantised alike. Weights behind a kDequantize are the stored ones.
///
/// A scalar that a pattern must recognise has to be known: constants without data never match. Sums
/// and products of constants without data are constants without data.
Graph simplify(const Graph& graph);

}  // namespace presil
