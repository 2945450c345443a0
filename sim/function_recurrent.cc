// LSTM, GRU and RNN as Functions.

#include <fmt/format.h>

#include "models/tensor_values.h"
#include "sim/stage_op.h"

namespace presil {

namespace {

class Recurrent : StageOp {
 public:
  explicit Recurrent(const StageOp& call) : StageOp(call), attrs_(call.op.as<RecurrentAttrs>()) {}

  FunctionKind function() const {
    if (stage.kind != StageKind::kRecurrent) return state();
    RecurrentFunction f{.cell = cell(),
                        .linear_before_reset = attrs_.linear_before_reset,
                        .reverse = attrs_.direction == Direction::kReverse,
                        .batch_first = attrs_.batch_first,
                        .gates = stage.gates,
                        .hidden = stage.hidden,
                        .features = stage.reduction,
                        .steps = stage.steps,
                        .batch = batch(),
                        .directions = stage.directions,
                        .beside = beside()};
    f.input_weights = weights(op.inputs[1], plan.element_of(op.inputs[1]));
    f.state_weights = weights(op.inputs[2], plan.element_of(op.inputs[2]));
    biases(f);
    f.first_h = first_state(4);
    f.first_c = first_state(5);
    f.in = format_of(plan, in());
    f.state = format_of(plan, op.outputs[0]);
    f.result = result();
    f.out = format_of(plan, made);
    return f;
  }

 private:
  RecurrentFunction::Cell cell() const {
    using Cell = RecurrentFunction::Cell;
    return op.kind == OpKind::kLstm  ? Cell::kLstm
           : op.kind == OpKind::kGru ? Cell::kGru
                                     : Cell::kRnn;
  }
  /// Sequences of the graph, and of the whole batch.
  std::int64_t beside() const { return desc(op.inputs[0]).shape[attrs_.batch_first ? 0 : 1]; }
  std::int64_t batch() const { return beside() * plan.batch(); }
  RecurrentFunction::Result result() const {
    using Result = RecurrentFunction::Result;
    if (made == op.outputs[0]) return Result::kSteps;
    return made == op.outputs[1] ? Result::kLastH : Result::kLastC;
  }
  bool has(std::size_t operand) const {
    return operand < op.inputs.size() && op.inputs[operand] != kNoTensor;
  }
  const TensorDesc& constant(std::size_t operand) const {
    const TensorDesc& tensor = desc(op.inputs[operand]);
    if (!tensor.constant)
      cannot_execute(op, fmt::format("operand {} is known only at run time", operand));
    return tensor;
  }

  /// One scale for all rows, or one for each.
  RecurrentFunction::Weights weights(TensorId id, Element element) const {
    const TensorDesc& tensor = desc(id);
    RecurrentFunction::Weights w{.element = element, .bits = bits_of(tensor.type)};
    if (!tensor.quantization) return w;
    const Quantization& q = *tensor.quantization;
    if (q.scale.size() > 1 && q.axis != 1) cannot_execute(op, "its weights' scales are not by row");
    w.scale.assign(q.scale.begin(), q.scale.end());
    w.zero.assign(q.zero_point.begin(), q.zero_point.end());
    return w;
  }

  /// [directions][those of the input, those of the state]: the first come with the weights, the
  /// others are configuration.
  void biases(RecurrentFunction& f) const {
    f.bias.element = Element::kInt32;
    if (!has(3)) return;
    const Tensor all = tensor_of(constant(3));
    f.bias.element = is_float(all.type) ? Element::kFp32 : Element::kInt32;
    const std::int64_t rows = stage.gates * stage.hidden;
    const std::vector<double> reals = real_values(all);
    for (std::int64_t i = 0; i < 2 * stage.directions * rows; ++i)
      if (i / rows % 2 == 1) f.state_bias.push_back(reals[static_cast<std::size_t>(i)]);
    if (!all.quantization) return;
    const RecurrentFunction::Weights by_row = weights(op.inputs[3], f.bias.element);
    f.bias.scale.clear();
    f.bias.zero.clear();
    for (std::int64_t d = 0; d < stage.directions; ++d)
      for (std::int64_t row = 0; row < rows; ++row) {
        const auto i = by_row.scale.size() == 1 ? 0 : static_cast<std::size_t>(row);
        f.bias.scale.push_back(by_row.scale[i]);
        f.bias.zero.push_back(by_row.zero[i]);
      }
  }

  /// Of [directions, batch, hidden] or, batch first, [batch, directions, hidden].
  std::vector<double> first_state(std::size_t operand) const {
    if (!has(operand)) return {};
    const std::vector<double> given = real_values(tensor_of(constant(operand)));
    std::vector<double> state;
    for (std::int64_t d = 0; d < stage.directions; ++d)
      for (std::int64_t n = 0; n < batch(); ++n)
        for (std::int64_t i = 0; i < stage.hidden; ++i) {
          const std::int64_t own = n % beside();  // a constant serves the batch
          const std::int64_t line =
              attrs_.batch_first ? own * stage.directions + d : d * beside() + own;
          state.push_back(given[static_cast<std::size_t>(line * stage.hidden + i)]);
        }
    return state;
  }

  /// A last state that is copied out behind: h from the steps' results, c from the machine.
  FunctionKind state() const {
    if (result() == RecurrentFunction::Result::kLastC)
      return CellStateFunction{.of = plan.recurrent_function(stage.op),
                               .hidden = attrs_.hidden,
                               .batch = batch(),
                               .directions = directions(),
                               .beside = beside(),
                               .batch_first = attrs_.batch_first,
                               .out = format_of(plan, made)};
    MoveFunction move{.direct = false, .in = in_extents()};
    move.rescale = rescale_of(plan, op, in(), made);
    const ElementOrder to = plan.order_of(made), from = plan.order_of(in());
    move.index = index_map(to, source_table(to, last_state_source(op, from), from.batch_step()));
    return move;
  }
  std::int64_t directions() const { return attrs_.direction == Direction::kBidirectional ? 2 : 1; }

  const RecurrentAttrs& attrs_;
};

}  // namespace

FunctionKind recurrent_function(const StageOp& call) { return Recurrent(call).function(); }

}  // namespace presil
