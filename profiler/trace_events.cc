#include "profiler/trace_events.h"

#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

namespace presil {

namespace {

constexpr std::size_t kFlushBytes = 64 * 1024;

}  // namespace

std::string json_escaped(std::string_view text) {
  const std::string quoted = nlohmann::json(std::string(text))
                                 .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return quoted.substr(1, quoted.size() - 2);
}

TraceEvents::TraceEvents(std::ostream& out, double clock_mhz)
    : out_(out), nanoseconds_a_cycle_(1000 / clock_mhz) {
  fmt::format_to(std::back_inserter(buffer_), "{{\"displayTimeUnit\": \"ns\", \"traceEvents\": [");
}

void TraceEvents::finish(std::string_view other_data) {
  fmt::format_to(std::back_inserter(buffer_), "\n], \"otherData\": {{{}}}}}\n", other_data);
  flush();
}

std::int64_t TraceEvents::nanoseconds(std::int64_t cycle) const {
  return std::llround(static_cast<double>(cycle) * nanoseconds_a_cycle_);
}

bool TraceEvents::visible(std::int64_t begin, std::int64_t end) const {
  return nanoseconds(end) > nanoseconds(begin);
}

void TraceEvents::put_time(std::int64_t ns) {
  fmt::format_to(std::back_inserter(buffer_), "{}.{:03}", ns / 1000, ns % 1000);
}

void TraceEvents::begin_event() {
  if (buffer_.size() >= kFlushBytes) flush();
  fmt::format_to(std::back_inserter(buffer_), "{}\n", first_ ? "" : ",");
  first_ = false;
}

void TraceEvents::flush() {
  out_.write(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
  buffer_.clear();
}

void TraceEvents::name_process(int process, std::string_view name) {
  begin_event();
  fmt::format_to(std::back_inserter(buffer_),
                 R"({{"ph":"M","name":"process_name","pid":{0},"tid":0,"args":{{"name":"{1}"}}}},
{{"ph":"M","name":"process_sort_index","pid":{0},"tid":0,"args":{{"sort_index":{0}}}}})",
                 process, name);
}

void TraceEvents::name_thread(TraceTrack track, std::string_view name) {
  begin_event();
  fmt::format_to(std::back_inserter(buffer_),
                 R"({{"ph":"M","name":"thread_name","pid":{0},"tid":{1},"args":{{"name":"{2}"}}}},
{{"ph":"M","name":"thread_sort_index","pid":{0},"tid":{1},"args":{{"sort_index":{1}}}}})",
                 track.process, track.thread, name);
}

void TraceEvents::slice(TraceTrack track, std::string_view category, std::string_view name,
                        std::int64_t begin, std::int64_t end, std::string_view args) {
  const std::int64_t from = nanoseconds(begin), to = nanoseconds(end);
  if (to <= from) return;
  begin_event();
  fmt::format_to(std::back_inserter(buffer_),
                 R"({{"ph":"X","cat":"{}","name":"{}","pid":{},"tid":{},"ts":)", category, name,
                 track.process, track.thread);
  put_time(from);
  fmt::format_to(std::back_inserter(buffer_), ",\"dur\":");
  put_time(to - from);
  fmt::format_to(std::back_inserter(buffer_), ",\"args\":{{{}}}}}", args);
}

void TraceEvents::counter(int process, std::string_view name, std::int64_t cycle,
                          std::string_view args) {
  begin_event();
  fmt::format_to(std::back_inserter(buffer_), R"({{"ph":"C","name":"{}","pid":{},"tid":0,"ts":)",
                 name, process);
  put_time(nanoseconds(cycle));
  fmt::format_to(std::back_inserter(buffer_), ",\"args\":{{{}}}}}", args);
}

void TraceEvents::arrow(TraceTrack from, std::int64_t from_cycle, TraceTrack to,
                        std::int64_t to_cycle) {
  ++arrows_;
  const auto end_of_arrow = [&](std::string_view kind, TraceTrack track, std::int64_t cycle) {
    begin_event();
    fmt::format_to(
        std::back_inserter(buffer_),
        R"({{"ph":"{}","cat":"wait","name":"waited for","id":{},"pid":{},"tid":{},"ts":)", kind,
        arrows_, track.process, track.thread);
    put_time(nanoseconds(cycle));
    fmt::format_to(std::back_inserter(buffer_), "}}");
  };
  end_of_arrow("s", from, from_cycle);
  end_of_arrow("f\",\"bp\":\"e", to, to_cycle);
}

}  // namespace presil
