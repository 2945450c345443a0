#include <fmt/format.h>

#include <sstream>
#include <vector>

#include "tests/cli/command_line.h"

namespace presil {
namespace {

constexpr const char* kTiny = PRESIL_SOURCE_DIR "/models/examples/tiny_cnn.yaml";

/// Simulates the tiny network on ne-base with more arguments.
Outcome tiny(const std::string& arguments) {
  return presil_run(fmt::format("simulate {} --chip ne-base {}", kTiny, arguments));
}

TEST_CASE("a simulation is a table that fits the page") {
  const Outcome outcome = presil_run("simulate mobilenet_v2 --chip ne-base");
  REQUIRE(outcome.code == 0);
  for (const char* part : {"mobilenet_v2 on ne-base: first inference", "# group", "bound by",
                           "\nlatency ", "inferences/s", "\nbounds ", "x the roofline", "\nSRAM ",
                           "\nport dram ", "\nenergy ", "\nnetwork ", "host ops     none"})
    CHECK(outcome.has(part));
  std::istringstream lines(outcome.text);
  for (std::string line; std::getline(lines, line);) {
    CHECK(line.size() <= 120);
    CHECK((line.empty() || line.back() != ' '));
  }
}

TEST_CASE("options change what they say") {
  CHECK(tiny("--top 2").has("more groups with"));
  CHECK(tiny("--set sram.kib=512").has("ne-base with sram.kib=512"));
  CHECK(tiny("--precision w4a8").has("int4 x int8"));
  CHECK(tiny("--precision fp16").has("fp16 x fp16"));
  CHECK(tiny("--inference steady").has("steady state"));
  CHECK(tiny("--batch 4").has("for a batch of 4"));
  CHECK(tiny("--inferences 3").has("3 inferences back to back"));
  CHECK(tiny("--ideal-memory").has("ABLATION ideal memory"));
  CHECK(tiny("--no-contention").has("ABLATION no contention"));
  CHECK(tiny("--host-ops").code == 0);
  const ScratchFolder folder;
  const std::string map = folder.write("map.yaml", "'*': int16\n");
  CHECK(tiny("--precision-map " + map).has("int16 x int16"));
}

TEST_CASE("files are written whole, and - is stdout alone") {
  const ScratchFolder folder;
  const Outcome both = tiny("--json " + (folder / "a.json") + " --csv " + (folder / "a.csv"));
  CHECK(both.has("# group"));
  CHECK(folder.read("a.json").starts_with("{\n  \"schema_version\": 2,"));
  CHECK(folder.read("a.csv").starts_with("group,name,kinds,shape"));
  const Outcome json = tiny("--json -");
  CHECK(json.text == folder.read("a.json"));
  CHECK(tiny("--csv -").text == folder.read("a.csv"));
}

TEST_CASE("a trace is written whole, beside the table or alone on stdout") {
  const ScratchFolder folder;
  CHECK(tiny("--trace " + (folder / "t.json")).has("# group"));
  CHECK(folder.read("t.json").starts_with("{\"displayTimeUnit\""));
  CHECK(tiny("--trace -").text == folder.read("t.json"));
  CHECK(tiny("--trace /dev/full").is_user_error());
  CHECK(tiny("--trace /dev/full").has("/dev/full: cannot be written: No space left"));
  CHECK(tiny("--trace " + (folder / "no/t.json")).has("cannot be written: No such file"));
  CHECK(tiny("--trace - --json -").has("cannot go to stdout together"));
  CHECK(tiny("--trace t.json --chip ne-nano").has("--trace is for one model on one chip"));
}

TEST_CASE("a wrong run is one line and leaves with 2") {
  const ScratchFolder folder;
  const std::string bad_map = folder.write("bad.yaml", "'*': w9a9\n");
  const std::string empty = folder.write("empty.txt", "# nothing\n\n");
  const struct {
    std::string arguments, message;
  } mistakes[] = {
      {"--precision w3a8", "--precision: precision 'w3a8' is unknown; known: int4, int8"},
      {"--precision-map no.yaml", "no.yaml"},
      {"--precision-map " + bad_map, "bad.yaml:1: precision 'w9a9' is unknown"},
      {"--inference warm", "--inference must be first or steady, is 'warm'"},
      {"--batch 0", "--batch must be 1..65536, is 0"},
      {"--inferences 0", "--inferences must be 1..10000, is 0"},
      {"--input image", "--input image: must be name=extents, e.g. --input image=1x3x224x224"},
      {"--input image=1x3xx4", "must be name=extents"},
      {"--input image=1x0x4x4", "must be name=extents"},
      {"--input image=1x3x8x8 --input image=1x3x9x9", "--input image: is given twice"},
      {"--input picture=1x3x32x32", "picture"},
      {"--top 0", "--top must be at least 1, is 0"},
      {"--workers 0x", "Could not convert: --workers = 0x"},
      {"--workers -1", "--workers must be 1..1024, is -1"},
      {"--time-limit -1", "--time-limit must be >= 0, is -1"},
      {"--json no/dir/a.json", "no/dir/a.json: cannot be written: No such file or directory"},
      {"--csv no/dir/a.csv", "no/dir/a.csv: cannot be written: No such file or directory"},
      {"--json - --csv -", "--json, --csv and --trace cannot go to stdout together"},
      {"--chip ne-nano --json -", "--json is for one model on one chip; use --csv"},
      {"--chip ne-nano --top 3", "--top is for one model on one chip"},
      {"--chip ne-nano --mapping x.yaml", "--mapping is for one model on one chip"},
      {"--list x", "give one MODEL or --list FILE"},
      {"--set nothing.at.all=1", "nothing.at.all"},
  };
  for (const auto& mistake : mistakes) {
    const Outcome outcome = tiny(mistake.arguments);
    CAPTURE(mistake.arguments);
    CAPTURE(outcome.text);
    CHECK(outcome.is_user_error());
    CHECK(outcome.has(mistake.message));
  }
  const Outcome missing = presil_run("simulate --list no.txt --chip unit");
  CHECK(missing.is_user_error());
  CHECK(missing.has("no.txt: cannot be read; give a file with one model a line"));
  const Outcome nothing = presil_run("simulate --list " + empty + " --chip unit");
  CHECK(nothing.is_user_error());
  CHECK(nothing.has("empty.txt: names no model; give one a line"));
  const Outcome input = presil_run("simulate --list " + empty + " --chip unit --input x=1x2");
  CHECK(input.has("--input is for one model, not for --list"));
}

TEST_CASE("a list is a row a run in its order, the same for any number of workers") {
  const ScratchFolder folder;
  folder.write("broken.onnx", "not a network");
  const std::string list =
      folder.write("list.txt", fmt::format("# networks\nds_cnn\n{}  # by path\n\n"
                                           "broken.onnx\nno_such_net\nlstm_asr\n",
                                           kTiny));
  for (const int workers : {1, 3}) {
    const Outcome outcome = presil_run(
        fmt::format("simulate --list {} --chip ne-base --chip ne-nano --workers {} --csv {}", list,
                    workers, folder / fmt::format("out{}.csv", workers)));
    CAPTURE(outcome.text);
    CHECK(outcome.code == 2);
    CHECK(outcome.has("presil: 4 of 10 runs failed; the column `reason` says why"));
    CHECK(outcome.has("on ne-base, ne-nano failed: no_such_net: no such built-in network"));
    CHECK_FALSE(outcome.has("\r"));  // no progress in a pipe
  }
  CHECK(folder.read("out1.csv") == folder.read("out3.csv"));
  std::istringstream rows(folder.read("out1.csv"));
  std::vector<std::string> begins;
  for (std::string row; std::getline(rows, row);)
    begins.push_back(row.substr(0, row.find(',', row.find(',', row.find(',') + 1) + 1)));
  const std::string tiny_name = kTiny;
  CHECK(begins == std::vector<std::string>{
                      "model,chip,status", "ds_cnn,ne-base,ok", "ds_cnn,ne-nano,ok",
                      tiny_name + ",ne-base,ok", tiny_name + ",ne-nano,ok",
                      (folder / "broken.onnx") + ",ne-base,failed",
                      (folder / "broken.onnx") + ",ne-nano,failed", "no_such_net,ne-base,failed",
                      "no_such_net,ne-nano,failed", "lstm_asr,ne-base,ok", "lstm_asr,ne-nano,ok"});
}

TEST_CASE("a list of good runs leaves with 0, its CSV on stdout alone if asked") {
  const ScratchFolder folder;
  const std::string list = folder.write("list.txt", "ds_cnn\n");
  const Outcome table = presil_run("simulate --list " + list + " --chip ne-base");
  CHECK(table.code == 0);
  CHECK(table.text.starts_with("model"));
  const Outcome csv = presil_run("simulate --list " + list + " --chip ne-base --csv -");
  CHECK(csv.code == 0);
  folder.write("out.csv", csv.text);
  const Outcome unwritable =
      presil_run("simulate --list " + list + " --chip ne-base --csv no/dir/out.csv");
  CHECK(unwritable.is_user_error());
  CHECK(unwritable.has("no/dir/out.csv: cannot be written"));
}

TEST_CASE("several chips compare without a list") {
  const Outcome outcome = presil_run("simulate ds_cnn --chip ne-nano --chip ne-max --workers 2");
  CHECK(outcome.code == 0);
  CHECK(outcome.has("ds_cnn ne-nano"));
  CHECK(outcome.has("ds_cnn ne-max"));
}

}  // namespace
}  // namespace presil
