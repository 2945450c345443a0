// Reductions and global pooling as Functions.

#include "models/tensor_values.h"
#include "sim/stage_op.h"

namespace presil {

namespace {

class ReductionMaker : StageOp {
 public:
  explicit ReductionMaker(const StageOp& call) : StageOp(call) {}

  FunctionKind function() {
    const bool global = op.kind == OpKind::kGlobalAveragePool || op.kind == OpKind::kGlobalMaxPool;
    ReduceFunction f{.reduction = reduction_kind(),
                     .over_rows = stage.sums_rows,
                     .in = in_extents(),
                     .out = out_extents(),
                     .format = format_of(plan, in())};
    const ElementOrder from = plan.order_of(in()), result = plan.order_of(made);
    f.count = from.elements() / result.elements();
    if (!f.over_rows) {
      const auto& attrs = op.as<ReduceAttrs>();
      const Source target = reduction_target(result, from.shape, attrs.axes, attrs.keep_dims);
      f.target = source_table(from, target, result.batch_step());
    }
    if (f.reduction == Reduction::kArgMax) {
      const auto axis = static_cast<std::size_t>(op.as<ReduceAttrs>().axes.at(0));
      f.column_counts = from.extents.columns > result.extents.columns;
      f.position = source_table(
          from, [axis](const Shape& index) { return index[axis]; }, 0);
      return f;
    }
    finish_reduction(f, global);
    return f;
  }

  Reduction reduction_kind() const {
    switch (op.kind) {
      case OpKind::kReduceSum:
        return Reduction::kSum;
      case OpKind::kGlobalMaxPool:
      case OpKind::kReduceMax:
        return Reduction::kMax;
      case OpKind::kReduceMin:
        return Reduction::kMin;
      case OpKind::kArgMax:
        return Reduction::kArgMax;
      default:
        return Reduction::kMean;
    }
  }

  void finish_reduction(ReduceFunction& f, bool global) {
    const Format to = format_of(plan, made);
    const Format from = f.format;
    const double count = f.reduction == Reduction::kMean ? static_cast<double>(f.count) : 1;
    if (f.reduction == Reduction::kMax || f.reduction == Reduction::kMin) {
      const auto change = rescale_of(plan, op, in(), made);
      f.finish_integer = [change](std::int64_t v) {
        return change ? (*change)(static_cast<std::int32_t>(v)) : static_cast<std::int32_t>(v);
      };
      f.finish_real = [to](double v) { return to.stored(v); };
      return;
    }
    f.finish_real = [to, count](double sum) { return to.stored(sum / count); };
    if (global && keeps_fixed_point()) {
      f.finish_integer = [n = f.count](std::int64_t sum) { return rounded_average(sum, n); };
    } else if (!global && is_fixed_point(desc(in())) && is_fixed_point(desc(made))) {
      const bool wide = desc(in()).type == DataType::kInt16;
      const Requantizer requantizer{
          quantize_multiplier(from.scale.scale / (to.scale.scale * count)),
          static_cast<std::int32_t>(to.scale.zero_point), range_of(desc(made).type)};
      f.finish_integer = [requantizer, wide,
                          all = f.count * from.scale.zero_point](std::int64_t s) {
        return wide ? requantizer(s - all) : requantizer(static_cast<std::int32_t>(s - all));
      };
    }  // else real sums
  }
};

}  // namespace

FunctionKind reduction_function(const StageOp& call) { return ReductionMaker(call).function(); }

}  // namespace presil
