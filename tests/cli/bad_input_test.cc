// Files that no user should be able to hurt us with: each ends with one clear line, exit code 2, in
// bounded time and memory.

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace {

namespace fs = std::filesystem;

struct Outcome {
  int code = 0;
  std::string text;
};

/// 2 GB of memory. AddressSanitizer reserves terabytes of addresses and counts what is used itself.
#ifdef __SANITIZE_ADDRESS__
constexpr char kLimit[] = "export ASAN_OPTIONS=hard_rss_limit_mb=2000";
#else
constexpr char kLimit[] = "ulimit -v 2000000";
#endif

Outcome run(const std::string& arguments) {
  const std::string command =
      fmt::format("bash -c '{}; timeout 20 {} {} 2>&1'", kLimit, PRESIL_BINARY, arguments);
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  Outcome outcome;
  std::array<char, 4096> buffer{};
  while (const std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe))
    outcome.text.append(buffer.data(), n);
  outcome.code = WEXITSTATUS(pclose(pipe));
  return outcome;
}

/// A folder that goes with the test.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "presil_bad_XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string file(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return (path_ / name).string();
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void check_refused(const std::string& arguments, const std::string& text) {
  CAPTURE(arguments);
  const Outcome outcome = run(arguments);
  CAPTURE(outcome.text);
  CHECK(outcome.code == 2);
  CHECK(outcome.text.starts_with("presil: "));
  CHECK(outcome.text.find('\n') == outcome.text.size() - 1);  // one line
  CHECK(outcome.text.size() < 2000);
  CHECK(outcome.text.find(text) != std::string::npos);
}

void check_network(const Folder& folder, const std::string& name, const std::string& bytes,
                   const std::string& text) {
  check_refused("simulate " + folder.file(name, bytes) + " --chip unit", text);
}

std::string garbage(std::size_t bytes) {
  std::string text;
  std::uint32_t state = 7;
  for (std::size_t i = 0; i < bytes; ++i)
    text += static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return text;
}

std::string network(const std::string& inputs, const std::string& layers) {
  return "network: bad\ninputs:\n  x: {shape: " + inputs + "}\nlayers:\n" + layers;
}

