#include "profiler/sweep.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>

#include "core/error.h"
#include "profiler/sweep_csv.h"
#include "profiler/sweep_table.h"

namespace presil {
namespace {

const std::vector<SweepAxis> kAxes{{"sram.kib", {"256", "512"}},
                                   {"control.order", {"in_order", "ready_first"}}};

SweepPoint point_of(double latency, double energy, double area, std::size_t index = 0) {
  SweepPoint point{.index = index, .values = grid_values(kAxes, index % 4), .status = "ok"};
  for (const std::string& key : sweep_keys()) point.result[key] = 1;
  point.result["bound_by"] = "memory";
  point.result["chip_hash"] = "0123";
  point.result["latency_us"] = latency;
  point.result["energy_pj"] = energy;
  point.result["area_mm2"] = area;
  return point;
}

Sweep sweep_of() {
  Sweep sweep{.model = "net",
              .chip = "chip",
              .identity = {{"model", "net"}, {"simulator_version", 5}},
              .axes = kAxes,
              .points = {point_of(4, 1, 1, 0), point_of(1.25, 4, 1, 1), point_of(2, 2, 1, 2)}};
  sweep.points.push_back({.index = 3,
                          .values = grid_values(kAxes, 3),
                          .status = "failed",
                          .reason = "does not fit, \"really\""});
  mark_front(sweep.points);
  return sweep;
}

std::string message_of(const std::string& text, const SweepIdentity& identity) {
  try {
    read_sweep_csv("out.csv", text, identity, kAxes);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("the last axis of a grid runs fastest") {
  CHECK(grid_size(kAxes) == 4);
  CHECK(grid_values(kAxes, 0) == std::vector<std::string>{"256", "in_order"});
  CHECK(grid_values(kAxes, 1) == std::vector<std::string>{"256", "ready_first"});
  CHECK(grid_values(kAxes, 2) == std::vector<std::string>{"512", "in_order"});
}

TEST_CASE("the front is what nothing beats, and its knee has the smallest normalised sum") {
  std::vector<SweepPoint> points{point_of(10, 0, 5),  // worst in one, best in another: sum 1
                                 point_of(0, 10, 5),  // likewise
                                 point_of(2, 3, 5),   // 0.2 + 0.3
                                 point_of(4, 4, 5),   // beaten by the one before
                                 point_of(2, 3, 5)};  // as good as that
  mark_front(points);
  CHECK(points[0].pareto);
  CHECK(points[1].pareto);
  CHECK(points[2].pareto);
  CHECK_FALSE(points[3].pareto);
  CHECK(points[4].pareto);
  CHECK(points[2].knee);
  CHECK_FALSE(points[4].knee);
}

TEST_CASE("a front of two points has no knee, and a sweep without a good point no front") {
  std::vector<SweepPoint> points{point_of(1, 2, 1), point_of(2, 1, 1)};
  mark_front(points);
  CHECK(points[0].pareto);
  CHECK_FALSE(points[0].knee);
  CHECK_FALSE(points[1].knee);
  points = {SweepPoint{.status = "failed"}};
  mark_front(points);
  CHECK_FALSE(points[0].pareto);
}

TEST_CASE("the front equals that of comparing every pair") {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<SweepPoint> points;
    for (int i = 0; i < 60; ++i)
      points.push_back(point_of(static_cast<double>(random() % 8),
                                static_cast<double>(random() % 8),
                                static_cast<double>(random() % 8)));
    mark_front(points);
    int knees = 0;
    for (const SweepPoint& point : points) {
      bool beaten = false;
      for (const SweepPoint& other : points) {
        bool as_good = true, better = false;
        for (const char* key : {"latency_us", "energy_pj", "area_mm2"}) {
          as_good = as_good && other.result[key].get<double>() <= point.result[key].get<double>();
          better = better || other.result[key].get<double>() < point.result[key].get<double>();
        }
        beaten = beaten || (as_good && better);
      }
      CHECK(point.pareto == !beaten);
      knees += point.knee;
      if (point.knee) CHECK(point.pareto);
    }
    CHECK(knees <= 1);
  }
}

TEST_CASE("a CSV reads back as what was written") {
  const Sweep sweep = sweep_of();
  const std::string csv = sweep_csv(sweep);
  const SweepFile file = read_sweep_csv("out.csv", csv, sweep.identity, kAxes);
  REQUIRE(file.points.size() == 4);
  CHECK(file.bytes == csv.size());
  Sweep again = sweep;
  again.points = file.points;
  mark_front(again.points);
  CHECK(sweep_csv(again) == csv);
  CHECK(again.points[3].reason == "does not fit, \"really\"");
  CHECK(again.points[1].result["latency_us"] == 1.25);
}

TEST_CASE("a CSV that was cut anywhere gives its whole lines") {
  const Sweep sweep = sweep_of();
  const std::string csv = sweep_csv(sweep);
  for (std::size_t size = 0; size <= csv.size(); ++size) {
    const SweepFile file = read_sweep_csv("out.csv", csv.substr(0, size), sweep.identity, kAxes);
    CHECK(file.bytes <= size);
    CHECK((file.bytes == 0 || csv[file.bytes - 1] == '\n'));
    const auto lines =
        std::count(csv.begin(), csv.begin() + static_cast<std::ptrdiff_t>(size), '\n');
    CHECK(static_cast<std::ptrdiff_t>(file.points.size()) ==
          std::max<std::ptrdiff_t>(0, lines - 2));
  }
}

TEST_CASE("a CSV of something else says what differs") {
  const Sweep sweep = sweep_of();
  const std::string csv = sweep_csv(sweep);
  SweepIdentity other = sweep.identity;
  other["model"] = "other";
  CHECK(message_of(csv, other)
            .find("out.csv: is of another sweep: model is net there and other "
                  "here") != std::string::npos);
  CHECK(message_of("a,b\n1,2\n", other).find("is no CSV of a sweep") != std::string::npos);
  CHECK(message_of("no newline", other).find("is no CSV of a sweep") != std::string::npos);
  CHECK(message_of("# presil sweep {\n", other).find("is no CSV of a sweep") != std::string::npos);
  const std::string head = sweep_csv_head(sweep.identity, kAxes);
  const std::string line = sweep_csv_line(sweep.points[0]);
  CHECK(message_of(fmt::format("{0}{1}{1}", head, line), sweep.identity)
            .find("out.csv:4: point 1 stands twice") != std::string::npos);
  CHECK(message_of(fmt::format("{}9{}", head, line.substr(1)), sweep.identity)
            .find("point must be 1..4, is '9'") != std::string::npos);
  CHECK(message_of(fmt::format("{}2{}", head, line.substr(1)), sweep.identity)
            .find("the values are not those of point 2") != std::string::npos);
  CHECK(
      message_of(fmt::format("{}1,2\n", head), sweep.identity).find("must have 19 cells, has 2") !=
      std::string::npos);
}

TEST_CASE("the document of a sweep has every point, with numbers as numbers") {
  const Json json = sweep_json(sweep_of());
  CHECK(json["kind"] == "sweep");
  CHECK(json["axes"][0]["values"] == Json({256, 512}));
  CHECK(json["axes"][1]["values"] == Json({"in_order", "ready_first"}));
  CHECK(json["points"][2]["values"]["sram.kib"] == 512);
  CHECK(json["points"][3]["ok"] == false);
  CHECK(json["points"][3]["error"] == "does not fit, \"really\"");
  CHECK(json["points"][3]["latency_us"].is_null());
  CHECK(json["points"][0]["error"].is_null());
}

TEST_CASE("the table of a large sweep shows its front, and why points failed") {
  Sweep sweep = sweep_of();
  CHECK(sweep_table(sweep).find("sram.kib=512 control.order=ready_first failed: does not fit") !=
        std::string::npos);
  for (std::size_t i = 4; i < 60; ++i) sweep.points.push_back(point_of(9, 9, 9, i));
  mark_front(sweep.points);
  CHECK(sweep_table(sweep).find("Only the 3 points of the Pareto front") != std::string::npos);
  CHECK(sweep_table(sweep, {.all = true}).find("Only the") == std::string::npos);
}

}  // namespace
}  // namespace presil
