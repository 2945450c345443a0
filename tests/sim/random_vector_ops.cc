// Random elementwise operators.

#include "tests/sim/operand_maker.h"

namespace presil::testing {

namespace {

using Maker = OperandMaker;
using enum OpKind;

/// A shape that broadcasts to x's.
Shape broadcast(Maker& m, TensorId x) {
  Shape other = m.shape(x);
  for (std::int64_t& extent : other)
    if (m.chance(30)) extent = 1;
  return other;
}
TensorId other_side(Maker& m, TensorId x) {
  const Shape other = broadcast(m, x);
  return m.chance(60) ? m.input(other) : m.constant_like(other);
}

TensorId binary(Maker& m, TensorId x) {
  const OpKind kind = m.of<OpKind>({kAdd, kSub, kMul, kMin, kMax});
  const TensorId y = other_side(m, x);
  return m.chance(50) ? m.op(kind, {}, {x, y}, "binary") : m.op(kind, {}, {y, x}, "binary");
}
TensorId division(Maker& m, TensorId x) {
  const TensorId y = other_side(m, x);
  return m.chance(50) ? m.op(kDiv, {}, {x, y}, "div") : m.op(kDiv, {}, {y, x}, "div");
}
TensorId power(Maker& m, TensorId x) { return m.op(kPow, {}, {x, other_side(m, x)}, "pow"); }
TensorId prelu(Maker& m, TensorId x) {
  const Shape s = m.shape(x);
  const Shape slope = m.chance(60)   ? Shape{s[1], 1, 1}
                      : m.chance(50) ? Shape{1, 1, 1}
                                     : Shape{s[1], s[2], s[3]};
  return m.op(kPRelu, {}, {x, m.constant_like(slope)}, "prelu");
}
TensorId comparison(Maker& m, TensorId x) {
  const OpKind kind = m.of<OpKind>({kEqual, kLess, kGreater});
  TensorId y = m.op_into(kind, {}, {x, other_side(m, x)}, DataType::kBool, "compare");
  if (m.chance(40)) y = m.op_into(kNot, {}, {y}, DataType::kBool, "not");
  return y;
}
TensorId where(Maker& m, TensorId x) {
  const Shape s = m.shape(x);
  const TensorId condition =
      m.chance(60) ? m.input_of(DataType::kBool, broadcast(m, x))
                   : m.op_into(kLess, {}, {x, other_side(m, x)}, DataType::kBool, "condition");
  const TensorId other = other_side(m, x);
  return m.chance(50) ? m.op(kWhere, {}, {condition, x, other}, "where", true)
                      : m.op(kWhere, {}, {condition, other, x}, "where", true);
}

TensorId activation(Maker& m, TensorId x) {
  return m.unary(x,
                 m.of<OpKind>({kRelu, kRelu6, kClip, kLeakyRelu, kSigmoid, kTanh, kHardSwish, kSilu,
                               kGelu, kElu, kAbs, kHardSigmoid, kSoftplus, kErf}),
                 "unary");
}
TensorId function(Maker& m, TensorId x) {
  if (m.chance(50)) x = m.unary(x, kSigmoid, "positive");
  return m.unary(x,
                 m.of<OpKind>({kExp, kLog, kSqrt, kRsqrt, kReciprocal, kNeg, kAbs, kFloor, kSquare,
                               kSin, kCos}),
                 "function");
}

/// Out of the integers and, often, back again.
TensorId dequantize(Maker& m, TensorId x) {
  if (m.floats()) return m.op(kIdentity, {}, {x}, "identity", true);
  TensorId y = m.op_into(kDequantize, {}, {x}, DataType::kFloat32, "reals");
  if (m.chance(60))
    y = m.op_into(m.of<OpKind>({kSin, kSigmoid, kGelu, kSquare}), {}, {y}, DataType::kFloat32,
                  "real_function");
  if (m.chance(40)) y = m.op_into(kAdd, {}, {y, y}, DataType::kFloat32, "twice");
  return m.chance(60) ? m.op(kQuantize, {}, {y}, "quantised") : y;
}
TensorId requantize(Maker& m, TensorId x) {
  if (m.floats()) return m.unary(x, kNeg, "neg");
  return m.op(kQuantize, {}, {x}, "requantised");
}
TensorId cast(Maker& m, TensorId x) {
  if (m.floats())
    return m.op_into(kCast, CastAttrs{.to = DataType::kInt32}, {x}, DataType::kInt32, "cast");
  const DataType to = m.of<DataType>({DataType::kInt32, DataType::kInt16, DataType::kInt8});
  return m.op_into(kCast, CastAttrs{.to = to}, {x}, to, "cast");
}

}  // namespace

std::vector<RandomOp> random_vector_ops() {
  return {{"Add", false, binary},      {"Mul", true, binary},
          {"Div", false, division},    {"Pow", false, power},
          {"PRelu", false, prelu},     {"Less", false, comparison},
          {"Where", false, where},     {"Where", true, where},
          {"Relu", false, activation}, {"Relu", true, activation},
          {"Exp", false, function},    {"Quantize", false, requantize},
          {"Cast", false, cast},       {"Dequantize", false, dequantize}};
}

}  // namespace presil::testing
