#pragma once
// Elementwise operators of 8-bit tensors as tables of 256 entries, and the 8-bit softmax.

#include <array>
#include <cstdint>
#include <functional>
#include <span>

#include "core/fixed_point.h"

namespace presil {

/// Stored input -> stored output of an 8-bit tensor. Holds for int8 and uint8 alike.
class LookupTable {
 public:
  std::int32_t operator()(std::int32_t stored) const {
    return entries_[static_cast<std::uint8_t>(stored)];
  }
  std::int16_t& at(std::int32_t stored) { return entries_[static_cast<std::uint8_t>(stored)]; }

 private:
  std::array<std::int16_t, 256> entries_{};
};

/// `range` of the inputs: int8's or uint8's. The output may be of the other type.
struct TableOptions {
  ScaleAndZero in, out;
  IntegerRange in_range, out_range;
};

/// round(function(real input) / scale) + zero point, clamped: TFLite kernels/internal/common.h
/// LUTPopulate (logistic, tanh, elu, exp, gelu, ...), which evaluates in float, we in double.
LookupTable function_table(const TableOptions& options,
                           const std::function<double(double)>& function);
/// The 16-bit fixed-point kernel, TFLite reference/hard_swish.h. Where its output scale is too
/// small for that kernel (below a 128th of the input's), function_table of the real function.
LookupTable hard_swish_table(const TableOptions& options);
/// Identity for x >= 0 and `alpha` * x below, TFLite reference/leaky_relu.h QuantizeLeakyRelu.
LookupTable leaky_relu_table(const TableOptions& options, double alpha);

/// Softmax of one row of stored 8-bit values: e^(x - max) from a table, summed in double, rounded
/// once. TFLite optimized/optimized_ops.h Softmax (its default on x86), which sums in float.
void softmax_row(std::span<const std::int32_t> in, std::span<std::int32_t> out, double in_scale,
                 const ScaleAndZero& output, IntegerRange range);

}  // namespace presil
