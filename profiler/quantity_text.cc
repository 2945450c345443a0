#include "profiler/quantity_text.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <span>
#include <vector>

namespace presil {

namespace {

/// The largest unit in which the value is at least 1; the first below that.
std::string in_units(double value, double step, std::span<const std::string_view> units) {
  std::size_t unit = 0;
  // 999.5 would round up to 1000 in three digits.
  while (unit + 1 < units.size() && std::abs(value) >= 0.9995 * step) value /= step, ++unit;
  return fmt::format("{} {}", three_digits(value), units[unit]);
}

bool is_separator(char c) { return c == '/' || c == '.' || c == '_' || c == ';' || c == '+'; }

}  // namespace

std::string with_thousands(std::int64_t value) {
  const std::string digits = fmt::format("{}", value);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    text += digits[i];
    const std::size_t left = digits.size() - 1 - i;
    if (left > 0 && left % 3 == 0 && digits[i] != '-') text += ',';
  }
  return text;
}

std::string three_digits(double value) {
  const double size = std::abs(value);
  if (value == 0) return "0";
  if (size >= 99.95) return with_thousands(std::llround(value));
  if (size >= 9.995) return fmt::format("{:.1f}", value);
  if (size >= 0.9995) return fmt::format("{:.2f}", value);
  return fmt::format("{:.3g}", value);
}

std::string bytes_text(std::int64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  constexpr std::array<std::string_view, 4> kUnits{"B", "KiB", "MiB", "GiB"};
  return in_units(static_cast<double>(bytes), 1024, kUnits);
}

std::string time_text(double microseconds) {
  constexpr std::array<std::string_view, 3> kUnits{"us", "ms", "s"};
  return in_units(microseconds, 1000, kUnits);
}

std::string energy_text(double picojoules) {
  constexpr std::array<std::string_view, 5> kUnits{"pJ", "nJ", "uJ", "mJ", "J"};
  return in_units(picojoules, 1000, kUnits);
}

std::string power_text(double milliwatts) {
  constexpr std::array<std::string_view, 3> kUnits{"uW", "mW", "W"};
  return in_units(milliwatts * 1000, 1000, kUnits);
}

std::string percent_text(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string count_text(std::int64_t count) {
  if (count < 1000) return fmt::format("{}", count);
  constexpr std::array<std::string_view, 5> kUnits{"", "k", "M", "G", "T"};
  return in_units(static_cast<double>(count), 1000, kUnits);
}

std::size_t text_width(std::string_view text) {
  std::size_t width = 0;
  for (const char c : text) width += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return width;
}

std::string shortened(std::string_view text, std::size_t width) {
  std::vector<std::string> letters;  // code points
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) == 0x80 && !letters.empty())
      letters.back() += c;
    else
      letters.emplace_back(1, byte < 0x20 || byte == 0x7F ? '?' : c);
  }
  std::size_t head = letters.size(), tail = letters.size();
  if (letters.size() > width) {
    head = (width - 2) / 2;
    tail = letters.size() - (width - 2 - head);
    for (std::size_t i = tail; i < tail + width / 4 && i < letters.size(); ++i)
      if (is_separator(letters[i][0])) {
        tail = i;
        break;
      }
    while (tail < letters.size() && letters[tail] == ".") ++tail;  // ".." says it
  }
  std::string result;
  for (std::size_t i = 0; i < head; ++i) result += letters[i];
  if (head < letters.size()) result += "..";
  for (std::size_t i = tail; i < letters.size(); ++i) result += letters[i];
  return result;
}

}  // namespace presil
