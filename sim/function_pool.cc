// Pooling as Functions.

#include <algorithm>

#include "sim/stage_op.h"

namespace presil {

namespace {

class Pool : StageOp {
 public:
  explicit Pool(const StageOp& call) : StageOp(call) {}

  FunctionKind function() {
    const Window& w = op.as<PoolAttrs>().window;
    PoolFunction p{.kernel_h = w.kernel_h,
                   .kernel_w = w.kernel_w,
                   .stride_h = w.stride_h,
                   .stride_w = w.stride_w,
                   .dilation_h = w.dilation_h,
                   .dilation_w = w.dilation_w,
                   .pad_top = w.pad_top,
                   .pad_left = w.pad_left,
                   .pad_bottom = w.pad_bottom,
                   .pad_right = w.pad_right,
                   .in_rows = stage.in.rows,
                   .in_columns = stage.in.columns,
                   .average = op.kind == OpKind::kAveragePool,
                   .element = plan.element_of(in())};
    if (!p.average) {
      if (const auto change = rescale_of(plan, op, in(), made))
        steps.push_back({.apply = RescaleStep{*change}});
      return p;
    }
    p.count_include_pad = op.as<PoolAttrs>().count_include_pad;
    const Format from = format_of(plan, in()), to = format_of(plan, made);
    p.average_reals = [to](double sum, std::int64_t count) {
      return to.stored(sum / static_cast<double>(std::max<std::int64_t>(count, 1)));
    };
    if (keeps_fixed_point()) {
      p.average_integers = [from](std::int64_t sum, std::int64_t count, std::int64_t padded) {
        return rounded_average(sum + padded * from.scale.zero_point,
                               std::max<std::int64_t>(count, 1));
      };
    } else if (!is_float(from.element)) {
      p.real_sum = true;
      p.format = from;
    }
    return p;
  }
};

}  // namespace

FunctionKind pool_function(const StageOp& call) { return Pool(call).function(); }

}  // namespace presil
