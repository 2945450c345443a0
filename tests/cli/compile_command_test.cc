#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace {

namespace fs = std::filesystem;

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

std::string read_text(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// A folder that is gone after the test.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / fmt::format("presil_compile_{}", getpid())) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  fs::path operator/(const std::string& name) const { return path_ / name; }

 private:
  fs::path path_;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("compile prints a line for each group with its mapping, and totals") {
  const Outcome outcome = run("compile ds_cnn --chip ne-nano");
  CHECK(outcome.code == 0);
  CHECK(contains(outcome.text, "pred. cycles"));
  CHECK(contains(outcome.text, "commands;"));
  CHECK(contains(outcome.text, "activations stay in SRAM"));
}

TEST_CASE("compile --dump writes every artefact and nothing else, and mappings.yaml reads back") {
  const Folder folder;
  const std::string first = (folder / "first").string(), again = (folder / "again").string();
  const std::string model = "compile mobilenet_v2 --chip ne-nano --set sram.kib=192 ";
  const Outcome dumped = run(model + "--dump " + first);
  CHECK_MESSAGE(dumped.code == 0, dumped.text);
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(first)) files += entry.is_regular_file() ? 1 : 0;
  CHECK(files == 6);
  CHECK(run(model + "--mapping " + first + "/mappings.yaml --dump " + again).code == 0);
  for (const char* name : {"network.yaml", "precision.yaml", "groups.yaml", "mappings.yaml",
                           "memory.yaml", "program.yaml"}) {
    CAPTURE(name);
    const std::string text = read_text(fs::path(first) / name);
    CHECK(text.size() > 100);
    CHECK(text == read_text(fs::path(again) / name));
  }
}

TEST_CASE("simulate --mapping runs what the file pins") {
  const Folder folder;
  const std::string file = (folder / "pins.yaml").string();
  const std::string model = PRESIL_SOURCE_DIR "/models/examples/tiny_cnn.yaml";
  std::ofstream(file) << "chains: []\ngroups:\n  - {name: stem, stages: [{rows: 1}]}\n";
  const Outcome pinned = run("simulate " + model + " --chip ne-base --mapping " + file);
  CHECK_MESSAGE(pinned.code == 0, pinned.text);
  CHECK(pinned.text != run("simulate " + model + " --chip ne-base").text);
  std::ofstream(file) << "groups:\n  - {name: stem, stages: [{rows: 100}]}\n";
  const Outcome illegal = run("simulate " + model + " --chip ne-base --mapping " + file);
  CHECK(illegal.code == 2);
  CHECK(contains(illegal.text,
                 file + ":2: mapping of group 'stem': stem: rows: a tile of 100 is outside 1..16"));
  const Outcome wrong = run("simulate ds_cnn --chip ne-base --mapping /no/such.yaml");
  CHECK(wrong.code == 2);
  CHECK(contains(wrong.text, "/no/such.yaml: cannot be read"));
}

TEST_CASE("what compile cannot do is one line and leaves with 2") {
  const Folder folder;
  const std::string file = (folder / "file").string();
  std::ofstream(file) << "x";
  const Outcome in_the_way = run("compile ds_cnn --chip unit --dump " + file);
  CHECK(in_the_way.code == 2);
  CHECK(contains(in_the_way.text, file + ": is no folder and cannot be made one"));
  const Outcome below = run("compile ds_cnn --chip unit --dump /proc/presil");
  CHECK(below.code == 2);
  CHECK(contains(below.text, "/proc/presil: is no folder and cannot be made one"));
  const Outcome unwritable = run("compile ds_cnn --chip unit --dump /proc/self");
  CHECK(unwritable.code == 2);
  CHECK(contains(unwritable.text, "/proc/self/network.yaml: cannot be written"));
  for (const char* input : {"image", "=1x2", "image=", "image=1xx2", "image=0x2", "image=1x2x",
                            "image=-1", "image=99999999999999999999"}) {
    CAPTURE(input);
    const Outcome outcome = run(fmt::format("compile ds_cnn --chip unit --input {}", input));
    CHECK(outcome.code == 2);
    CHECK(contains(outcome.text, fmt::format("--input {}: must be name=extents", input)));
  }
  CHECK(run("compile ds_cnn --chip unit --inference warm").code == 2);
  CHECK(contains(run("compile ds_cnn --chip unit --batch 0").text, "--batch must be 1..65536"));
}

}  // namespace
