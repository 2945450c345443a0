#pragma once
// Shape inference, one function a family of operators. Private to models/.
//
// Each rule gives the shapes of all outputs that the operator can have, from operands whose number
// and extents are checked already. Throws Error naming the op, the operand, the rule and the value.

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "models/graph.h"

namespace presil {

/// "Conv 'features.0/conv'".
std::string op_label(const Op& op);

/// An op with its operands, as the rules see it.
class OpView {
 public:
  OpView(const Op& op, std::span<const TensorDesc* const> inputs) : op_(op), inputs_(inputs) {}

  OpKind kind() const { return op_.kind; }
  const Op& op() const { return op_; }
  std::size_t input_count() const { return inputs_.size(); }
  bool has(std::size_t i) const { return i < inputs_.size() && inputs_[i] != nullptr; }
  const TensorDesc& input(std::size_t i) const { return *inputs_[i]; }
  const Shape& shape(std::size_t i) const { return inputs_[i]->shape; }
  std::int64_t rank(std::size_t i) const { return static_cast<std::int64_t>(shape(i).size()); }

  /// The attributes as T; an op with attributes of another type is our own bug.
  template <typename T>
  const T& attrs() const {
    PRESIL_CHECK(std::holds_alternative<T>(op_.attrs), "{} has attributes of another operator",
                 op_label(op_));
    return std::get<T>(op_.attrs);
  }

  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    throw Error("{}: {}", op_label(op_), fmt::format(format, std::forward<Args>(args)...));
  }
  /// Fails with "operand 1 (weights) is [2,3], must have 4 dimensions".
  void require_rank(std::size_t i, std::string_view role, std::int64_t min, std::int64_t max) const;
  /// Nothing to check if the operand is absent.
  void require_shape(std::size_t i, std::string_view role, const Shape& wanted) const;
  /// element_count, its Error naming the op.
  std::int64_t elements(const Shape& shape) const;
  /// 0 <= axis < rank of operand 0.
  void require_axis(std::int64_t axis) const;
  /// min <= value <= kMaxExtent of the attribute `name`.
  void require_range(std::string_view name, std::int64_t value, std::int64_t min) const;

 private:
  const Op& op_;
  std::span<const TensorDesc* const> inputs_;
};

using Shapes = std::vector<Shape>;

/// kConv, kDepthwiseConv, kTransposedConv.
Shapes conv_shapes(const OpView& op);
/// kFullyConnected, kMatMul.
Shapes fully_connected_shapes(const OpView& op);
Shapes matmul_shapes(const OpView& op);
/// kLstm: y, last h, last c; kGru, kRnn: y, last h. `gates` 4, 3, 1.
Shapes recurrent_shapes(const OpView& op, std::int64_t gates);
/// Window poolings, global poolings, resizing.
Shapes pool_shapes(const OpView& op);
Shapes global_pool_shapes(const OpView& op);
Shapes resize_shapes(const OpView& op);
/// NumPy broadcasting of all operands.
Shapes broadcast_shapes(const OpView& op);
Shapes prelu_shapes(const OpView& op);
/// The shape of operand 0.
Shapes same_shapes(const OpView& op);
Shapes softmax_shapes(const OpView& op);
Shapes layer_norm_shapes(const OpView& op);
/// kBatchNorm, kInstanceNorm.
Shapes channel_norm_shapes(const OpView& op);
Shapes lrn_shapes(const OpView& op);
Shapes reduce_shapes(const OpView& op);
Shapes arg_max_shapes(const OpView& op);
Shapes concat_shapes(const OpView& op);
/// `declared` (one shape an output): its extents along the axis say how; empty ones are equal
/// parts.
Shapes split_shapes(const OpView& op, const Shapes& declared);
Shapes slice_shapes(const OpView& op);
Shapes pad_shapes(const OpView& op);
Shapes reshape_shapes(const OpView& op);
Shapes transpose_shapes(const OpView& op);
Shapes gather_shapes(const OpView& op);
/// kDepthToSpace, kSpaceToDepth, kChannelShuffle.
Shapes block_shapes(const OpView& op);
Shapes expand_shapes(const OpView& op);

/// a and b broadcast against each other; empty if they do not fit.
std::optional<Shape> broadcast(const Shape& a, const Shape& b);
/// The shapes of an op's outputs, given their declarations (empty: open). Checks the operands and
/// that declarations agree. Throws Error.
Shapes output_shapes(const Op& op, std::span<const TensorDesc* const> inputs,
                     const Shapes& declared);

}  // namespace presil
