#pragma once
// Operators: kinds, attributes, and the one table that declares each kind once.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "models/tensor.h"

namespace presil {

/// Operands, in order, are given behind each kind ("?" = may be kNoTensor or missing).
enum class OpKind : std::uint8_t {
  // Multiply-accumulate operators (ConvAttrs / MatMulAttrs).
  kConv,            ///< x [N,C,H,W] (or [N,C,L]), w [K,C/groups,R,S] ([K,C/groups,S]), bias? [K]
  kDepthwiseConv,   ///< x [N,C,H,W], w [C*m,1,R,S], bias? [C*m]; groups == C
  kTransposedConv,  ///< x [N,C,H,W], w [C,K/groups,R,S], bias? [K]
  kFullyConnected,  ///< x [...,I], w [O,I], bias? [O] -> [...,O]
  kMatMul,  ///< a [...,M,K], b [...,K,N] (or [...,N,K] with transpose_b); leading dims broadcast
  kLstm,
  kGru,
  kRnn,  ///< x [T,N,I] (batch_first: [N,T,I]), w, r, bias?, initial h?, initial c?
  // Elementwise with two operands (NumPy broadcasting).
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMin,
  kMax,
  kPow,
  kEqual,
  kLess,
  kGreater,
  kWhere,  ///< condition, x, y
  // Elementwise with one operand (UnaryAttrs where alpha/beta mean something).
  kRelu,
  kRelu6,
  kClip,
  kLeakyRelu,
  kPRelu /* x, slope */,
  kSigmoid,
  kHardSigmoid,
  kTanh,
  kHardSwish,
  kSilu,
  kGelu,
  kErf,
  kExp,
  kLog,
  kSqrt,
  kRsqrt,
  kReciprocal,
  kNeg,
  kAbs,
  kFloor,
  kElu,
  kSoftplus,
  kSquare,
  kSin,
  kCos,
  kNot,
  kCast,
  kQuantize,
  kDequantize,
  kSoftmax,
  kLogSoftmax,    ///< AxisAttrs
  kLayerNorm,     ///< x, scale?, bias?; NormAttrs (over the last axes)
  kBatchNorm,     ///< x, scale, bias, mean, variance; NormAttrs
  kInstanceNorm,  ///< x, scale, bias; NormAttrs
  kLrn,           ///< LrnAttrs
  kMaxPool,
  kAveragePool,  ///< x [N,C,H,W] or [N,C,L]; PoolAttrs
  kGlobalAveragePool,
  kGlobalMaxPool,  ///< [N,C,H,W] -> [N,C,1,1]
  kReduceMean,
  kReduceSum,
  kReduceMax,
  kReduceMin,  ///< ReduceAttrs
  kArgMax,     ///< ReduceAttrs with one axis
  kResizeNearest,
  kResizeBilinear,  ///< x [N,C,H,W]; ResizeAttrs
  // Data movement.
  kConcat,     ///< AxisAttrs
  kSplit,      ///< AxisAttrs; the outputs' extents say how
  kSlice,      ///< SliceAttrs
  kPad,        ///< PadAttrs
  kReshape,    ///< ReshapeAttrs: also flatten, squeeze, unsqueeze
  kTranspose,  ///< TransposeAttrs
  kGather,     ///< table, indices; AxisAttrs (embedding: axis 0)
  kDepthToSpace,
  kSpaceToDepth,    ///< BlockAttrs
  kChannelShuffle,  ///< BlockAttrs: block = groups
  kExpand,          ///< broadcast to the output's shape
  kIdentity,        ///< dropout at inference, no-op casts
  kHost,            ///< anything else: `HostAttrs.type` names it; runs on a host CPU or not at all
};
inline constexpr int kOpKindCount = static_cast<int>(OpKind::kHost) + 1;

/// Who runs an operator.
enum class OpClass : std::uint8_t { kMac, kVector, kMove, kFree, kHost };

/// One row of the op table.
struct OpInfo {
  OpKind kind;
  std::string_view name;  ///< "Conv", "DepthwiseConv", ...: the spelling in every file and table
  OpClass op_class;
  int min_inputs, max_inputs;  ///< max -1: any number
  /// Key of chip YAML `vector_unit.cycles_per_element`; "" for operators that the vector unit never
  /// runs.
  std::string_view vector_cost;
  bool fusible;  ///< may run in a producer's output stage (elementwise with one streamed operand)
};

/// The row of `kind`. Total: every kind has one (checked by a test).
const OpInfo& op_info(OpKind kind);
/// The inverse of OpInfo::name.
std::optional<OpKind> op_kind_from_name(std::string_view name);

/// Window of a convolution or pooling; all in elements. Pads may be negative only for none.
struct Window {
  std::int64_t kernel_h = 1, kernel_w = 1;
  std::int64_t stride_h = 1, stride_w = 1;
  std::int64_t dilation_h = 1, dilation_w = 1;
  std::int64_t pad_top = 0, pad_bottom = 0, pad_left = 0, pad_right = 0;
};
/// 1-D operators use the _w members, with kernel_h = 1.
struct ConvAttrs {
  Window window;
  std::int64_t groups = 1;
  std::int64_t output_pad_h = 0, output_pad_w = 0;
};
struct PoolAttrs {
  Window window;
  bool count_include_pad = false;
  bool ceil_mode = false;
};
struct MatMulAttrs {
  bool transpose_a = false, transpose_b = false;
};
enum class Direction : std::uint8_t { kForward, kReverse, kBidirectional };
struct RecurrentAttrs {
  std::int64_t hidden = 0;
  Direction direction = Direction::kForward;
  bool batch_first = false;
  bool linear_before_reset = false;
};
/// kClip: [alpha, beta]; kLeakyRelu, kElu: slope alpha; kHardSigmoid: max(0, min(1, alpha*x+beta));
/// kCast: the output's type is `to`.
struct UnaryAttrs {
  float alpha = 0, beta = 0;
};
struct CastAttrs {
  DataType to = DataType::kFloat32;
};
struct AxisAttrs {
  std::int64_t axis = 0;
};
struct NormAttrs {
  std::int64_t axis = -1;
  float epsilon = 1e-5f;
};
struct LrnAttrs {
  std::int64_t size = 5;
  float alpha = 1e-4f, beta = 0.75f, bias = 1;
};
struct ReduceAttrs {
  std::vector<std::int64_t> axes;
  bool keep_dims = true;
};
struct ResizeAttrs {
  std::int64_t out_h = 0, out_w = 0;
  bool align_corners = false;
  bool half_pixel = true;
};
struct SliceAttrs {
  std::vector<std::int64_t> begin, size, step;
};  ///< one entry a dim
struct PadAttrs {
  std::vector<std::int64_t> before, after;
  float value = 0;
};
/// `channels_last`: elements are taken and put in the order N,H,W,C on both 4-D sides, as a TFLite
/// reshape does; otherwise row-major in the Shape.
struct ReshapeAttrs {
  Shape shape;
  bool channels_last = false;
};
struct TransposeAttrs {
  std::vector<std::int64_t> perm;
};
struct BlockAttrs {
  std::int64_t block = 2;
  bool column_row_depth = false;
};
struct HostAttrs {
  std::string type;
  std::vector<Shape> output_shapes;
  std::vector<DataType> output_types;
};

using OpAttrs =
    std::variant<std::monostate, ConvAttrs, PoolAttrs, MatMulAttrs, RecurrentAttrs, UnaryAttrs,
                 CastAttrs, AxisAttrs, NormAttrs, LrnAttrs, ReduceAttrs, ResizeAttrs, SliceAttrs,
                 PadAttrs, ReshapeAttrs, TransposeAttrs, BlockAttrs, HostAttrs>;

using OpId = std::int32_t;

/// One node. Axes are non-negative once the graph is built.
struct Op {
  OpKind kind = OpKind::kIdentity;
  std::string name;
  OpAttrs attrs;
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;

  template <typename T>
  const T& as() const {
    return std::get<T>(attrs);
  }
};

}  // namespace presil
