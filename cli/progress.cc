#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>

namespace presil::cli {

namespace {

constexpr std::chrono::milliseconds kRefresh{100};

std::string duration_text(double seconds) {
  const auto s = std::llround(seconds);
  if (s < 120) return fmt::format("{} s", s);
  if (s < 7200) return fmt::format("{} min {} s", s / 60, s % 60);
  return fmt::format("{} h {} min", s / 3600, s % 3600 / 60);
}

}  // namespace

std::string progress_text(std::size_t done, std::size_t total, double seconds,
                          const std::string& what) {
  std::string text = fmt::format("{}/{} {}", done, total, what);
  if (done == 0 || seconds <= 0) return text;
  const double rate = static_cast<double>(done) / seconds;
  return text + fmt::format(", {:.1f} a second, {} left", rate,
                            duration_text(static_cast<double>(total - done) / rate));
}

Progress::Progress(std::string what)
    : what_(std::move(what)), terminal_(isatty(STDERR_FILENO) == 1), start_(Clock::now()) {}

Progress::~Progress() {
  if (any_) fmt::print(stderr, "\r\033[K");
}

void Progress::show(std::size_t done, std::size_t total, const std::function<std::string()>& note) {
  if (!terminal_) return;
  const Clock::time_point now = Clock::now();
  if (any_ && now - shown_ < kRefresh && done < total) return;
  any_ = true;
  shown_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  fmt::print(stderr, "\r\033[K{}{}{}", progress_text(done, total, seconds, what_), note ? ", " : "",
             note ? note() : "");
  std::fflush(stderr);
}

}  // namespace presil::cli
