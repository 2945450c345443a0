// Elementwise operators and changes of type.

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/lookup_table.h"
#include "core/scalar_functions.h"
#include "sim/reference/op_call.h"

namespace presil::reference {

namespace {

BinaryFunction binary_function(OpKind kind) {
  switch (kind) {
    case OpKind::kAdd:
      return BinaryFunction::kAdd;
    case OpKind::kSub:
      return BinaryFunction::kSub;
    case OpKind::kMul:
      return BinaryFunction::kMul;
    case OpKind::kDiv:
      return BinaryFunction::kDiv;
    case OpKind::kMin:
      return BinaryFunction::kMin;
    case OpKind::kMax:
      return BinaryFunction::kMax;
    case OpKind::kPow:
      return BinaryFunction::kPow;
    case OpKind::kEqual:
      return BinaryFunction::kEqual;
    case OpKind::kLess:
      return BinaryFunction::kLess;
    case OpKind::kGreater:
      return BinaryFunction::kGreater;
    case OpKind::kPRelu:
      return BinaryFunction::kPRelu;
    default:
      PRESIL_CHECK(false, "{} is no binary operator", op_info(kind).name);
  }
}

UnaryFunction unary_function(OpKind kind) {
  switch (kind) {
    case OpKind::kRelu:
      return UnaryFunction::kRelu;
    case OpKind::kRelu6:
      return UnaryFunction::kRelu6;
    case OpKind::kClip:
      return UnaryFunction::kClip;
    case OpKind::kLeakyRelu:
      return UnaryFunction::kLeakyRelu;
    case OpKind::kSigmoid:
      return UnaryFunction::kSigmoid;
    case OpKind::kHardSigmoid:
      return UnaryFunction::kHardSigmoid;
    case OpKind::kTanh:
      return UnaryFunction::kTanh;
    case OpKind::kHardSwish:
      return UnaryFunction::kHardSwish;
    case OpKind::kSilu:
      return UnaryFunction::kSilu;
    case OpKind::kGelu:
      return UnaryFunction::kGelu;
    case OpKind::kErf:
      return UnaryFunction::kErf;
    case OpKind::kExp:
      return UnaryFunction::kExp;
    case OpKind::kLog:
      return UnaryFunction::kLog;
    case OpKind::kSqrt:
      return UnaryFunction::kSqrt;
    case OpKind::kRsqrt:
      return UnaryFunction::kRsqrt;
    case OpKind::kReciprocal:
      return UnaryFunction::kReciprocal;
    case OpKind::kNeg:
      return UnaryFunction::kNeg;
    case OpKind::kAbs:
      return UnaryFunction::kAbs;
    case OpKind::kFloor:
      return UnaryFunction::kFloor;
    case OpKind::kElu:
      return UnaryFunction::kElu;
    case OpKind::kSoftplus:
      return UnaryFunction::kSoftplus;
    case OpKind::kSquare:
      return UnaryFunction::kSquare;
    case OpKind::kSin:
      return UnaryFunction::kSin;
    case OpKind::kCos:
      return UnaryFunction::kCos;
    case OpKind::kNot:
      return UnaryFunction::kNot;
    case OpKind::kIdentity:
      return UnaryFunction::kIdentity;
    default:
      PRESIL_CHECK(false, "{} is no unary operator", op_info(kind).name);
  }
}

/// result[i] = function(a[.], b[.]) with broadcasting.
template <typename Value, typename Function>
std::vector<Value> zipped(const OpCall& call, const std::vector<Value>& a,
                          const std::vector<Value>& b, const Function& function) {
  const Shape& to = call.out().shape;
  const auto left = broadcast_sources(call.in(0).shape, to);
  const auto right = broadcast_sources(call.in(1).shape, to);
  std::vector<Value> values(left.size());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = function(a[left[i]], b[right[i]]);
  return values;
}

template <typename Function>
void zip_integers(const OpCall& call, const Function& function) {
  store_integers(call.out(),
                 zipped(call, stored_integers(call.in(0)), stored_integers(call.in(1)),
                        [&](std::int64_t x, std::int64_t y) {
                          return static_cast<std::int64_t>(
                              function(static_cast<std::int32_t>(x), static_cast<std::int32_t>(y)));
                        }));
}

/// TFLite's fixed-point kernels. False: the operator has none.
bool run_fixed_point_binary(const OpCall& call) {
  if (!is_fixed_point(call.in(0)) || !is_fixed_point(call.in(1)) || !is_fixed_point(call.out()))
    return false;
  const ScaleAndZero a = scale_of(call, call.in(0)), b = scale_of(call, call.in(1)),
                     y = scale_of(call, call.out());
  const IntegerRange range = range_of(call.out().type);
  const bool alike = same_quantization(call.in(0), call.out()) &&
                     same_quantization(call.in(1), call.out()) && call.in().type == call.out().type;
  switch (call.op.kind) {
    case OpKind::kAdd:
    case OpKind::kSub:
      zip_integers(call, quantized_add(a, b, y, range, call.op.kind == OpKind::kSub));
      return true;
    case OpKind::kMul:
      zip_integers(call, quantized_mul(a, b, y, range));
      return true;
    case OpKind::kMin:
      if (alike) zip_integers(call, [](std::int32_t p, std::int32_t q) { return std::min(p, q); });
      return alike;
    case OpKind::kMax:
      if (alike) zip_integers(call, [](std::int32_t p, std::int32_t q) { return std::max(p, q); });
      return alike;
    default:
      return false;
  }
}

struct Clamp {
  double low, high;
};
/// The bounds of the operators that only clamp.
std::optional<Clamp> clamp_of(const Op& op) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (op.kind == OpKind::kRelu) return Clamp{0, kInfinity};
  if (op.kind == OpKind::kRelu6) return Clamp{0, 6};
  if (op.kind == OpKind::kClip) return Clamp{op.as<UnaryAttrs>().alpha, op.as<UnaryAttrs>().beta};
  if (op.kind == OpKind::kIdentity) return Clamp{-kInfinity, kInfinity};
  return std::nullopt;
}

UnaryAttrs unary_attrs(const Op& op) {
  const auto* attrs = std::get_if<UnaryAttrs>(&op.attrs);
  return attrs == nullptr ? UnaryAttrs{} : *attrs;
}

template <typename Function>
void map_integers(const OpCall& call, const Function& function) {
  std::vector<std::int64_t> values = stored_integers(call.in());
  for (std::int64_t& value : values) value = function(static_cast<std::int32_t>(value));
  store_integers(call.out(), values);
}

LookupTable table_of(const OpCall& call, const TableOptions& options) {
  const UnaryAttrs attrs = unary_attrs(call.op);
  if (call.op.kind == OpKind::kHardSwish) return hard_swish_table(options);
  if (call.op.kind == OpKind::kLeakyRelu) return leaky_relu_table(options, attrs.alpha);
  const UnaryFunction function = unary_function(call.op.kind);
  return function_table(options,
                        [&](double x) { return evaluate(function, x, attrs.alpha, attrs.beta); });
}

/// Clamps of 8 and 16 bits and tables of 8 bits. False: the operator has neither.
bool run_fixed_point_unary(const OpCall& call) {
  if (!is_fixed_point(call.in()) || !is_fixed_point(call.out())) return false;
  const ScaleAndZero in = scale_of(call, call.in()), out = scale_of(call, call.out());
  const IntegerRange range = range_of(call.out().type);
  if (const auto clamp = clamp_of(call.op)) {
    const IntegerRange kept =
        clamp_range(clamp->low, clamp->high, out.scale, out.zero_point, range);
    map_integers(call, rescale(in, out, kept));
    return true;
  }
  if (!is_8_bit(call.in())) return false;
  map_integers(call, table_of(call, {in, out, range_of(call.in().type), range}));
  return true;
}

}  // namespace

