#pragma once
// The two ways to fail (DESIGN.md section 8.4): an Error the user can mend (exit code 2), and a
// broken promise of our own (InternalError, exit code 70).

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace presil {

/// Something the user can fix. The text names the place, the rule, the value seen and the remedy:
/// `throw Error("chips/a.yaml:12: mac_array.dot_length: must be > 0, is -4")`.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  template <typename... Args>
  explicit Error(fmt::format_string<Args...> format, Args&&... args) requires(sizeof...(Args) > 0)
      : std::runtime_error(fmt::format(format, std::forward<Args>(args)...)) {}
};

/// A promise that our own code broke. Never thrown for bad input.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// Throws InternalError with the place and the text of the condition. On in release builds.
[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               const std::string& text);

/// The element of `known` nearest to `word` by edit distance, or "" when none is near (distance
/// above a third of the word's length, at least 2). Ties go to the first.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace presil

#define PRESIL_CHECK(condition, ...)                                                    \
  do {                                                                                  \
    if (!(condition)) [[unlikely]]                                                      \
      ::presil::check_failed(__FILE__, __LINE__, #condition, fmt::format(__VA_ARGS__)); \
  } while (false)
