#pragma once
// Numbers for people: thousands separators, three significant digits with a unit, short names.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace presil {

/// "1,234,567".
std::string with_thousands(std::int64_t value);
/// Three significant digits: "0.123", "1.23", "12.3", "123"; more in front of the point: "1,234".
std::string three_digits(double value);
/// "512 B", "1.50 KiB", "3.34 MiB": binary units, as SRAM sizes are given.
std::string bytes_text(std::int64_t bytes);
/// "812 us", "1.23 ms", "2.50 s", from microseconds.
std::string time_text(double microseconds);
/// "0.81 pJ", "12.3 uJ", "1.23 mJ", from picojoules.
std::string energy_text(double picojoules);
/// "812 uW", "1.23 mW", "2.50 W", from milliwatts.
std::string power_text(double milliwatts);
/// "12.3 %" from a share of 1.
std::string percent_text(double share);
/// Multiply-accumulates: "812", "1.23 k", "300 M", "15.3 G".
std::string count_text(std::int64_t count);

/// Columns that UTF-8 text takes: its code points.
std::size_t text_width(std::string_view text);
/// `text` in at most `width` (>= 4) columns: the middle gives way to "..", behind which the
/// text goes on at a separator where one is near. Control characters become '?'.
std::string shortened(std::string_view text, std::size_t width);

}  // namespace presil
