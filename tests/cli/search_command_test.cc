#include "command_line.h"

namespace presil {

TEST_CASE("A search prints its front, continues from its archive, and writes the networks") {
  const ScratchFolder folder;
  const std::string common =
      "search nb201 --chip ne-base --objective latency_ms --objective max:macs_m --evaluations 12 "
      "--population 6 --archive " +
      (folder / "a.jsonl");
  const Outcome first = presil_run(common + " --out " + (folder / "front"));
  CHECK(first.code == 0);
  CHECK(first.has("12 evaluations by nsga2, seed 1; front of "));
  const std::string archive = folder.read("a.jsonl");
  const Outcome again = presil_run(common);
  CHECK(again.text == first.text);
  CHECK(folder.read("a.jsonl") == archive);
  CHECK(presil_run("models " + (folder / "front/001.onnx")).code == 0);
  const Outcome other = presil_run(common + " --seed 2");
  CHECK(other.is_user_error());
  CHECK(other.has("is the archive of another search"));
}

TEST_CASE("Mistakes of a search command are named with what would do") {
  const std::string search = "search nb201 --chip ne-base ";
  CHECK(presil_run(search).has("without --accuracy nothing says which network is good"));
  CHECK(presil_run("search nb202 --chip ne-base").has("did you mean 'nb201'?"));
  CHECK(presil_run(search + "--accuracy tabel:x").has("must be table:FILE:COLUMN"));
  CHECK(presil_run(search + "--objective latency_ms --algorithm nsga9").is_user_error());
  CHECK(presil_run(search + "--objective latency_ms --cost guessed").has("known: simulated"));
  const Outcome narrow = presil_run(
      search + "--objective latency_ms --constraint 'latency_ms <= 0.000001' --evaluations 4");
  CHECK(narrow.is_user_error());
  CHECK(narrow.has("no network of 3 meets 'latency_ms <= 0.000001'; the nearest has latency_ms"));
}

TEST_CASE("A curation prints what went and why, and a space that can be searched") {
  const ScratchFolder folder;
  const std::string space = folder.write("s.yaml", R"(name: s
input: {resolution: 32}
stem: {channels: 16}
stages:
  - {name: a, block: [conv, ibn], channels: 16..96+16}
head: {classes: 4}
)");
  const Outcome outcome = presil_run("curate " + space + " --chip ne-base --moves 10 --out " +
                                     (folder / "c.yaml") + " --csv " + (folder / "l.csv"));
  CHECK(outcome.code == 0);
  CHECK(outcome.has("one-step moves up go the wrong way"));
  CHECK(folder.read("l.csv").starts_with("axis,choice,value,latency_us,macs_m,kept\n"));
  CHECK(presil_run("search " + (folder / "c.yaml") +
                   " --chip ne-base --objective latency_ms --evaluations 4")
            .code == 0);
  CHECK(presil_run("curate " + space + " --chip ne-base --keep a.channels").is_user_error());
}

}  // namespace presil
