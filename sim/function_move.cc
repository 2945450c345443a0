// Elementwise operators and data movements as Functions: one element for one.

#include <algorithm>

#include "core/error.h"
#include "models/tensor_values.h"
#include "sim/stage_op.h"

namespace presil {

namespace {

class Move : StageOp {
 public:
  explicit Move(const StageOp& call) : StageOp(call) {}

  FunctionKind elementwise() {
    MoveFunction move{.in = in_extents()};
    if (stage.reach == Reach::kMapped) {
      move.direct = false;
      const ElementOrder result = plan.order_of(made);
      move.index = index_map(
          result, source_table(result, broadcast_source(plan.order_of(in()), result.shape)));
    }
    steps.push_back(step_of(plan, stage, op, in()));
    return move;
  }

  FunctionKind movement() {
    MoveFunction move{.in = in_extents()};
    move.rescale = rescale_of(plan, op, in(), made);
    if (op.kind == OpKind::kPad)
      move.fill = format_of(plan, made).stored(double{op.as<PadAttrs>().value});
    if (stage.reach == Reach::kSame) return move;  // parts of concat and split, copies
    move.direct = false;
    const ElementOrder result = plan.order_of(made);
    std::size_t which = 0;
    if (op.kind == OpKind::kSplit)
      which = static_cast<std::size_t>(std::find(op.outputs.begin(), op.outputs.end(), made) -
                                       op.outputs.begin());
    if (op.kind == OpKind::kConcat) cannot_execute(op, "along this axis");
    move.index =
        index_map(result, source_table(result, source_of(graph(), plan.last(), op, 0, which)));
    return move;
  }

  FunctionKind gather() {
    const TensorId table = op.inputs[0], indices = op.inputs[1];
    if (desc(table).constant || !desc(indices).constant)
      cannot_execute(op, "its table or indices are known only at run time");
    MoveFunction move{.direct = false, .in = in_extents()};
    move.rescale = rescale_of(plan, op, table, made);
    const ElementOrder from = plan.order_of(table), result = plan.order_of(made);
    const std::vector<std::int64_t> values = stored_integers(tensor_of(desc(indices)));
    const auto axis = static_cast<std::size_t>(op.as<AxisAttrs>().axis);
    const Shape& index_shape = desc(indices).shape;
    const ElementOrder places(index_shape, true);
    move.index = index_map(
        result, source_table(result, [&](const Shape& index) {
          const auto begin = index.begin() + static_cast<std::ptrdiff_t>(axis);
          const auto end = begin + static_cast<std::ptrdiff_t>(index_shape.size());
          std::int64_t at = values[static_cast<std::size_t>(places.ordinal(Shape(begin, end)))];
          if (at < 0) at += from.shape[axis];
          if (at < 0 || at >= from.shape[axis])
            throw Error("{}: index {} is outside of axis {} of {}", op.name, at, axis,
                        to_string(from.shape));
          Shape source(index.begin(), begin);
          source.push_back(at);
          source.insert(source.end(), end, index.end());
          return from.ordinal(source);
        }));
    return move;
  }
};

}  // namespace

FunctionKind elementwise_function(const StageOp& call) { return Move(call).elementwise(); }
FunctionKind movement_function(const StageOp& call) { return Move(call).movement(); }
FunctionKind gather_function(const StageOp& call) { return Move(call).gather(); }

}  // namespace presil
