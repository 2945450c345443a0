#include "profiler/trace.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "hw/simulate.h"
#include "profiler/trace_events.h"
#include "tests/profiler/report_fixture.h"

namespace presil {
namespace {

using Json = nlohmann::json;

struct Slice {
  std::int64_t begin = 0, end = 0;  ///< nanoseconds
  std::string name;
};

/// A trace taken apart; checks what every trace must hold.
class Trace {
 public:
  explicit Trace(const std::string& text) : json(Json::parse(text)) {
    for (const Json& event : json["traceEvents"]) read(event);
    for (const auto& [id, ends] : arrows) {
      REQUIRE(ends.size() == 2);
      CHECK(ends[0]["ph"] == "s");
      CHECK(ends[1]["ph"] == "f");
      CHECK(ends[1]["bp"] == "e");
      for (const Json& end : ends) CHECK(is_in_a_slice(end));
    }
  }

  const std::vector<Slice>& thread(const std::string& name) const {
    for (const auto& [track, given] : names)
      if (given == name) return slices.at(track);
    FAIL("no thread ", name);
    return slices.begin()->second;
  }

  Json json;
  std::map<std::pair<int, int>, std::string> names;
  std::map<std::pair<int, int>, std::vector<Slice>> slices;
  std::map<int, std::vector<Json>> arrows;
  std::map<std::string, std::vector<Json>> counters;

 private:
  static std::int64_t nanoseconds(const Json& us) { return std::llround(us.get<double>() * 1000); }
  static std::pair<int, int> track_of(const Json& event) { return {event["pid"], event["tid"]}; }

  void read(const Json& event) {
    const std::string kind = event["ph"];
    if (kind == "M") {
      if (event["name"] == "thread_name") names[track_of(event)] = event["args"]["name"];
    } else if (kind == "X") {
      REQUIRE(names.count(track_of(event)) == 1);
      std::vector<Slice>& all = slices[track_of(event)];
      const std::int64_t begin = nanoseconds(event["ts"]);
      const Slice slice{begin, begin + nanoseconds(event["dur"]), event["name"]};
      CHECK(slice.end > slice.begin);
      // In the order of time, each behind the last or inside one of those before.
      for (auto open = all.rbegin(); open != all.rend() && open->end > slice.begin; ++open) {
        CHECK(open->begin <= slice.begin);
        CHECK(open->end >= slice.end);
      }
      if (!all.empty()) CHECK(all.back().begin <= slice.begin);
      all.push_back(slice);
    } else if (kind == "C") {
      std::vector<Json>& all = counters[event["name"]];
      if (!all.empty()) CHECK(all.back()["ts"].get<double>() <= event["ts"].get<double>());
      all.push_back(event);
    } else {
      arrows[event["id"]].push_back(event);
    }
  }

