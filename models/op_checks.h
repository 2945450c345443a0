#pragma once
// The rules of a single op and a single tensor, apart from shapes. Private to models/.

#include <span>
#include <vector>

#include "models/graph.h"

namespace presil {

/// The operands of `op` in `tensors`; nullptr where absent. An id out of range is our own bug.
std::vector<const TensorDesc*> operands_of(const Op& op, const std::vector<TensorDesc>& tensors);

/// Extents, elements, quantisation, bytes of data. Throws Error naming the tensor.
void check_tensor(const TensorDesc& tensor);

/// Element types of operands and outputs:
/// - operands of arithmetic, comparisons and kConcat, and the values of kWhere, share one type;
/// - conditions (kWhere, kNot) and results of comparisons are bool; indices (kGather, kArgMax) are
///   integers;
/// - kCast, kQuantize and kDequantize make what they say, a float only kDequantize and kCast;
/// - kIdentity and what only moves elements keeps the type; kHost makes what it says.
/// Throws Error naming the op.
void check_types(const Op& op, std::span<const TensorDesc* const> inputs,
                 std::span<const TensorDesc* const> outputs);

/// The type of the output where the caller did not declare one.
DataType result_type(const Op& op, std::span<const TensorDesc* const> inputs);

}  // namespace presil
