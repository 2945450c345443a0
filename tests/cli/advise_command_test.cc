// `presil advise` as a user runs it.

#include <cstdlib>
#include <filesystem>

#include "command_line.h"

namespace presil {
namespace {

std::string number_behind(const std::string& text, const std::string& before) {
  const std::size_t at = text.find(before);
  REQUIRE(at != std::string::npos);
  const std::size_t begin = at + before.size();
  return text.substr(begin, text.find_first_of(",\n ", begin) - begin);
}

}  // namespace

TEST_CASE("Advice is ranked, applied and exported, and the export runs as it was promised") {
  const ScratchFolder folder;
  const std::string advise = "advise mobilenet_v2 --chip ne-base --simulations 14 ";
  const Outcome list = presil_run(advise + "--top 4 --json " + (folder / "a.json"));
  CAPTURE(list.text);
  CHECK(list.code == 0);
  CHECK(list.has("mobilenet_v2 on ne-base: "));
  CHECK(list.has(" edits fit, 14 simulated, ranked by latency_ms"));
  CHECK(list.has("These pay\n"));
  CHECK(list.has("input: 224x224 -> 128x128"));
  CHECK(list.has("Fusing inverted bottlenecks at equal expansion pays below Cin* ="));
  CHECK(list.has("Together, simulated"));
  CHECK(folder.read("a.json").find("\"verdict\": \"pays\"") != std::string::npos);
  CHECK(presil_run(advise + "--top 4 --workers 1").text == list.text);

  const Outcome applied = presil_run(advise + "--apply 1,4,5 --out " + (folder / "better.onnx") +
                                     " --json " + (folder / "b.json"));
  CAPTURE(applied.text);
  CHECK(applied.code == 0);
  CHECK(applied.has("together"));
  CHECK(applied.has("better.onnx written; to be trained again. presil simulate "));
  // The exported network takes what the simulated edits promised.
  const std::string json = folder.read("b.json");
  const std::string promised =
      number_behind(json.substr(json.find("\"applied\"")), "\"latency_us\": ");
  const bool narrow = std::filesystem::exists(folder / "better.precision.yaml");
  const Outcome run = presil_run(
      "simulate " + (folder / "better.onnx") + " --chip ne-base" +
      (narrow ? " --precision-map " + (folder / "better.precision.yaml") : std::string()) +
      " --json -");
  CHECK(number_behind(run.text, "\"latency_us\": ") == promised);
}

TEST_CASE("Patterns that won are kept in a file and marked when they are offered again") {
  const ScratchFolder folder;
  const std::string advise =
      "advise mobilenet_v2 --chip ne-base --simulations 14 --patterns " + (folder / "p.jsonl");
  CHECK_FALSE(presil_run(advise).has("[won "));
  CHECK(folder.read("p.jsonl").find("\"kind\":\"resolution\"") != std::string::npos);
  const Outcome again = presil_run(advise);
  CHECK(again.has("[won 1x] input: 224x224 -> "));
}

TEST_CASE("Advice on imported networks") {
  const char* given = std::getenv("PRESIL_SHARED");
  const std::filesystem::path models =
      std::filesystem::path(given != nullptr ? given : PRESIL_SOURCE_DIR "/../shared") / "models";
  for (const char* name : {"vww_96_int8.tflite", "mcunet_detection.tflite", "fsrcnn.onnx"}) {
    if (!std::filesystem::exists(models / name)) {
      MESSAGE("skipped: " << (models / name).string() << " is absent (set PRESIL_SHARED)");
      continue;
    }
    CAPTURE(name);
    const ScratchFolder folder;
    const Outcome outcome =
        presil_run("advise " + (models / name).string() + " --chip ne-nano --simulations 10");
    CHECK(outcome.code == 0);
    CHECK(outcome.has("These pay\n"));
    const Outcome applied =
        presil_run("advise " + (models / name).string() +
                   " --chip ne-nano --simulations 10 --apply 1 --out " + (folder / "better.onnx"));
    CHECK(applied.code == 0);
    CHECK(presil_run("models " + (folder / "better.onnx")).code == 0);
  }
}

TEST_CASE("Mistakes with advice are named with what would do") {
  const std::string advise = "advise ds_cnn --chip ne-base --simulations 4 ";
  const auto refused = [&](const std::string& arguments, const std::string& message) {
    const Outcome outcome = presil_run(advise + arguments);
    CAPTURE(arguments);
    CAPTURE(outcome.text);
    CHECK(outcome.is_user_error());
    CHECK(outcome.has(message));
  };
  refused("--apply 1,1", "--apply 1,1: edit 1 is given twice");
  refused("--apply 99", "--apply 99: there is no edit 99; they are numbered 1 to 4");
  refused("--apply 0", "there is no edit 0");
  refused("--apply one", "must be numbers of edits with commas between, as --apply 1,3,4");
  refused("--apply 1,", "must be numbers of edits");
  refused("--out x.onnx", "--out writes the network that --apply makes");
  refused("--rank speed", "--rank");
  refused("--rank macs_m --top 0", "--top must be at least 1, is 0");
  refused("--rank accuracy", "edits are ranked by something that shall get smaller");
  refused("--mapping m.yaml", "--mapping pins groups that an edit may take away");
  refused("--apply 1 --out /nowhere/x.onnx", "/nowhere/x.onnx");
  CHECK(presil_run("advise ds_cnm --chip ne-base").has("did you mean 'ds_cnn'?"));
  const ScratchFolder folder;
  folder.write("damaged.jsonl", "rubbish\n");
  refused("--patterns " + (folder / "damaged.jsonl"), "damaged.jsonl:1: no pattern");
}

}  // namespace presil
