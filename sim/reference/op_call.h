#pragma once
// One operator with its operands and the results that it fills. Private to sim/reference.

#include <span>
#include <vector>

#include "core/error.h"
#include "models/graph.h"
#include "models/tensor_values.h"

namespace presil::reference {

struct OpCall {
  const Op& op;
  std::span<const Tensor* const> operands;
  std::span<Tensor> results;  ///< of their type and shape, zeros

  bool has(std::size_t i) const { return i < operands.size() && operands[i] != nullptr; }
  const Tensor& in(std::size_t i = 0) const { return *operands[i]; }
  Tensor& out(std::size_t i = 0) const { return results[i]; }
  /// Throws Error naming the operator.
  [[noreturn]] void fail(const std::string& what) const {
    throw Error("{} '{}': {}", op_info(op.kind).name, op.name, what);
  }
};

// The families. Each fills the results of the kinds that it knows.
void run_convolution(const OpCall& call);  ///< kConv, kDepthwiseConv, kTransposedConv
void run_product(const OpCall& call);      ///< kFullyConnected, kMatMul
void run_recurrent(const OpCall& call);    ///< kLstm, kGru, kRnn
void run_binary(const OpCall& call);       ///< kAdd ... kGreater, kPRelu
void run_where(const OpCall& call);
void run_unary(const OpCall& call);       ///< kRelu ... kNot, kIdentity
void run_conversion(const OpCall& call);  ///< kCast, kQuantize, kDequantize
void run_softmax(const OpCall& call);     ///< kSoftmax, kLogSoftmax
void run_norm(const OpCall& call);        ///< kLayerNorm, kBatchNorm, kInstanceNorm, kLrn
void run_pool(const OpCall& call);        ///< kMaxPool, kAveragePool, global ones
void run_reduction(const OpCall& call);   ///< kReduce..., kArgMax
void run_resize(const OpCall& call);      ///< kResizeNearest, kResizeBilinear
void run_movement(const OpCall& call);    ///< kConcat ... kExpand

// What they share.

/// 8 or 16 bits with a scale: TFLite's fixed-point kernels apply.
bool is_fixed_point(const Tensor& tensor);
bool is_8_bit(const Tensor& tensor);
bool same_quantization(const Tensor& a, const Tensor& b);
/// The one scale of a tensor, {1, 0} where it has none. Throws Error if it has one a slice.
ScaleAndZero scale_of(const OpCall& call, const Tensor& tensor);

/// The number of elements in front of, along and behind `axis`.
struct Lines {
  std::size_t outer = 1, extent = 1, inner = 1;

  std::size_t at(std::size_t o, std::size_t e, std::size_t i) const {
    return (o * extent + e) * inner + i;
  }
};
Lines lines_of(const Shape& shape, std::int64_t axis);
/// Row-major strides.
std::vector<std::size_t> strides_of(const Shape& shape);
/// For each element of `to` the element of `from` that broadcasts to it (NumPy).
std::vector<std::size_t> broadcast_sources(const Shape& from, const Shape& to);

/// result[i] = source[indices[i]], brought to the result's quantisation where it differs. kNoSource
/// leaves what is there.
inline constexpr std::size_t kNoSource = static_cast<std::size_t>(-1);
void take_elements(const OpCall& call, const Tensor& source, std::span<const std::size_t> indices,
                   Tensor& result);
/// Stored values of `source` in the quantisation of `result` (both integers).
std::vector<std::int64_t> rescaled_integers(const OpCall& call, const Tensor& source,
                                            const Tensor& result);

}  // namespace presil::reference