std::string chip_text() {
  std::ifstream file(PRESIL_SOURCE_DIR "/chips/unit.yaml");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE("files that are no files are refused") {
  const Folder folder;
  check_refused("simulate " + (folder.path() / "absent.onnx").string() + " --chip unit", "absent");
  check_refused("simulate " + folder.path().string() + " --chip unit", folder.path().string());
  fs::create_directory(folder.path() / "folder.onnx");
  check_refused("simulate " + (folder.path() / "folder.onnx").string() + " --chip unit",
                "folder.onnx");
  fs::create_directory(folder.path() / "folder.yaml");
  check_refused("simulate " + (folder.path() / "folder.yaml").string() + " --chip unit",
                "folder.yaml");
  check_network(folder, "network.txt", "hello", "network.txt");
  check_network(folder, "noextension", "hello", "noextension");
}

TEST_CASE("ONNX files that are none are refused") {
  const Folder folder;
  check_network(folder, "empty.onnx", "", "empty.onnx");
  check_network(folder, "garbage.onnx", garbage(4096), "garbage.onnx");
  check_network(folder, "text.onnx", "this is a text\n", "text.onnx");
  check_network(folder, "zeros.onnx", std::string(4096, '\0'), "zeros.onnx");
  // A field whose length says 2 GiB.
  check_network(folder, "long.onnx", "\x3a\xff\xff\xff\xff\x07", "long.onnx");
  // A model without a graph.
  check_network(folder, "no_graph.onnx", std::string("\x08\x07"), "no_graph.onnx");
}

TEST_CASE("TFLite files that are none are refused") {
  const Folder folder;
  check_network(folder, "empty.tflite", "", "empty.tflite");
  check_network(folder, "garbage.tflite", garbage(4096), "garbage.tflite");
  check_network(folder, "magic.tflite", std::string("\x1c\0\0\0TFL3", 8), "magic.tflite");
  check_network(folder, "magic_garbage.tflite", std::string("\x1c\0\0\0TFL3", 8) + garbage(4096),
                "magic_garbage.tflite");
  check_network(folder, "onnx.tflite", "\x08\x07\x12\x04test", "onnx.tflite");
}

TEST_CASE("truncated network files are refused at every length") {
  const char* given = std::getenv("PRESIL_SHARED");
  const fs::path models =
      fs::path(given != nullptr ? given : PRESIL_SOURCE_DIR "/../shared") / "models";
  if (!fs::is_directory(models)) {
    MESSAGE("skipped: " << models.string() << " is absent (set PRESIL_SHARED)");
    return;
  }
  const Folder folder;
  for (const char* name : {"lstm_asr.onnx", "tflm_trained_lstm_int8.tflite"}) {
    std::ifstream file(models / name, std::ios::binary);
    std::stringstream whole;
    whole << file.rdbuf();
    for (const std::size_t part : {1, 3, 7})
      check_network(folder, fmt::format("cut{}{}", part, name),
                    whole.str().substr(0, whole.str().size() * part / 8), "cut");
  }
}

TEST_CASE("networks in YAML that are wrong are refused with file, line and rule") {
  const Folder folder;
  const std::string layer = "  - {name: a, op: Conv, channels: 4, kernel: 1}\n";
  check_network(folder, "empty.yaml", "", "empty.yaml");
  check_network(folder, "scalar.yaml", "42\n", "scalar.yaml:1");
  check_network(folder, "syntax.yaml", "network: [\n", "syntax.yaml:");
  check_network(folder, "binary.yaml", garbage(2000), "binary.yaml");
  check_network(folder, "huge.yaml", network("[1, 3, 99999999999, 4]", layer), "huge.yaml:3");
  check_network(folder, "many.yaml", network("[65536, 65536, 65536, 65536]", layer),
                "more than 2^40 elements");
  check_network(folder, "negative.yaml", network("[1, -3, 4, 4]", layer), "negative.yaml:3");
  check_network(folder, "cycle.yaml",
                network("[1, 4, 4, 4]",
                        "  - {name: a, op: Add, inputs: [x, b]}\n"
                        "  - {name: b, op: Add, inputs: [x, a]}\n"),
                "cycle.yaml:5");
  check_network(folder, "missing.yaml",
                network("[1, 4, 4, 4]", "  - {name: a, op: Relu, input: y}\n"), "missing.yaml:5");
  check_network(folder, "unknown.yaml",
                network("[1, 4, 4, 4]", "  - {name: a, op: Konv, channels: 4, kernel: 1}\n"),
                "did you mean");
  check_network(
      folder, "kernel.yaml",
      network("[1, 4, 4, 4]", "  - {name: a, op: Conv, channels: 4, kernel: 9, padding: valid}\n"),
      "kernel.yaml");
  check_network(folder, "duplicate.yaml", network("[1, 4, 4, 4]", layer + layer),
                "duplicate.yaml:6");
  check_network(folder, "deep.yaml", "network: " + std::string(5000, '['), "deep.yaml");
}

TEST_CASE("YAML bombs are refused in bounded memory") {
  const Folder folder;
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += fmt::format("a{}: &a{} [*a{}", i, i, i - 1);
    for (int j = 1; j < 9; ++j) bomb += fmt::format(", *a{}", i - 1);
    bomb += "]\n";
  }
  check_network(folder, "bomb.yaml", bomb, "bomb.yaml");
  check_network(folder, "large.yaml", std::string(3 << 20, 'a'), "large.yaml");
  check_refused("simulate ds_cnn --chip " + folder.file("chipbomb.yaml", bomb), "chipbomb.yaml");
}

TEST_CASE("chip files that are wrong are refused with file, line and rule") {
  const Folder folder;
  const auto check_chip = [&](const std::string& name, const std::string& bytes,
                              const std::string& text) {
    check_refused("simulate ds_cnn --chip " + folder.file(name, bytes), text);
  };
  const std::string good = chip_text();
  check_chip("empty.yaml", "", "empty.yaml");
  check_chip("binary.yaml", garbage(2000), "binary.yaml");
  check_chip("list.yaml", "- 1\n- 2\n", "list.yaml:1");
  check_chip("unknown.yaml", good + "\nsramm: {kib: 3}\n", "did you mean 'sram'?");
  check_chip("type.yaml", replaced(good, "clock_mhz: 1000", "clock_mhz: fast"), "clock_mhz");
  check_chip("negative.yaml", replaced(good, "lanes: 4", "lanes: -4"), "vector_unit.lanes");
  check_chip("nan.yaml", replaced(good, "clock_mhz: 1000", "clock_mhz: .nan"), "clock_mhz");
  check_chip("huge.yaml", replaced(good, "dot_length: 4", "dot_length: 99999999999999999999"),
             "dot_length");
  check_chip("cores.yaml", good + "\ncores: 1000000\n", "cores");
  check_chip("twice.yaml", good + "\nname: again\n", "twice.yaml");
  check_chip("burst.yaml", replaced(good, "sram: {kib: 1024", "sram: {kib: 0.01"), "sram");
  check_chip("place.yaml", replaced(good, "weights: dram", "weights: flash"), "flash");
  check_chip("truncated.yaml", good.substr(0, good.size() / 2), "truncated.yaml");
  check_refused("simulate ds_cnn --chip " + folder.path().string(), folder.path().string());
}

}  // namespace
