#pragma once
// Events of the trace-event format, written one a line as they come.

#include <fmt/format.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

namespace presil {

/// `text` as the inside of a JSON string; bytes that are no UTF-8 are replaced.
std::string json_escaped(std::string_view text);

/// A thread of the trace.
struct TraceTrack {
  int process = 0, thread = 0;
};

/// Texts are JSON already: names escaped, `args` the inside of an object.
class TraceEvents {
 public:
  TraceEvents(std::ostream& out, double clock_mhz);
  /// Closes the document.
  void finish(std::string_view other_data);
  bool failed() const { return !out_; }

  void name_process(int process, std::string_view name);
  void name_thread(TraceTrack track, std::string_view name);
  /// Time in cycles, [begin, end). Nothing if it is shorter than half a nanosecond.
  void slice(TraceTrack track, std::string_view category, std::string_view name, std::int64_t begin,
             std::int64_t end, std::string_view args);
  void counter(int process, std::string_view name, std::int64_t cycle, std::string_view args);
  /// From a slice that is there at `from_cycle` to the one that begins at `to_cycle`.
  void arrow(TraceTrack from, std::int64_t from_cycle, TraceTrack to, std::int64_t to_cycle);
  /// Is anything of [begin, end) to be seen?
  bool visible(std::int64_t begin, std::int64_t end) const;

 private:
  std::int64_t nanoseconds(std::int64_t cycle) const;
  /// "12.345" microseconds.
  void put_time(std::int64_t nanoseconds);
  void begin_event();
  void flush();

  std::ostream& out_;
  double nanoseconds_a_cycle_;
  fmt::memory_buffer buffer_;
  bool first_ = true;
  std::int64_t arrows_ = 0;
};

}  // namespace presil
