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
      const ElementOrder result = plan.order_of(made), from = plan.order_of(in());
      move.index = index_map(
          result, source_table(result, broadcast_source(from, result.shape), from.batch_step()));
    }
    steps.push_back(step_of(plan, stage, op, in()));
    return move;
  }

  FunctionKind movement() {
    MoveFunction move{.in = in_extents()};
    move.rescale = rescale_of(plan, op, in(), made);
    if (op.kind == OpKind::kPad)
      move.fill = format_of(plan, made).stored(double{op.as<PadAttrs>().value});
    if (stage.reach == Reach::kSame || op.kind == OpKind::kConcat)
      return move;  // parts of concat and split, copies
    move.direct = false;
    const ElementOrder result = plan.order_of(made);
    std::size_t which = 0;
    if (op.kind == OpKind::kSplit)
      which = static_cast<std::size_t>(std::find(op.outputs.begin(), op.outputs.end(), made) -
                                       op.outputs.begin());
    move.index =
        index_map(result, source_table(result, source_of(graph(), plan.last(), op, 0, which),
                                       plan.order_of(in()).batch_step()));
    return move;
  }

  FunctionKind gather() {
    return desc(op.inputs[1]).constant ? FunctionKind(chosen_elements()) : FunctionKind(lookup());
  }

 private:
  /// An element of a result of gather: the place of its index, and of its element at index 0.
  struct Place {
    Shape index, element;
  };
  Place place(const Shape& result) const {
    const auto axis = static_cast<std::ptrdiff_t>(op.as<AxisAttrs>().axis);
    const auto begin = result.begin() + axis;
    const auto end = begin + static_cast<std::ptrdiff_t>(desc(op.inputs[1]).shape.size());
    Place at{Shape(begin, end), Shape(result.begin(), begin)};
    at.element.push_back(0);
    at.element.insert(at.element.end(), end, result.end());
    return at;
  }

  MoveFunction chosen_elements() {
    const TensorId table = op.inputs[0], indices = op.inputs[1];
    MoveFunction move{.direct = false, .in = in_extents()};
    move.rescale = rescale_of(plan, op, table, made);
    const ElementOrder from = plan.order_of(table), result = plan.order_of(made);
    const std::vector<std::int64_t> values = stored_integers(tensor_of(desc(indices)));
    const auto axis = static_cast<std::size_t>(op.as<AxisAttrs>().axis);
    const ElementOrder places(desc(indices).shape, true);
    move.index = index_map(
        result, source_table(
                    result,
                    [&](const Shape& index) {
                      Place at = place(index);
                      std::int64_t i = values[static_cast<std::size_t>(places.ordinal(at.index))];
                      if (i < 0) i += from.shape[axis];
                      if (i < 0 || i >= from.shape[axis])
                        throw Error("{}: index {} is outside of axis {} of {}", op.name, i, axis,
                                    to_string(from.shape));
                      at.element[axis] = i;
                      return from.ordinal(at.element);
                    },
                    from.batch_step()));
    return move;
  }

  LookupFunction lookup() {
    const TensorId table = op.inputs[0], indices = op.inputs[1];
    const bool in_memory = desc(table).constant;
    LookupFunction f{
        .entries = desc(table).shape[static_cast<std::size_t>(op.as<AxisAttrs>().axis)],
        .element = plan.element_of(table),
        .in = in_extents(),
        .memory = in_memory ? plan.weight_memory() : -1,
        .rescale = rescale_of(plan, op, table, made),
        .name = op.name};
    const ElementOrder from =
        in_memory ? ElementOrder(desc(table).shape, true) : plan.order_of(table);
    f.step = from.stride[static_cast<std::size_t>(op.as<AxisAttrs>().axis)];
    const ElementOrder result = plan.order_of(made), places = plan.order_of(indices);
    f.base = index_map(
        result, source_table(
                    result, [&](const Shape& index) { return from.ordinal(place(index).element); },
                    from.batch_step()));
    f.index.element = plan.element_of(indices);
    f.index.from = in_memory ? ElementSource::From::kInput : ElementSource::From::kOperand;
    const FeatureMap& map = in_memory ? stage.in : stage.operands.at(0).map;
    f.index.extents = {map.rows, map.columns, map.channels};
    f.index.index = index_map(
        result, source_table(
                    result, [&](const Shape& index) { return places.ordinal(place(index).index); },
                    places.batch_step()));
    return f;
  }
};

}  // namespace

FunctionKind elementwise_function(const StageOp& call) { return Move(call).elementwise(); }
FunctionKind movement_function(const StageOp& call) { return Move(call).movement(); }
FunctionKind gather_function(const StageOp& call) { return Move(call).gather(); }

}  // namespace presil
