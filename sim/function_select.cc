// Where as Functions: one, or two where all three operands stream.

#include "sim/stage_op.h"

namespace presil {

namespace {

using From = ElementSource::From;

class Select : StageOp {
 public:
  explicit Select(const StageOp& call) : StageOp(call) {}

  FunctionKind function(int pass) const {
    if (stage.operands.size() < 2)
      return SelectFunction{source(op.inputs[0]), side(op.inputs[1]), side(op.inputs[2])};
    return pass == 0 ? first() : second();
  }

 private:
  ElementSource source(TensorId id) const { return element_source(plan, stage, op, id); }
  SelectFunction::Side side(TensorId id) const {
    return {source(id), rescale_of(plan, op, id, made)};
  }
  bool condition_streams() const { return in() == op.inputs[0]; }
  /// What the first pass puts everywhere.
  TensorId first_side() const { return condition_streams() ? stage.operands[0].tensor : in(); }

  SelectFunction first() const {
    SelectFunction f;
    f.condition = {.from = From::kImmediate, .immediate = 1};
    f.yes = side(first_side());
    return f;
  }

  /// The command's input is the condition, its operand the other side.
  SelectFunction second() const {
    SelectFunction f;
    f.condition = source(op.inputs[0]);
    f.condition.from = From::kInput;
    const bool yes_is_there = first_side() == op.inputs[1];
    (yes_is_there ? f.yes : f.no).source.from = From::kKept;
    SelectFunction::Side& other = yes_is_there ? f.no : f.yes;
    other = side(op.inputs[yes_is_there ? 2 : 1]);
    other.source.from = From::kOperand;
    return f;
  }
};

}  // namespace

FunctionKind select_function(const StageOp& call, int pass) { return Select(call).function(pass); }

}  // namespace presil
