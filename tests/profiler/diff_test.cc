#include "profiler/diff.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>

#include "core/error.h"
#include "profiler/diff_reason.h"
#include "profiler/group_match.h"
#include "tests/profiler/report_fixture.h"

namespace presil {
namespace {

const ChipRates kGigahertz{.clock_mhz = 1000, .macs_per_cycle = 256, .memory_gb_per_s = 4};
const ChipRates kHalf{.clock_mhz = 500, .macs_per_cycle = 256, .memory_gb_per_s = 4};

GroupDocument group(const std::string& name, const std::vector<std::string>& ops, double us = 1) {
  return {.name = name,
          .ops = ops,
          .latency_us = us,
          .latency_cycles = static_cast<std::int64_t>(us * 1000),
          .bounds = {"compute"}};
}

RunDocument document_of(const Report& report, const std::string& name = "a.json") {
  return parse_run_document(name, json_text(report_json(report)));
}

std::string message_of(const std::string& text) {
  try {
    parse_run_document("a.json", text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("groups that are fused differently are matched by what they cover") {
  const std::vector<GroupDocument> a{group("p", {"1", "2"}), group("q", {"3"}), group("r", {"4"}),
                                     group("gone", {"9"})};
  const std::vector<GroupDocument> b{group("x", {"1"}), group("y", {"2", "3"}), group("r", {"5"}),
                                     group("new", {"8"})};
  const std::vector<GroupMatch> matches = match_groups(a, b);
  REQUIRE(matches.size() == 4);
  CHECK(matches[0].a == std::vector<std::size_t>{0, 1});
  CHECK(matches[0].b == std::vector<std::size_t>{0, 1});
  CHECK(matches[1].a == std::vector<std::size_t>{2});  // by name
  CHECK(matches[1].b == std::vector<std::size_t>{2});
  CHECK(matches[2].b.empty());
  CHECK(matches[3].a.empty());
}

TEST_CASE("a name that several groups have matches nothing") {
  const std::vector<GroupMatch> matches =
      match_groups({group("same", {"1"}), group("same", {"2"})}, {group("same", {"3"})});
  CHECK(matches.size() == 3);
}

TEST_CASE("every group of both sides is in exactly one match") {
  const Simulated small("mobilenet_v2", "ne-nano"), large("mobilenet_v2", "ne-max");
  const RunDocument a = document_of(small.report()), b = document_of(large.report());
  std::multiset<std::size_t> in_a, in_b;
  for (const GroupMatch& match : match_groups(a.groups, b.groups)) {
    in_a.insert(match.a.begin(), match.a.end());
    in_b.insert(match.b.begin(), match.b.end());
    CHECK_FALSE(match.a.empty());  // the same network: nothing is on one side only
    CHECK_FALSE(match.b.empty());
  }
  CHECK(in_a.size() == a.groups.size());
  CHECK(in_b.size() == b.groups.size());
  CHECK(std::set<std::size_t>(in_a.begin(), in_a.end()).size() == in_a.size());
}

TEST_CASE("the changes of all groups add up to the change of the latency") {
  const Simulated small("mobilenet_v2", "ne-nano"), large("mobilenet_v2", "ne-max");
  const Diff diff = diff_of(document_of(small.report()), document_of(large.report()));
  double sum = 0, shares = 0;
  for (const GroupChange& change : diff.groups) {
    sum += change.delta_us();
    shares += *diff.share_of(change);
    if (change.delta_us() < -10) CHECK_FALSE(change.why.empty());
  }
  CHECK(sum == doctest::Approx(diff.delta_us()).epsilon(1e-6));
  CHECK(shares == doctest::Approx(1).epsilon(1e-6));
  CHECK(diff.warnings.empty());
  const Json json = diff_json(diff);
  CHECK(json["kind"] == "diff");
  CHECK(json["totals"][0]["change_percent"].get<double>() ==
        doctest::Approx(100 * (diff.b.latency_us / diff.a.latency_us - 1)));
  CHECK(diff_table(diff, 3).find("differs: chip: ne-nano in a, ne-max in b") != std::string::npos);
  CHECK(diff_csv(diff).starts_with("name,a_groups"));
}

TEST_CASE("overrides and precisions that differ are told as they are given") {
  RunOptions wide;
  wide.compile.precision.network = {Precision::kInt16, Precision::kInt16};
  const Simulated tiny, other(PRESIL_SOURCE_DIR "/models/examples/tiny_cnn.yaml", "ne-base", wide);
  const Diff diff = diff_of(document_of(tiny.report({{"sram.kib", "256"}, {"cores", "1"}})),
                            document_of(other.report()));
  REQUIRE(diff.differences.size() == 2);
  CHECK(diff.differences[0].key == "--set");
  CHECK(diff.differences[0].a == "sram.kib=256, cores=1");
  CHECK(diff.differences[0].b == "nothing");
  CHECK(diff.differences[1].key == "precision");
  CHECK(diff.differences[1].a == "default");
  CHECK(diff.differences[1].b == "int16 x int16");
}

TEST_CASE("a run does not differ from itself") {
  const Simulated tiny;
  const Diff diff = diff_of(document_of(tiny.report()), document_of(tiny.report()));
  for (const GroupChange& change : diff.groups) CHECK(change.why.empty());
  CHECK(diff.differences.empty());
  CHECK(diff_table(diff, 10).find("No group changed its time") != std::string::npos);
  CHECK(diff_json(diff)["groups"][0]["share_of_change"].is_null());
}

TEST_CASE("a reason is the part of the critical path that changed, and what stands behind it") {
  GroupDocument a = group("g", {"1"}, 20), b = group("g", {"1"}, 8);
  a.critical_path = {{"memory", 15'000}, {"compute", 5'000}};
  b.critical_path = {{"memory", 2'700}, {"compute", 5'300}};
  a.read_by_reason = {{"weights", 98'304}, {"input", 10}};
  b.read_by_reason = {{"weights", 24'576}, {"input", 10}};
  CHECK(reason_of(a, kGigahertz, b, kGigahertz) ==
        "12,300 fewer cycles waiting for memory: weights read 24.0 KiB instead of 96.0 KiB");
  CHECK(reason_of(b, kGigahertz, a, kGigahertz) ==
        "12,300 more cycles waiting for memory: weights read 96.0 KiB instead of 24.0 KiB");
}

TEST_CASE("where the clocks differ, reasons are in time") {
  GroupDocument a = group("g", {"1"}, 20), b = group("g", {"1"}, 10);
  a.critical_path = b.critical_path = {{"compute", 10'000}};
  a.latency_cycles = b.latency_cycles = 10'000;
  CHECK(reason_of(a, kHalf, b, kGigahertz) == "the same cycles at 1,000 MHz instead of 500 MHz");
  b.critical_path = {{"compute", 5'000}};
  b.latency_cycles = 5'000;
  a.macs = b.macs = 100;
  a.precisions = {"int16 x int16"};
  b.precisions = {"int8 x int8"};
  CHECK(reason_of(a, kHalf, b, kGigahertz) ==
        "15.0 us less computing: int8 x int8 instead of int16 x int16");
}

TEST_CASE("a document without a critical path gives bound and traffic as reasons") {
  GroupDocument a = group("g", {"1"}, 20), b = group("g", {"1"}, 10);
  a.bounds = {"memory"};
  a.read_bytes = 2048;
  b.read_bytes = 1024;
  CHECK(reason_of(a, kGigahertz, b, kGigahertz) ==
        "bound by compute instead of memory; memory traffic 1.00 KiB instead of 2.00 KiB");
}

TEST_CASE("what another chip can do is a reason, too") {
  GroupDocument a = group("g", {"1"}, 20), b = group("g", {"1"}, 10);
  a.critical_path = {{"compute", 15'000}, {"memory", 5'000}};
  b.critical_path = {{"compute", 8'000}, {"memory", 2'000}};
  const ChipRates larger{.clock_mhz = 1000, .macs_per_cycle = 2048, .memory_gb_per_s = 12.8};
  CHECK(reason_of(a, kGigahertz, b, larger) ==
        "7,000 fewer cycles computing: an array of 2,048 MACs a cycle instead of 256; "
        "3,000 fewer cycles waiting for memory: 12.8 GB/s instead of 4.00");
  const ChipRates roomy{
      .clock_mhz = 1000, .macs_per_cycle = 256, .memory_gb_per_s = 4, .sram_bytes = 1 << 20};
  CHECK(reason_of(a, kGigahertz, b, roomy) ==
        "7,000 fewer cycles computing; "
        "3,000 fewer cycles waiting for memory: SRAM of 1.00 MiB instead of 0 B");
  a.critical_path.clear();
  a.bounds = b.bounds = {"memory"};
  CHECK(reason_of(a, kGigahertz, b, larger) ==
        "bound by memory in both; 12.8 GB/s instead of 4.00");
}

TEST_CASE("simulator versions and networks that differ are warnings") {
  const Simulated tiny, other(PRESIL_SOURCE_DIR "/models/examples/tiny_cnn.yaml", "ne-nano");
  RunDocument a = document_of(tiny.report()), b = document_of(other.report());
  b.simulator_version += 1;
  b.graph_hash.assign(1, 'x');
  const Diff diff = diff_of(std::move(a), std::move(b));
  REQUIRE(diff.warnings.size() == 2);
  CHECK(diff.warnings[0].find("simulator versions") != std::string::npos);
  CHECK(diff.warnings[1].find("networks differ") != std::string::npos);
}

TEST_CASE("a document that is wrong says file, key and what was expected") {
  const Simulated tiny;
  Json good = report_json(tiny.report());
  const auto changed = [&](const char* pointer, const Json& value) {
    Json json = good;
    json[Json::json_pointer(pointer)] = value;
    return message_of(json.dump());
  };
  const auto without = [&](const char* key) {
    Json json = good;
    json.erase(key);
    return message_of(json.dump());
  };
  CHECK(message_of(good.dump()).empty());
  CHECK(message_of("{").starts_with("a.json: is no JSON (byte 2)"));
  CHECK(message_of("[]").starts_with("a.json: must be an object, is []"));
  CHECK(without("latency_us").starts_with("a.json: latency_us: is missing"));
  CHECK(without("schema_version").starts_with("a.json: schema_version: is missing"));
  CHECK(changed("/schema_version", 99)
            .starts_with(fmt::format("a.json: schema_version: must be {}, is 99 (a newer presil's)",
                                     kJsonSchemaVersion)));
  CHECK(changed("/kind", "sweep").starts_with("a.json: kind: must be that of a run, is \"sweep\""));
  CHECK(changed("/groups", 3).starts_with("a.json: groups: must be a list, is 3"));
  CHECK(changed("/groups/0/ops", 3).starts_with("a.json: groups[0].ops: must be a list, is 3"));
  CHECK(changed("/groups/0/macs", 1.5)
            .starts_with("a.json: groups[0].macs: must be a whole number, is 1.5"));
  CHECK(changed("/groups/0/latency_us", "x")
            .starts_with("a.json: groups[0].latency_us: must be a number, is \"x\""));
  CHECK(changed("/clock_mhz", 0).starts_with("a.json: clock_mhz: must be > 0, is 0"));
}

}  // namespace
}  // namespace presil