  bool is_in_a_slice(const Json& event) const {
    const std::int64_t at = nanoseconds(event["ts"]);
    for (const Slice& slice : slices.at(track_of(event)))
      if (slice.begin <= at && at < slice.end) return true;
    return false;
  }
};

Trace trace_of(const Report& report) {
  std::ostringstream out;
  write_trace(out, report);
  return Trace(out.str());
}

std::int64_t covered(const std::vector<Slice>& slices) {
  std::int64_t sum = 0, end = 0;
  for (const Slice& slice : slices)
    if (slice.begin >= end) {  // not those inside
      sum += slice.end - slice.begin;
      end = slice.end;
    }
  return sum;
}

TEST_CASE("a trace has every engine, the groups and the counters, in the order of time") {
  const Simulated tiny;
  const Trace trace = trace_of(tiny.report());
  for (const char* name :
       {"fusion groups", "MAC array", "MAC array waits", "vector unit", "DMA 0"}) {
    CAPTURE(name);
    CHECK(std::any_of(trace.names.begin(), trace.names.end(),
                      [&](const auto& each) { return each.second == name; }));
  }
  CHECK(trace.counters.count("SRAM in use KiB") == 1);
  CHECK(trace.counters.count("dram GB/s") == 1);
  CHECK_FALSE(trace.arrows.empty());
}

TEST_CASE("the slices of an engine are its busy and stalled cycles") {
  const Simulated tiny;  // at 1 GHz: a cycle is a nanosecond
  const Trace trace = trace_of(tiny.report());
  const EngineUse& mac = tiny.result.timeline.engines.front();
  std::int64_t inside = 0;
  for (const Stall stall :
       {Stall::kFillDrain, Stall::kWeightLoad, Stall::kBankConflict, Stall::kOutputLimit})
    inside += mac.stalled[static_cast<std::size_t>(stall)];
  const std::int64_t idle = mac.stalled[static_cast<std::size_t>(Stall::kIdle)];
  // The output limit may also be a wait of the array for its own results.
  CHECK(covered(trace.thread("MAC array")) >= mac.busy);
  CHECK(covered(trace.thread("MAC array")) <= mac.busy + inside);
  CHECK(covered(trace.thread("MAC array")) + covered(trace.thread("MAC array waits")) + idle ==
        tiny.result.timeline.total.value);
}

TEST_CASE("the groups of a trace cover the whole run") {
  const Simulated tiny;
  CHECK(covered(trace_of(tiny.report()).thread("fusion groups")) ==
        tiny.result.timeline.total.value);
}

TEST_CASE("the rate of a memory over the run gives its bytes") {
  const Simulated tiny;
  const Trace trace = trace_of(tiny.report());
  const std::vector<Json>& rate = trace.counters.at("dram GB/s");
  double read = 0;
  for (std::size_t i = 0; i + 1 < rate.size(); ++i)
    read += rate[i]["args"]["read"].get<double>() *
            (rate[i + 1]["ts"].get<double>() - rate[i]["ts"].get<double>()) * 1000;
  CHECK(read == doctest::Approx(static_cast<double>(tiny.result.memory_read.value)).epsilon(0.01));
}

TEST_CASE(
    "a clock that is no whole number of nanoseconds, several cores, back-to-back inferences") {
  RunOptions options;
  options.compile.inferences = 2;
  const Simulated tiny(PRESIL_SOURCE_DIR "/models/examples/tiny_cnn.yaml", "ne-max", options);
  const Trace trace = trace_of(tiny.report());
  CHECK(trace.json["otherData"]["total_cycles"] == tiny.result.timeline.total.value);
  CHECK(trace.thread("fusion groups").back().name.ends_with("(inference 2)"));
}

TEST_CASE("names are escaped") {
  CHECK(json_escaped("a\"b\\c\n") == "a\\\"b\\\\c\\n");
  CHECK(Json::parse(fmt::format("\"{}\"", json_escaped("bad \xff byte"))).get<std::string>() ==
        "bad \xef\xbf\xbd byte");
  const ChipSpec chip = load_chip(PRESIL_SOURCE_DIR "/chips/ne-base.yaml");
  Program program{.group_names = {"x"}};
  program.add({.work = Vector{.elements = 64}});
  const Timeline timeline = simulate(chip, program);
  std::ostringstream out;
  write_trace(out, {.chip = chip,
                    .program = program,
                    .timeline = timeline,
                    .title = "a \"quoted\" title",
                    .group_names = {"\"><script>\t\\"},
                    .sram = {}});
  const Trace trace(out.str());
  CHECK(trace.thread("fusion groups").front().name == "\"><script>\t\\");
}

TEST_CASE("a run without commands is a trace too") {
  const ChipSpec chip = load_chip(PRESIL_SOURCE_DIR "/chips/ne-base.yaml");
  const Program program{.group_names = {}};
  const Timeline timeline = simulate(chip, program);
  std::ostringstream out;
  write_trace(out, {.chip = chip,
                    .program = program,
                    .timeline = timeline,
                    .title = "nothing",
                    .group_names = {},
                    .sram = {}});
  CHECK(Trace(out.str()).arrows.empty());
}

}  // namespace
}  // namespace presil
