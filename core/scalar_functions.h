#pragma once
// What an elementwise operator does to real numbers. Evaluated in double and rounded once, when the
// result is stored: TFLite evaluates in float, so the last bit of an fp32 result may differ.

#include <cstdint>

namespace presil {

enum class UnaryFunction : std::uint8_t {
  kRelu,
  kRelu6,
  kClip,       ///< to [alpha, beta]
  kLeakyRelu,  ///< x < 0 ? alpha * x : x
  kSigmoid,
  kHardSigmoid,  ///< max(0, min(1, alpha * x + beta))
  kTanh,
  kHardSwish,  ///< x * relu6(x + 3) / 6
  kSilu,
  kGelu,  ///< 0.5 * x * (1 + erf(x / sqrt 2))
  kErf,
  kExp,
  kLog,
  kSqrt,
  kRsqrt,
  kReciprocal,
  kNeg,
  kAbs,
  kFloor,
  kElu,  ///< x < 0 ? alpha * (e^x - 1) : x
  kSoftplus,
  kSquare,
  kSin,
  kCos,
  kNot,  ///< 1 for 0, else 0
  kIdentity,
};
enum class BinaryFunction : std::uint8_t {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMin,
  kMax,
  kPow,
  kEqual,
  kLess,
  kGreater,  ///< comparisons: 1 or 0
  kPRelu,    ///< x < 0 ? x * slope : x
};

double evaluate(UnaryFunction function, double x, double alpha = 0, double beta = 0);
double evaluate(BinaryFunction function, double x, double y);

}  // namespace presil
