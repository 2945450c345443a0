#include "cli/sweep_axis.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "core/error.h"

namespace presil::cli {

namespace {

constexpr std::size_t kMostValues = 10'000;
constexpr std::size_t kMostPoints = 100'000;
constexpr std::string_view kForms =
    "forms: key=8,16,32 or key=256..4096*2 (doubling) or key=16..64+16 (adding)";

struct Argument {
  const std::string& text;

  [[noreturn]] void fail(const std::string& rule) const {
    throw Error("--vary {}: {}; {}", text, rule, kForms);
  }
};

/// The number that `text` begins with; what is behind it stays in `text`.
std::optional<double> take_number(std::string_view& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !std::isfinite(number)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::string number_text(double number) {
  constexpr double kExact = 1e15;
  if (number == std::floor(number) && std::abs(number) < kExact)
    return fmt::format("{}", static_cast<std::int64_t>(number));
  // What adding and multiplying in binary leaves behind does not show.
  return fmt::format("{:.12g}", number);
}

/// "from..to*factor" or "from..to+step".
std::vector<std::string> range(const Argument& argument, std::string_view item) {
  const auto fail = [&] [[noreturn]] (const std::string& rule) {
    argument.fail(fmt::format("'{}' {}", item, rule));
  };
  std::string_view left = item.substr(0, item.find(".."));
  std::string_view rest = item.substr(item.find("..") + 2);
  const std::optional<double> from = take_number(left), to = take_number(rest);
  if (!from || !left.empty() || !to) fail("must be two numbers with '..' between");
  if (rest.empty()) fail("has no step");
  const char kind = rest.front();
  rest.remove_prefix(1);
  const std::optional<double> step = take_number(rest);
  if ((kind != '*' && kind != '+') || !step || !rest.empty())
    fail("must end with '*' or '+' and a number");
  if (*to < *from) fail("must rise");
  if (kind == '*' && (*from <= 0 || *step <= 1)) fail("needs a start above 0 and a factor above 1");
  if (kind == '+' && *step <= 0) fail("needs a step above 0");
  std::vector<std::string> values;
  for (std::size_t i = 0;; ++i) {
    const auto n = static_cast<double>(i);
    const double value = kind == '*' ? *from * std::pow(*step, n) : *from + *step * n;
    constexpr double kRounding = 1e-9;
    if (value > *to + kRounding * std::abs(*to)) return values;
    if (i == kMostValues) fail(fmt::format("has more than {} values", kMostValues));
    values.push_back(number_text(value));
  }
}

}  // namespace

SweepAxis parse_axis(const std::string& text) {
  const Argument argument{text};
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) argument.fail("must be key=values");
  SweepAxis axis{.key = text.substr(0, equals)};
  for (std::size_t at = equals + 1; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::string item = text.substr(at, comma - at);
    if (item.empty()) argument.fail("a value is empty");
    if (item.find("..") != std::string::npos) {
      const std::vector<std::string> values = range(argument, item);
      axis.values.insert(axis.values.end(), values.begin(), values.end());
    } else {
      axis.values.push_back(item);
    }
    at = comma + 1;
  }
  if (axis.values.size() > kMostValues)
    argument.fail(fmt::format("has more than {} values", kMostValues));
  std::set<std::string> seen;
  for (const std::string& value : axis.values)
    if (!seen.insert(value).second) argument.fail(fmt::format("{} stands twice", value));
  return axis;
}

std::vector<SweepAxis> parse_axes(const std::vector<std::string>& arguments) {
  std::vector<SweepAxis> axes;
  std::size_t points = 1;
  for (const std::string& argument : arguments) {
    SweepAxis axis = parse_axis(argument);
    for (const SweepAxis& other : axes)
      if (other.key == axis.key)
        throw Error("--vary {}: the key is varied twice; put its values in one list", argument);
    points *= axis.values.size();
    if (points > kMostPoints)
      throw Error("--vary: the grid has more than {} points; take fewer values", kMostPoints);
    axes.push_back(std::move(axis));
  }
  return axes;
}

}  // namespace presil::cli
