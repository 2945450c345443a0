#pragma once
// A stage's own operator, as the makers of functions see it. Private to sim/functions.cc and the
// families (function_*.cc), which derive from it.

#include <vector>

#include "sim/functions.h"
#include "sim/steps.h"

namespace presil {

struct StageOp {
  const FunctionalPlan& plan;
  const Stage& stage;
  const Op& op;
  TensorId made;             ///< by the operator itself, before what is fused
  std::vector<Step>& steps;  ///< of the Function, so far

  const Graph& graph() const { return plan.graph(); }
  const TensorDesc& desc(TensorId id) const { return plan.graph().tensor(id); }
  TensorId in() const { return stage.input; }
  Extents in_extents() const { return {stage.in.rows, stage.in.columns, stage.in.channels}; }
  Extents out_extents() const { return {stage.out.rows, stage.out.columns, stage.out.channels}; }
  /// Are both sides stored in fixed point, alike?
  bool keeps_fixed_point() const {
    return is_fixed_point(desc(in())) && is_fixed_point(desc(made)) &&
           same_scale(desc(in()), desc(made));
  }
};

// The families. Each throws Error naming the operator if the machine cannot execute it.
FunctionKind product_function(const StageOp& call);      ///< kConv ... kMatMul
FunctionKind elementwise_function(const StageOp& call);  ///< kAdd ... kDequantize
FunctionKind movement_function(const StageOp& call);     ///< kConcat ... kIdentity
FunctionKind gather_function(const StageOp& call);
/// `pass`: which of the commands that share a tile (sim/lower.cc).
FunctionKind select_function(const StageOp& call, int pass);
FunctionKind pool_function(const StageOp& call);
FunctionKind reduction_function(const StageOp& call);  ///< global pools, kReduceMean ... kArgMax
FunctionKind bilinear_function(const StageOp& call);
FunctionKind line_function(const StageOp& call);  ///< kSoftmax ... kLrn

FunctionKind recurrent_function(const StageOp& call);  ///< and what copies its last states out

}  // namespace presil
