#include "profiler/report_json.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <set>
#include <sstream>

#include "profiler/diff.h"
#include "profiler/fleet.h"
#include "profiler/report_csv.h"
#include "profiler/sweep.h"
#include "tests/profiler/json_keys.h"
#include "tests/profiler/report_fixture.h"

namespace presil {
namespace {

/// A network with one operator on the host.
Json with_host_op() {
  GraphBuilder builder("hosted");
  const TensorId image = builder.add_input("image", DataType::kFloat32, {1, 8, 4, 4});
  TensorDesc out{.name = "out", .type = DataType::kFloat32, .shape = {1, 8, 4, 4}};
  const auto made = builder.add_op_into(
      OpKind::kHost,
      HostAttrs{
          .type = "Strange", .output_shapes = {{1, 8, 4, 4}}, .output_types = {DataType::kFloat32}},
      {image}, {out}, "odd");
  builder.mark_output(made[0]);
  const Graph graph = std::move(builder).finish();
  const ChipSpec chip = load_chip(PRESIL_SOURCE_DIR "/chips/ne-base.yaml");
  RunOptions options;
  options.compile.allow_host_ops = true;
  const RunResult result = run(graph, chip, options);
  return report_json({.graph = graph,
                      .chip = chip,
                      .options = options,
                      .run = result,
                      .model = "hosted",
                      .overrides = {{"sram.kib", "1024"}},
                      .version = "0.0.0"});
}

TEST_CASE("the document's keys are those of docs/json_schema.md") {
  const Simulated tiny;
  std::set<std::string> keys;
  collect_keys(report_json(tiny.report({{"sram.kib", "1024"}})), "", keys);
  collect_keys(with_host_op(), "", keys);
  Report asked = tiny.report();
  asked.what_if = what_if(tiny.graph, tiny.chip, tiny.options);
  const CpuSpec cpu = load_cpu(PRESIL_SOURCE_DIR "/chips/cpu/cortex-a72.yaml");
  asked.cpu = &cpu;
  collect_keys(report_json(asked), "", keys);
  CHECK(keys == documented_keys("# The JSON report"));
}

TEST_CASE("the keys of other documents are those of docs/json_schema.md") {
  const Simulated tiny, other(PRESIL_SOURCE_DIR "/models/examples/tiny_cnn.yaml", "ne-nano");
  std::set<std::string> diff, sweep, fleet;
  const auto document = [](const Simulated& of) {
    return parse_run_document("run.json", json_text(report_json(of.report())));
  };
  collect_keys(diff_json(diff_of(document(tiny), document(other))), "", diff);
  CHECK(diff == documented_keys("## `kind: diff`"));
  const Sweep one{.axes = {{"cores", {"1"}}}, .points = {{.values = {"1"}, .status = "failed"}}};
  collect_keys(sweep_json(one), "", sweep);
  sweep.erase("points[].values.cores");  // data
  CHECK(sweep == documented_keys("## `kind: sweep`"));
  const CpuSpec cpu = load_cpu(PRESIL_SOURCE_DIR "/chips/cpu/cortex-a72.yaml");
  collect_keys(fleet_json(fleet_of(cpu, tiny.report(), {.inferences_per_day = 1, .users = 1})), "",
               fleet);
  CHECK(fleet == documented_keys("## `kind: fleet`"));
}

TEST_CASE("a document adds up") {
  for (const char* chip : {"ne-base", "ne-max", "edge-tpu"}) {
    const Simulated tiny("ds_cnn", chip);
    const Json json = report_json(tiny.report());
    std::int64_t latency = 0, macs = 0, by_bound = 0, read = 0;
    for (const Json& group : json["groups"]) {
      latency += group["latency_cycles"].get<std::int64_t>();
      macs += group["macs"].get<std::int64_t>();
      for (const char* side : {"read", "write"}) {
        std::int64_t bytes = 0;
        for (const Json& reason : group[fmt::format("memory_{}_by_reason", side)])
          bytes += reason.get<std::int64_t>();
        CHECK(bytes == group[fmt::format("memory_{}_bytes", side)].get<std::int64_t>());
      }
    }
    for (const Json& cycles : json["cycles_by_bound"]) by_bound += cycles.get<std::int64_t>();
    for (const Json& memory : json["memories"]) {
      read += memory["read_bytes"].get<std::int64_t>();
      std::int64_t reasons = 0;
      for (const Json& bytes : memory["read_bytes_by_reason"]) reasons += bytes.get<std::int64_t>();
      CHECK(reasons == memory["read_bytes"]);
    }
    CHECK(latency == json["latency_cycles"]);
    CHECK(by_bound == latency);
    CHECK(macs == json["macs"]);
    CHECK(macs == macs_of(tiny.graph).value);
    CHECK(read == json["dram_read_bytes"]);
    double energy = 0;
    for (const auto& [part, value] : json["energy_parts_pj"].items())
      if (value.is_number()) energy += value.get<double>();
    for (const Json& memory : json["energy_parts_pj"]["memories"])
      energy += memory["energy_pj"].get<double>();
    CHECK(energy == doctest::Approx(json["energy_pj"].get<double>()));
    for (const Json& engine : json["engines"]) {
      std::int64_t cycles = engine["busy_cycles"].get<std::int64_t>();
      for (const Json& stalled : engine["stalled_cycles"]) cycles += stalled.get<std::int64_t>();
      CHECK(cycles == json["total_cycles"].get<std::int64_t>() -
                          json["host_link_cycles"].get<std::int64_t>());
    }
  }
}

TEST_CASE("equal runs give equal bytes") {
  CHECK(json_text(report_json(Simulated().report())) ==
        json_text(report_json(Simulated().report())));
}

TEST_CASE("operators on the host are listed with their type and share") {
  const Json json = with_host_op();
  REQUIRE(json["host_ops"].size() == 1);
  CHECK(json["host_ops"][0]["name"] == "odd");
  CHECK(json["host_ops"][0]["type"] == "Strange");
  CHECK(json["host_ops"][0]["latency_cycles"].get<std::int64_t>() > 0);
  CHECK(json["host_share"].get<double>() > 0);
  CHECK(json["groups"][0]["bound_by"] == "host");
}

TEST_CASE("names that are no UTF-8 do not break the document") {
  Json json;
  json["name"] = "caf\xE9";
  CHECK(Json::parse(json_text(json))["name"] == "caf\xEF\xBF\xBD");
}

TEST_CASE("a CSV has a row a group, quoted where needed") {
  CHECK(csv_line({"a", "b,c", "say \"x\"", ""}) == "a,\"b,c\",\"say \"\"x\"\"\",\n");
  const Simulated tiny;
  std::istringstream lines(report_csv(tiny.report()));
  std::string line;
  std::size_t rows = 0;
  while (std::getline(lines, line)) ++rows;
  CHECK(rows == tiny.result.groups.size() + 1);
}

}  // namespace
}  // namespace presil
