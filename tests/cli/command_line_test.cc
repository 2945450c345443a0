#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <string>

namespace {

struct Outcome {
  int code = 0;
  std::string text;  ///< stdout and stderr
};

Outcome run(const std::string& arguments) {
  FILE* pipe = popen((std::string(PRESIL_BINARY) + " " + arguments + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  Outcome outcome;
  std::array<char, 4096> buffer{};
  while (const std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe))
    outcome.text.append(buffer.data(), n);
  outcome.code = WEXITSTATUS(pclose(pipe));
  return outcome;
}

bool contains(const Outcome& outcome, const std::string& part) {
  return outcome.text.find(part) != std::string::npos;
}

TEST_CASE("the version and the help with its examples leave with 0") {
  CHECK(run("--version").text == "presil 0.1.0\n");
  const Outcome help = run("--help");
  CHECK(help.code == 0);
  CHECK(contains(help, "presil validate nvdla FILE.csv"));
}

TEST_CASE("chips are listed and shown with overrides") {
  CHECK(contains(run("chips"), "nvdla-full"));
  const Outcome shown = run("chips nvdla-full --set sram.kib=256");
  CHECK(shown.code == 0);
  CHECK(contains(shown, "SRAM 256 KiB"));
}

TEST_CASE("a user's mistake is one line and leaves with 2") {
  const Outcome chip = run("chips nvdla-fool");
  CHECK(chip.code == 2);
  CHECK(contains(chip, "did you mean 'nvdla-full'?"));
  CHECK(run("chips nvdla-full --set sram.kib").code == 2);
  CHECK(contains(run("validate nvdla no-such.csv"), "no-such.csv: cannot be read"));
  CHECK(run("validate nvdla no-such.csv").code == 2);
  CHECK(run("nonsense").code == 2);
  CHECK(run("").code == 2);
}

}  // namespace
