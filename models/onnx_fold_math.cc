// Arithmetic, comparisons and logic over constants.

#include <algorithm>
#include <array>
#include <cmath>

#include "models/onnx_fold.h"
#include "models/onnx_layout.h"
#include "models/onnx_rearrange.h"

namespace presil {
namespace {

using I = std::int64_t;
using U = std::uint64_t;

/// An operator on integers and on reals; nullptr where it has no meaning.
struct Binary {
  std::string_view type;
  I (*integers)(I, I);
  double (*reals)(double, double);
  bool compares = false;
};

I divided(I a, I b) {
  if (b == 0) throw Error("a constant is divided by zero");
  return b == -1 ? static_cast<I>(-static_cast<U>(a)) : a / b;
}

/// With the sign of the divisor, as Python does.
I modulo(I a, I b) {
  if (b == 0) throw Error("a constant is divided by zero");
  if (b == -1) return 0;
  const I rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

I power(I base, I exponent) {
  return static_cast<I>(std::llround(
      std::clamp(std::pow(static_cast<double>(base), static_cast<double>(exponent)), -9e18, 9e18)));
}

constexpr std::array kBinary = {
    Binary{"Add", [](I a, I b) { return static_cast<I>(U(a) + U(b)); },
           [](double a, double b) { return a + b; }},
    Binary{"Sum", [](I a, I b) { return static_cast<I>(U(a) + U(b)); },
           [](double a, double b) { return a + b; }},
    Binary{"Sub", [](I a, I b) { return static_cast<I>(U(a) - U(b)); },
           [](double a, double b) { return a - b; }},
    Binary{"Mul", [](I a, I b) { return static_cast<I>(U(a) * U(b)); },
           [](double a, double b) { return a * b; }},
    Binary{"Div", divided, [](double a, double b) { return a / b; }},
    Binary{"Mod", modulo, [](double a, double b) { return std::fmod(a, b); }},
    Binary{"Pow", power, [](double a, double b) { return std::pow(a, b); }},
    Binary{"Min", [](I a, I b) { return std::min(a, b); },
           [](double a, double b) { return std::min(a, b); }},
    Binary{"Max", [](I a, I b) { return std::max(a, b); },
           [](double a, double b) { return std::max(a, b); }},
    Binary{"And", [](I a, I b) { return I{a != 0 && b != 0}; }, nullptr, true},
    Binary{"Or", [](I a, I b) { return I{a != 0 || b != 0}; }, nullptr, true},
    Binary{"Xor", [](I a, I b) { return I{(a != 0) != (b != 0)}; }, nullptr, true},
    Binary{"Equal", [](I a, I b) { return I{a == b}; },
           [](double a, double b) { return a == b ? 1.0 : 0.0; }, true},
    Binary{"Less", [](I a, I b) { return I{a < b}; },
           [](double a, double b) { return a < b ? 1.0 : 0.0; }, true},
    Binary{"Greater", [](I a, I b) { return I{a > b}; },
           [](double a, double b) { return a > b ? 1.0 : 0.0; }, true},
    Binary{"LessOrEqual", [](I a, I b) { return I{a <= b}; },
           [](double a, double b) { return a <= b ? 1.0 : 0.0; }, true},
    Binary{"GreaterOrEqual", [](I a, I b) { return I{a >= b}; },
           [](double a, double b) { return a >= b ? 1.0 : 0.0; }, true},
};

struct Unary {
  std::string_view type;
  I (*integers)(I);
  double (*reals)(double);
};

constexpr std::array kUnary = {
    Unary{"Neg", [](I a) { return static_cast<I>(-U(a)); }, [](double a) { return -a; }},
    Unary{"Abs", [](I a) { return a < 0 ? static_cast<I>(-U(a)) : a; },
          [](double a) { return std::fabs(a); }},
    Unary{"Sign", [](I a) { return I{a > 0} - I{a < 0}; },
          [](double a) { return double(a > 0) - double(a < 0); }},
    Unary{"Relu", [](I a) { return std::max<I>(a, 0); }, [](double a) { return std::max(a, 0.0); }},
    Unary{"Not", [](I a) { return I{a == 0}; }, nullptr},
    Unary{"Floor", nullptr, [](double a) { return std::floor(a); }},
    Unary{"Ceil", nullptr, [](double a) { return std::ceil(a); }},
    Unary{"Round", nullptr, [](double a) { return std::nearbyint(a); }},
    Unary{"Sqrt", nullptr, [](double a) { return std::sqrt(a); }},
    Unary{"Reciprocal", nullptr, [](double a) { return 1 / a; }},
    Unary{"Exp", nullptr, [](double a) { return std::exp(a); }},
    Unary{"Log", nullptr, [](double a) { return std::log(a); }},
    Unary{"Sin", nullptr, [](double a) { return std::sin(a); }},
    Unary{"Cos", nullptr, [](double a) { return std::cos(a); }},
    Unary{"Erf", nullptr, [](double a) { return std::erf(a); }},
    Unary{"Tanh", nullptr, [](double a) { return std::tanh(a); }},
    Unary{"Sigmoid", nullptr, [](double a) { return 1 / (1 + std::exp(-a)); }},
};

template <typename Rows>
const auto& row_of(const Rows& rows, const OnnxNode& node) {
  return *std::find_if(rows.begin(), rows.end(),
                       [&](const auto& row) { return row.type == node.type(); });
}

Shape broadcast_operands(OnnxContext& context, const OnnxNode& node) {
  Shape shape = context.shape(node, 0);
  for (std::size_t i = 1; i < node.input_count(); ++i)
    shape = onnx_broadcast(node, shape, context.shape(node, i));
  return shape;
}

void require_type(OnnxContext& context, const OnnxNode& node, std::size_t i, DataType type) {
  if (context.type(node, i) != type)
    throw Error("{}: operand {} is {}, must be {}", node.place(), i, name_of(context.type(node, i)),
                name_of(type));
}

/// Are the values known, and few enough to be computed with?
bool computable(OnnxContext& context, const OnnxNode& node, const Shape& shape) {
  const std::int64_t elements = bounded_elements(shape);
  if (!has_operand_values(context, node) || elements > kMaxComputedElements) return false;
  context.spend(node, 32 * elements);
  return true;
}

template <typename T, typename Read, typename Compute>
std::vector<T> accumulated(OnnxContext& context, const OnnxNode& node, const Shape& shape,
                           Read read, Compute compute) {
  std::vector<T> values = read(expanded(folded_operand(context, node, 0), shape));
  for (std::size_t i = 1; i < node.input_count(); ++i) {
    const std::vector<T> more = read(expanded(folded_operand(context, node, i), shape));
    for (std::size_t at = 0; at < values.size(); ++at) values[at] = compute(values[at], more[at]);
  }
  return values;
}

void fold_binary(OnnxContext& context, const OnnxNode& node) {
  const Binary& row = row_of(kBinary, node);
  const DataType type = context.type(node, 0);
  for (std::size_t i = 1; node.type() != "Pow" && i < node.input_count(); ++i)
    require_type(context, node, i, type);
  const Shape shape = broadcast_operands(context, node);
  const DataType made = row.compares ? DataType::kBool : type;
  const bool real = is_float(type) || (node.type() == "Pow" && is_float(context.type(node, 1)));
  if (!computable(context, node, shape) || (real && row.reals == nullptr))
    return bind_shape_only(context, node, made, shape);
  const auto rounded = [&] {  // every step of a sum of three is rounded to the type
    return constant_from(made, shape,
                         accumulated<double>(context, node, shape, reals_of, row.reals));
  };
  const bool truncating = node.type() == "Mod" && node.integer("fmod", 0) != 0;
  const auto remainder = [](I a, I b) { return b == 0 || b == -1 ? divided(0, b) : a % b; };
  context.bind(node, 0,
               real ? rounded()
                    : constant_from(made, shape,
                                    accumulated<I>(context, node, shape, integers_of,
                                                   truncating ? remainder : row.integers)));
}

void fold_unary(OnnxContext& context, const OnnxNode& node) {
  const Unary& row = row_of(kUnary, node);
  const OnnxConstant& x = folded_operand(context, node, 0);
  const bool real = is_float(x.type);
  if (!computable(context, node, x.shape) ||
      (real ? row.reals == nullptr : row.integers == nullptr))
    return bind_shape_only(context, node, x.type, x.shape);
  if (real) {
    std::vector<double> values = reals_of(x);
    std::transform(values.begin(), values.end(), values.begin(), row.reals);
    return context.bind(node, 0, constant_from(x.type, x.shape, values));
  }
  std::vector<I> values = integers_of(x);
  std::transform(values.begin(), values.end(), values.begin(), row.integers);
  context.bind(node, 0, constant_from(x.type, x.shape, values));
}

void fold_where(OnnxContext& context, const OnnxNode& node) {
  require_type(context, node, 0, DataType::kBool);
  const DataType type = context.type(node, 1);
  require_type(context, node, 2, type);
  const Shape shape = broadcast_operands(context, node);
  if (!computable(context, node, shape)) return bind_shape_only(context, node, type, shape);
  const auto chosen = integers_of(expanded(folded_operand(context, node, 0), shape));
  OnnxConstant x = expanded(folded_operand(context, node, 1), shape);
  const OnnxConstant y = expanded(folded_operand(context, node, 2), shape);
  TensorData data = *x.data;
  const std::size_t bytes = element_bytes(type);
  for (std::size_t i = 0; i < chosen.size(); ++i)
    if (chosen[i] == 0) std::memcpy(data.data() + i * bytes, y.data->data() + i * bytes, bytes);
  x.data = std::make_shared<const TensorData>(std::move(data));
  context.bind(node, 0, std::move(x));
}

void fold_cast(OnnxContext& context, const OnnxNode& node) {
  const auto to = static_cast<int>(std::clamp<I>(node.integer("to", 0), 0, 1000));
  const auto type = data_type_of_onnx(to);
  if (!type) throw OnnxUnsupported("a cast to {}", onnx_type_name(to));
  const OnnxConstant& x = folded_operand(context, node, 0);
  if (x.type == *type) return context.bind(node, 0, OnnxConstant(x));
  if (!computable(context, node, x.shape)) return bind_shape_only(context, node, *type, x.shape);
  const bool to_bool = *type == DataType::kBool;
  const bool as_reals = is_float(*type) || (to_bool && is_float(x.type));
  context.bind(node, 0,
               as_reals ? constant_from(*type, x.shape, reals_of(x))
                        : constant_from(*type, x.shape, integers_of(x)));
}

constexpr auto kRows = [] {
  std::array<OnnxFold, kBinary.size() + kUnary.size() + 2> all;
  std::size_t at = 0;
  for (const Binary& row : kBinary) all[at++] = {row.type, fold_binary};
  for (const Unary& row : kUnary) all[at++] = {row.type, fold_unary};
  all[at++] = {"Where", fold_where};
  all[at++] = {"Cast", fold_cast};
  return all;
}();

}  // namespace

std::span<const OnnxFold> onnx_math_folds() { return kRows; }

}  // namespace presil
