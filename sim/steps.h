#pragma once
// Elementwise operators as steps of a Function. Private to sim/functions.cc and its parts.

#include <optional>
#include <string>
#include <vector>

#include "sim/functions.h"

namespace presil {

/// How a tensor's stored values stand for real ones.
Format format_of(const FunctionalPlan& plan, TensorId id);
/// 8 or 16 bits with one scale: TFLite's fixed-point kernels apply.
bool is_fixed_point(const TensorDesc& tensor);
bool same_scale(const TensorDesc& a, const TensorDesc& b);
ScaleAndZero scale_of(const TensorDesc& tensor);

/// Stored bits -> stored bits of an operator with one operand, by the reference executor: all 8- or
/// 16-bit values.
TableStep table_of(const FunctionalPlan& plan, const Op& op, TensorId in, TensorId out);

/// The step of an elementwise operator behind `streamed` of a stage. Throws Error naming it if the
/// machine cannot execute it.
Step step_of(const FunctionalPlan& plan, const Stage& stage, const Op& op, TensorId streamed);

/// Where a stage has an operand of `op`, and which element of it each result needs. `shape`: of a
/// constant, as it broadcasts (NumPy), where that is not its own.
ElementSource element_source(const FunctionalPlan& plan, const Stage& stage, const Op& op,
                             TensorId id, const Shape& shape = {});

/// From one quantisation to another; empty if they are the same.
std::optional<Rescale> rescale_of(const FunctionalPlan& plan, const Op& op, TensorId in,
                                  TensorId out);

/// The bits of a constant's elements, as they are stored.
std::vector<std::int32_t> constant_bits(const FunctionalPlan& plan, TensorId id);

[[noreturn]] void cannot_execute(const Op& op, const std::string& why);

}  // namespace presil
