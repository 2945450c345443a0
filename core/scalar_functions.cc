#include "core/scalar_functions.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.h"

namespace presil {

double evaluate(UnaryFunction function, double x, double alpha, double beta) {
  switch (function) {
    case UnaryFunction::kRelu:
      return std::max(x, 0.0);
    case UnaryFunction::kRelu6:
      return std::min(std::max(x, 0.0), 6.0);
    case UnaryFunction::kClip:
      return std::min(std::max(x, alpha), beta);
    case UnaryFunction::kLeakyRelu:
      return x < 0 ? alpha * x : x;
    case UnaryFunction::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case UnaryFunction::kHardSigmoid:
      return std::max(0.0, std::min(1.0, alpha * x + beta));
    case UnaryFunction::kTanh:
      return std::tanh(x);
    case UnaryFunction::kHardSwish:
      return x * std::min(std::max(x + 3, 0.0), 6.0) / 6;
    case UnaryFunction::kSilu:
      return x / (1 + std::exp(-x));
    case UnaryFunction::kGelu:
      return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2));
    case UnaryFunction::kErf:
      return std::erf(x);
    case UnaryFunction::kExp:
      return std::exp(x);
    case UnaryFunction::kLog:
      return std::log(x);
    case UnaryFunction::kSqrt:
      return std::sqrt(x);
    case UnaryFunction::kRsqrt:
      return 1 / std::sqrt(x);
    case UnaryFunction::kReciprocal:
      return 1 / x;
    case UnaryFunction::kNeg:
      return -x;
    case UnaryFunction::kAbs:
      return std::fabs(x);
    case UnaryFunction::kFloor:
      return std::floor(x);
    case UnaryFunction::kElu:
      return x < 0 ? alpha * std::expm1(x) : x;
    case UnaryFunction::kSoftplus:  // without overflow for large x
      return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
    case UnaryFunction::kSquare:
      return x * x;
    case UnaryFunction::kSin:
      return std::sin(x);
    case UnaryFunction::kCos:
      return std::cos(x);
    case UnaryFunction::kNot:
      return x == 0 ? 1 : 0;
    case UnaryFunction::kIdentity:
      return x;
  }
  PRESIL_CHECK(false, "unary function {}", static_cast<int>(function));
}

double evaluate(BinaryFunction function, double x, double y) {
  switch (function) {
    case BinaryFunction::kAdd:
      return x + y;
    case BinaryFunction::kSub:
      return x - y;
    case BinaryFunction::kMul:
      return x * y;
    case BinaryFunction::kDiv:
      return x / y;
    case BinaryFunction::kMin:
      return std::min(x, y);
    case BinaryFunction::kMax:
      return std::max(x, y);
    case BinaryFunction::kPow:
      return std::pow(x, y);
    case BinaryFunction::kEqual:
      return x == y ? 1 : 0;
    case BinaryFunction::kLess:
      return x < y ? 1 : 0;
    case BinaryFunction::kGreater:
      return x > y ? 1 : 0;
    case BinaryFunction::kPRelu:
      return x < 0 ? x * y : x;
  }
  PRESIL_CHECK(false, "binary function {}", static_cast<int>(function));
}

}  // namespace presil
