#pragma once
// Quantities that never convert into each other implicitly (DESIGN.md section 2).

#include <cmath>
#include <compare>
#include <cstdint>

namespace presil {

/// A number with a unit. `Tag` tells units apart, `Rep` holds the value. Sums, differences and
/// comparisons stay inside one unit; scaling takes a plain number.
template <typename Tag, typename Rep>
struct Quantity {
  Rep value{};

  constexpr Quantity() = default;
  constexpr explicit Quantity(Rep v) : value(v) {}

  friend constexpr auto operator<=>(const Quantity&, const Quantity&) = default;
  constexpr Quantity& operator+=(Quantity other) {
    value += other.value;
    return *this;
  }
  constexpr Quantity& operator-=(Quantity other) {
    value -= other.value;
    return *this;
  }
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return a += b; }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return a -= b; }
  friend constexpr Quantity operator*(Quantity a, Rep factor) { return Quantity(a.value * factor); }
  friend constexpr Quantity operator*(Rep factor, Quantity a) { return a * factor; }
};

using Cycles = Quantity<struct CyclesTag, std::int64_t>;            ///< of a core's clock
using Bytes = Quantity<struct BytesTag, std::int64_t>;              ///< stored or moved
using Macs = Quantity<struct MacsTag, std::int64_t>;                ///< multiply-accumulates
using Picoseconds = Quantity<struct PicosecondsTag, std::int64_t>;  ///< simulated time
using Picojoules = Quantity<struct PicojoulesTag, double>;          ///< energy
using BytesPerCycle = Quantity<struct BytesPerCycleTag, double>;    ///< rate; > 0 where it divides

/// Time to move `bytes` at `rate`, rounded up to whole cycles. `rate` must be > 0.
inline Cycles operator/(Bytes bytes, BytesPerCycle rate) {
  return Cycles(
      static_cast<std::int64_t>(std::ceil(static_cast<double>(bytes.value) / rate.value)));
}

/// ceil(a / b) for a >= 0, b > 0.
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
/// The smallest multiple of `b` that is >= a, for a >= 0, b > 0.
constexpr std::int64_t round_up(std::int64_t a, std::int64_t b) { return ceil_div(a, b) * b; }

}  // namespace presil
