#pragma once
// One line on stderr that says how far long work is; nothing when stderr is no terminal.

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace presil::cli {

class Progress {
 public:
  /// `what`: the plural of what is counted, "runs".
  explicit Progress(std::string what);
  /// Wipes the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `note`, if given, is asked for more text only when a line is shown.
  void show(std::size_t done, std::size_t total, const std::function<std::string()>& note = {});

 private:
  using Clock = std::chrono::steady_clock;
  std::string what_;
  bool terminal_;
  Clock::time_point start_, shown_;
  bool any_ = false;
};

/// "12/100 runs, 3.4 a second, 26 s left".
std::string progress_text(std::size_t done, std::size_t total, double seconds,
                          const std::string& what);

}  // namespace presil::cli
