#pragma once
// Operands and results of multiply-accumulate operators. Private to sim/reference.
//
// All products are summed in double. Integers are exact there: |x| <= 2^16, |w| <= 2^9, so 2^27
// products fit into 2^52. Floats are rounded once, when stored.

#include <cstdint>
#include <vector>

#include "sim/reference/op_call.h"

namespace presil::reference {

/// Both operands are integers: TFLite's accumulators; otherwise real numbers.
bool is_integer_product(const OpCall& call);
/// Integers less their zero point (one for each slice along the quantisation's axis), or the reals.
std::vector<double> factors(const Tensor& tensor, bool integer);

/// Adds the bias (operand 2, if there is one) to the sums and stores them in result 0. Element i
/// belongs to output channel i / `inner` % `channels`; the weights' scale of it is at `scales`[it]
/// (one entry: for all).
struct Accumulators {
  std::vector<double> sums;
  std::size_t channels = 1, inner = 1;
  std::vector<double> weight_scales;
};
void store_accumulators(const OpCall& call, Accumulators accumulators);

/// Scales of the weights, one a channel or one at all.
std::vector<double> weight_scales(const Tensor& weights);

}  // namespace presil::reference
