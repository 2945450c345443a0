#include <fmt/format.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tests/cli/command_line.h"

namespace presil {
namespace {

constexpr const char* kTiny = PRESIL_SOURCE_DIR "/models/examples/tiny_cnn.yaml";
constexpr const char* kGrid =
    "--vary mac_array.parallelism_factor=8,16,32 --vary sram.kib=64..512*2";

Outcome sweep(const std::string& arguments, const std::string& grid = kGrid) {
  return presil_run(fmt::format("sweep {} --chip ne-base {} {}", kTiny, grid, arguments));
}

TEST_CASE("a sweep is a table with its front, and files in the order of the grid") {
  const ScratchFolder folder;
  const Outcome one = sweep("--workers 1 --csv " + (folder / "one.csv"));
  REQUIRE(one.code == 0);
  CHECK(one.has("12 points"));
  CHECK(one.has("pareto"));
  const std::string csv = folder.read("one.csv");
  CHECK(csv.find("\n1,8,64,ok,") != std::string::npos);
  CHECK(csv.find("\n12,32,512,ok,") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder / "one.csv.partial"));
  CHECK(sweep("--workers 2 --csv " + (folder / "two.csv")).code == 0);
  CHECK(folder.read("two.csv") == csv);
  CHECK(sweep("--csv -").text == csv);
  const auto json = nlohmann::json::parse(sweep("--json -").text);
  CHECK(json["points"].size() == 12);
  CHECK(json["points"][1]["values"]["sram.kib"] == 128);
}

TEST_CASE("a sweep that was cut short goes on, and nothing is lost or doubled") {
  const ScratchFolder folder;
  const std::string path = folder / "s.csv";
  REQUIRE(sweep("--csv " + path).code == 0);
  const std::string whole = folder.read("s.csv");
  for (const double part : {0.0, 0.05, 0.3, 0.6, 0.95}) {
    CAPTURE(part);
    std::filesystem::remove(path);
    folder.write(
        "s.csv.partial",
        whole.substr(0, static_cast<std::size_t>(part * static_cast<double>(whole.size()))));
    REQUIRE(sweep("--csv " + path).code == 0);
    CHECK(folder.read("s.csv") == whole);
  }
  CHECK(sweep("--csv " + path).has("12 of the 12 points were in"));
  CHECK(folder.read("s.csv") == whole);
}

TEST_CASE("a sweep that is killed leaves no half-written file and goes on") {
  const ScratchFolder folder;
  const std::string path = folder / "s.csv";
  const std::string grid = "--vary sram.kib=64..1024+8 --vary dma.channels=1,2 --workers 2";
  REQUIRE(sweep("--csv " + (folder / "whole.csv"), grid).code == 0);
  for (const char* seconds : {"0.2", "0.4", "0.3"}) {
    // The shell says "Killed", too.
    const Outcome killed = presil_run(fmt::format(
        "--version > /dev/null; timeout -s KILL {} {} sweep {} --chip ne-base {} --csv {}", seconds,
        PRESIL_BINARY, kTiny, grid, path));
    if (killed.code != 0) CHECK_FALSE(std::filesystem::exists(path));
  }
  REQUIRE(sweep("--csv " + path, grid).code == 0);
  CHECK(folder.read("s.csv") == folder.read("whole.csv"));
}

TEST_CASE("two programs do not write the same sweep") {
  const ScratchFolder folder;
  if (std::system("command -v flock > /dev/null") != 0) return;
  const Outcome outcome = presil_run(fmt::format(
      "--version > /dev/null; flock {0}.partial {1} sweep {2} --chip ne-base {3} --csv {0}",
      folder / "s.csv", PRESIL_BINARY, kTiny, kGrid));
  CHECK(outcome.is_user_error());
  CHECK(outcome.has("s.csv.partial: another presil is at this sweep"));
}

TEST_CASE("another sweep's file is not touched unless asked") {
  const ScratchFolder folder;
  const std::string path = folder / "s.csv";
  REQUIRE(sweep("--csv " + path, "--vary sram.kib=64,128").code == 0);
  const std::string old = folder.read("s.csv");
  const Outcome other = sweep("--csv " + path, "--vary sram.kib=64,256");
  CHECK(other.is_user_error());
  CHECK(other.has("s.csv: is of another sweep: axes is"));
  CHECK(sweep("--set clock_mhz=500 --csv " + path, "--vary sram.kib=64,128").has("chip_hash is"));
  CHECK(folder.read("s.csv") == old);
  CHECK(sweep("--fresh --csv " + path, "--vary sram.kib=64,256").code == 0);
  CHECK(folder.read("s.csv").find(",256,ok,") != std::string::npos);
  const std::string foreign = folder.write("foreign.csv", "a,b\n1,2\n");
  CHECK(sweep("--csv " + foreign).has("is there already and is no CSV of a sweep"));
}

TEST_CASE("a point that cannot run is a row with its reason") {
  const ScratchFolder folder;
  const Outcome outcome =
      sweep("--csv " + (folder / "s.csv"), "--vary mac_array.parallelism_factor=3,32,64");
  CHECK(outcome.code == 0);
  CHECK(outcome.has("3 points, 1 failed"));
  CHECK(outcome.has("mac_array.parallelism_factor=3 failed: "));
  CHECK(folder.read("s.csv").find("\n1,3,failed,,") != std::string::npos);
  const Outcome none = sweep("", "--vary sram.kib=-1,abc");
  CHECK(none.code == 2);
  CHECK(none.has("no point of the grid could run: "));
}

TEST_CASE("a wrong sweep is one line and leaves with 2") {
  struct Mistake {
    const char* grid;
    const char* message;
  };
  for (const Mistake& mistake : std::initializer_list<Mistake>{
           {"", "--vary is missing"},
           {"--vary sram.kib", "--vary sram.kib: must be key=values; forms: key=8,16,32"},
           {"--vary sram.kb=1,2",
            "--vary sram.kb=1,2: a chip file has no such key; did you mean "
            "'sram.kib'?"},
           {"--vary sram.kib=1..8", "'1..8' has no step"},
           {"--vary sram.kib=8..1*2", "'8..1*2' must rise"},
           {"--vary sram.kib=0..8*2", "needs a start above 0 and a factor above 1"},
           {"--vary sram.kib=1..8+0", "needs a step above 0"},
           {"--vary sram.kib=1..x+1", "must be two numbers with '..' between"},
           {"--vary sram.kib=1..8/2", "must end with '*' or '+' and a number"},
           {"--vary sram.kib=1..1e9+1", "has more than 10000 values"},
           {"--vary sram.kib=1,,2", "a value is empty"},
           {"--vary sram.kib=1,2,1", "1 stands twice"},
           {"--vary sram.kib=1 --vary sram.kib=2", "the key is varied twice"},
           {"--vary sram.kib=1 --set sram.kib=2", "--set gives this key, too"},
           {"--vary sram.kib=1..9999+1 --vary cores=1..99+1", "more than 100000 points"},
           {"--vary sram.kib=64 --area 16n", "did you mean '16nm'?"},
           {"--vary sram.kib=64 --workers 0x", "--workers"},
           {"--vary sram.kib=64 --csv /nowhere/a.csv", "/nowhere/a.csv.partial: cannot be written"},
           {"--vary sram.kib=64 --csv /dev/full", "/dev/full: cannot be written: No space left"},
           {"--vary sram.kib=64 --json /dev/full", "/dev/full: cannot be written: No space left"},
           {"--vary sram.kib=64 --mapping m.yaml", "--mapping pins the tiles of one chip"}}) {
    CAPTURE(mistake.grid);
    const Outcome outcome = sweep("", mistake.grid);
    CAPTURE(outcome.text);
    CHECK(outcome.code == 2);
    CHECK(outcome.has(mistake.message));
  }
}

}  // namespace
}  // namespace presil