void run_binary(const OpCall& call) {
  if (run_fixed_point_binary(call)) return;
  const BinaryFunction function = binary_function(call.op.kind);
  store_reals(call.out(), zipped(call, real_values(call.in(0)), real_values(call.in(1)),
                                 [&](double x, double y) { return evaluate(function, x, y); }));
}

void run_unary(const OpCall& call) {
  if (run_fixed_point_unary(call)) return;
  const UnaryFunction function = unary_function(call.op.kind);
  const UnaryAttrs attrs = unary_attrs(call.op);
  std::vector<double> values = real_values(call.in());
  for (double& value : values) value = evaluate(function, value, attrs.alpha, attrs.beta);
  store_reals(call.out(), values);
}

void run_where(const OpCall& call) {
  const Shape& to = call.out().shape;
  const std::vector<std::int64_t> condition = stored_integers(call.in(0));
  const auto chooser = broadcast_sources(call.in(0).shape, to);
  for (std::size_t operand = 1; operand <= 2; ++operand) {
    auto sources = broadcast_sources(call.in(operand).shape, to);
    for (std::size_t i = 0; i < sources.size(); ++i)
      if ((condition[chooser[i]] != 0) != (operand == 1)) sources[i] = kNoSource;
    take_elements(call, call.in(operand), sources, call.out());
  }
}

void run_conversion(const OpCall& call) {
  const Tensor& x = call.in();
  Tensor& y = call.out();
  if (call.op.kind == OpKind::kCast) {  // numbers as they are stored, whatever they stand for
    Tensor from = x;
    from.quantization.reset();
    const auto quantization = std::exchange(y.quantization, std::nullopt);
    is_float(x.type) || is_float(y.type) ? store_reals(y, real_values(from))
                                         : store_integers(y, stored_integers(from));
    y.quantization = quantization;
  } else if (is_fixed_point(x) && is_fixed_point(y)) {
    store_integers(y, rescaled_integers(call, x, y));
  } else {
    store_reals(y, real_values(x));
  }
}

}  // namespace presil::reference
