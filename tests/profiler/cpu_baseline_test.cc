#include "profiler/cpu_baseline.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/error.h"
#include "core/output_file.h"
#include "models/import.h"
#include "profiler/fleet.h"
#include "tests/profiler/report_fixture.h"

namespace presil {
namespace {

CpuSpec cpu_named(const std::string& name) {
  return load_cpu(fmt::format("{}/chips/cpu/{}.yaml", PRESIL_SOURCE_DIR, name));
}

/// Milliseconds of a built-in network, all of it in one precision.
double milliseconds(const CpuSpec& cpu, const std::string& model, const std::string& precision,
                    int bits) {
  const Graph graph = load_network(model);
  return cpu_cost(cpu, {.graph = graph,
                        .precision_of = [&](OpId) { return precision; },
                        .bits_of = [&](TensorId) { return bits; }})
             .latency_us /
         1000;
}

TEST_CASE("the Raspberry Pi meets what XNNPACK measured on it") {
  const CpuSpec cpu = cpu_named("cortex-a72");
  // Its rates come from these four.
  CHECK(milliseconds(cpu, "mobilenet_v1", "fp32", 32) == doctest::Approx(77).epsilon(0.02));
  CHECK(milliseconds(cpu, "mobilenet_v1", "int8", 8) == doctest::Approx(24).epsilon(0.02));
  CHECK(milliseconds(cpu, "mobilenet_v2", "fp32", 32) == doctest::Approx(46).epsilon(0.02));
  CHECK(milliseconds(cpu, "mobilenet_v2", "int8", 8) == doctest::Approx(17).epsilon(0.02));
  // This one is held out.
  CHECK(milliseconds(cpu, "mobilenet_v3_large", "fp32", 32) == doctest::Approx(40).epsilon(0.1));
}

TEST_CASE("latency and energy are the sums of their parts, written out") {
  const Simulated tiny;
  const CpuSpec cpu{.name = "c",
                    .clock_mhz = 100,
                    .macs_per_cycle = {{"int8", 2}},
                    .depthwise_macs_per_cycle = {{"int8", 2}},
                    .elements_per_cycle = 1e9,
                    .memory_gb_per_s = 1e9,
                    .cache_kib = 1e9,
                    .per_inference_us = 5,
                    .power_mw = 10,
                    .memory_byte_pj = 0,
                    .mac_pj = {{"int8", 3}}};
  const CpuCost cost = cpu_cost(cpu, tiny.report());
  const auto macs = static_cast<double>(tiny.result.macs.value);
  CHECK(cost.latency_us == doctest::Approx(5 + macs / 200).epsilon(1e-6));
  CHECK(cost.energy_pj == doctest::Approx(10 * cost.latency_us * 1000 + 3 * macs).epsilon(1e-6));
}

TEST_CASE("a CPU that waits for memory takes its bytes over the rate") {
  const Simulated tiny;
  const CpuSpec cpu{.name = "c",
                    .clock_mhz = 1e9,
                    .macs_per_cycle = {{"int8", 1e9}},
                    .depthwise_macs_per_cycle = {{"int8", 1e9}},
                    .elements_per_cycle = 1e9,
                    .memory_gb_per_s = 2,
                    .cache_kib = 1e9,
                    .power_mw = 1,
                    .mac_pj = {{"int8", 0}}};
  const CpuCost cost = cpu_cost(cpu, tiny.report());
  CHECK(cost.latency_us == doctest::Approx(cost.memory_bytes / 2000));
  CpuSpec uncached = cpu;
  uncached.cache_kib = 0;
  CHECK(cpu_cost(uncached, tiny.report()).memory_bytes > cost.memory_bytes);
}

TEST_CASE("a precision that the CPU lacks runs in a wider one, or says so") {
  CpuSpec cpu = cpu_named("cortex-a72");
  CHECK(milliseconds(cpu, "mobilenet_v2", "fp16", 16) ==
        doctest::Approx(milliseconds(cpu, "mobilenet_v2", "fp32", 16)));
  CHECK(milliseconds(cpu, "mobilenet_v2", "int4", 8) ==
        doctest::Approx(milliseconds(cpu, "mobilenet_v2", "int8", 8)));
  CHECK_THROWS_WITH_AS(milliseconds(cpu_named("cortex-m7"), "mobilenet_v2", "int16", 16),
                       doctest::Contains("has no rate for int16"), Error);
}

TEST_CASE("every CPU that comes with presil loads and costs something") {
  const Simulated tiny;
  for (const char* name : {"cortex-a72", "cortex-m7", "in-order-45nm"}) {
    CAPTURE(name);
    const CpuCost cost = cpu_cost(cpu_named(name), tiny.report());
    CHECK(cost.latency_us > 0);
    CHECK(cost.energy_pj > 0);
  }
}

TEST_CASE("a CPU file that is wrong says where and why") {
  const std::string path = (std::filesystem::temp_directory_path() / "presil_cpu.yaml").string();
  const auto message = [&](const std::string& macs, const std::string& energy) -> std::string {
    write_file(path, fmt::format("name: c\nclock_mhz: 1\nmacs_per_cycle: {}\n"
                                 "depthwise_macs_per_cycle: {{int8: 1}}\nelements_per_cycle: 1\n"
                                 "memory_gb_per_s: 1\ncache_kib: 1\n{}\n",
                                 macs, energy));
    try {
      load_cpu(path);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const std::string good = "power_mw: 1\nenergy_pj: {memory_byte: 0, mac: {int8: 0}}";
  CHECK(message("{int8: 1}", good).empty());
  CHECK(message("{int8: 0}", good).find(":3: macs_per_cycle.int8: must be > 0") !=
        std::string::npos);
  CHECK(message("{int9: 1}", good).find("'int9' is no precision") != std::string::npos);
  CHECK(message("{int8: 1, fp32: 1}", good).find("has no fp32") != std::string::npos);
  CHECK(message("{int8: 1}", "power_mw: 0\nenergy_pj: {memory_byte: 1, mac: {int8: 0}}")
            .find("takes no energy") != std::string::npos);
  CHECK(message("{int8: 1}", "power_mw: -1").find("power_mw: must be >= 0") != std::string::npos);
  std::filesystem::remove(path);
}

TEST_CASE("a fleet's energy is the difference times all inferences of a year") {
  const Simulated tiny;
  const Fleet fleet =
      fleet_of(cpu_named("cortex-a72"), tiny.report(),
               {.inferences_per_day = 100, .users = 1000, .grid_gco2_per_kwh = 500});
  CHECK(fleet.chip_energy_pj == doctest::Approx(tiny.result.energy.total.total().value));
  CHECK(fleet.saved_kwh_per_year() == doctest::Approx((fleet.cpu_energy_pj - fleet.chip_energy_pj) *
                                                      1e-12 * 100 * 1000 * 365 / 3.6e6));
  const Json json = fleet_json(fleet);
  CHECK(json["saved_kg_co2_per_year"].get<double>() ==
        doctest::Approx(fleet.saved_kwh_per_year() * 0.5));
  CHECK(fleet_text(fleet).find("kg CO2 a year") != std::string::npos);
  const Fleet unasked =
      fleet_of(cpu_named("cortex-a72"), tiny.report(), {.inferences_per_day = 1, .users = 1});
  CHECK(fleet_text(unasked).find("CO2") == std::string::npos);
  CHECK(fleet_json(unasked)["saved_kg_co2_per_year"].is_null());
}

TEST_CASE("a chip without energy is an error, not a free lunch") {
  Simulated tiny;
  tiny.result.energy.total = {};
  CHECK_THROWS_WITH_AS(
      fleet_of(cpu_named("cortex-a72"), tiny.report(), {.inferences_per_day = 1, .users = 1}),
      doctest::Contains("gives no energy_pj"), Error);
}

}  // namespace
}  // namespace presil
