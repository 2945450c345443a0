#include "core/yaml_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace presil {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/// Safe in block and flow style: a letter first, then letters, digits and a few signs; no word that
/// YAML takes for something else.
bool is_plain(std::string_view text) {
  constexpr std::array<std::string_view, 8> kReserved{"true", "false", "null", "yes",
                                                      "no",   "on",    "off",  "y"};
  if (text.empty() || !is_letter(text[0])) return false;
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (lower == "n" || std::find(kReserved.begin(), kReserved.end(), lower) != kReserved.end())
    return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '/' || c == '+' || c == '-';
  });
}

}  // namespace

std::string yaml_text(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string yaml_list(const std::vector<std::string>& texts) {
  std::string list = "[";
  for (const std::string& text : texts) list += (list.size() > 1 ? ", " : "") + yaml_text(text);
  return list + "]";
}

}  // namespace presil
