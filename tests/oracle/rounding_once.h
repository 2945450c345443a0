#pragma once
// The reference executor with Arm NN's rounding instead of TFLite's: where the two implementations
// differ, it tells whether rounding is why, and nothing else.

#include "tests/oracle/file_tensors.h"

namespace presil::oracle {

/// Operators whose rounding differs. Arm NN's CpuRef computes a layer in float on dequantised
/// tensors and rounds its result once. TFLite's kernels, and ours, multiply the integer sum by a
/// 31-bit multiplier and shift it, which rounds twice; an addition rounds each operand, too.
bool rounds_otherwise(OpKind kind);

/// As execute(), but the results of those operators are the real numbers rounded once, halves away
/// from zero. Inputs by name; outputs in the file's order.
std::vector<Tensor> rounding_once(const Graph& graph,
                                  const std::vector<std::pair<std::string, Bytes>>& inputs);

}  // namespace presil::oracle
