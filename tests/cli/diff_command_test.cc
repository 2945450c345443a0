#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tests/cli/command_line.h"

namespace presil {
namespace {

constexpr const char* kTiny = PRESIL_SOURCE_DIR "/models/examples/tiny_cnn.yaml";

std::string simulated(const ScratchFolder& folder, const std::string& name,
                      const std::string& arguments) {
  REQUIRE(
      presil_run(fmt::format("simulate {} {} --json {}", kTiny, arguments, folder / name)).code ==
      0);
  return folder / name;
}

TEST_CASE("a diff says what differs, by how much and why") {
  const ScratchFolder folder;
  const std::string a = simulated(folder, "a.json", "--chip ne-nano");
  const std::string b = simulated(folder, "b.json", "--chip ne-base --precision int16");
  const Outcome outcome = presil_run(
      fmt::format("diff {} {} --json {} --csv {}", a, b, folder / "d.json", folder / "d.csv"));
  REQUIRE(outcome.code == 0);
  for (const char* part :
       {"differs: chip: ne-nano in a, ne-base in b", "total ", "\nlatency ", "# group", "\nwhy\n"})
    CHECK(outcome.has(part));
  const auto json = nlohmann::json::parse(folder.read("d.json"));
  CHECK(json["kind"] == "diff");
  CHECK(json["a"]["chip"] == "ne-nano");
  CHECK(folder.read("d.csv").starts_with("name,"));
  CHECK(presil_run(fmt::format("diff {} {} --json -", a, b)).text == folder.read("d.json"));
}

TEST_CASE("a wrong diff is one line and leaves with 2") {
  const ScratchFolder folder;
  const std::string good = simulated(folder, "a.json", "--chip ne-nano");
  const std::string text = folder.write("t.json", "hello");
  const std::string old = folder.write("old.json", "{\"schema_version\": 0}");
  const auto fails = [&](const std::string& arguments, const std::string& message) {
    const Outcome outcome = presil_run("diff " + arguments);
    CAPTURE(outcome.text);
    CHECK(outcome.is_user_error());
    CHECK(outcome.has(message));
  };
  fails("", "give two files of `presil simulate --json`");
  fails(good, "give two files");
  fails(good + " " + (folder / "absent.json"), "absent.json: cannot be read");
  fails(good + " " + text, "t.json: is no JSON (byte 1)");
  fails(good + " " + old, "old.json: schema_version: must be");
  fails(good + " " + good + " --json /dev/full", "/dev/full: cannot be written");
  fails(good + " " + good + " --csv /nowhere/d.csv", "/nowhere/d.csv: cannot be written");
  fails(good + " " + good + " --top 0", "--top must be at least 1");
}

TEST_CASE("a fleet is a table with every assumption") {
  const std::string base =
      fmt::format("fleet {} --chip ne-base --inferences-per-day 1000 --users 1e6", kTiny);
  const Outcome outcome = presil_run(base);
  REQUIRE(outcome.code == 0);
  for (const char* part : {"cortex-a72", "kWh", "assumptions", "1,000 inferences a day x 1,000,000",
                           "cortex-a72.yaml"})
    CHECK(outcome.has(part));
  CHECK_FALSE(outcome.has("CO2"));
  CHECK(presil_run(base + " --grid-gco2-per-kwh 400").has("kg CO2 a year"));
  CHECK(presil_run(base + " --cpu cortex-m7").has("cortex-m7.yaml"));
  CHECK(nlohmann::json::parse(presil_run(base + " --json -").text)["kind"] == "fleet");
}

TEST_CASE("a wrong fleet is one line and leaves with 2") {
  const auto fails = [&](const std::string& arguments, const std::string& message) {
    const Outcome outcome = presil_run(fmt::format("fleet {} {}", kTiny, arguments));
    CAPTURE(outcome.text);
    CHECK(outcome.is_user_error());
    CHECK(outcome.has(message));
  };
  fails("--inferences-per-day 1 --users 1", "--chip is missing");
  fails("--chip ne-base --users 1", "--inferences-per-day is missing");
  fails("--chip ne-base --inferences-per-day 1", "--users is missing");
  fails("--chip ne-base --inferences-per-day -1 --users 1", "--inferences-per-day must be > 0");
  fails("--chip ne-base --inferences-per-day 1 --users nan", "--users must be > 0");
  fails("--chip ne-base --inferences-per-day 1 --users 1 --grid-gco2-per-kwh -1",
        "--grid-gco2-per-kwh must be >= 0");
  fails("--chip ne-base --inferences-per-day 1 --users 1 --cpu cortex-a7", "did you mean");
  fails("--chip ne-base --inferences-per-day 1 --users 1 --precision int16 --cpu cortex-m7",
        "has no rate for int16");
  fails("--chip systolic-32-ws --inferences-per-day 1 --users 1", "gives no energy_pj");
}

}  // namespace
}  // namespace presil
