#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>

#include "core/error.h"
#include "hw/chip_spec.h"

namespace presil {
namespace {

namespace fs = std::filesystem;

const fs::path kChips = fs::path(PRESIL_SOURCE_DIR) / "chips";

/// The NVDLA file with the first `from` replaced by `to`, as a file of its own.
class ChangedChip {
 public:
  ChangedChip(const std::string& from, const std::string& to)
      : path_(fs::temp_directory_path() / fmt::format("presil_changed_chip_{}.yaml", getpid())) {
    std::ifstream in(kChips / "nvdla-full.yaml");
    std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
    std::ofstream(path_) << text;
  }
  ~ChangedChip() { fs::remove(path_); }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

TEST_CASE("every chip file loads, and its name is its file's") {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(kChips)) {
    CHECK(load_chip(entry.path()).name == entry.path().stem().string());
    ++count;
  }
  CHECK(count >= 1);
}

TEST_CASE("each broken rule of a chip file is one clear line") {
  struct Row {
    const char *from, *to, *text;
  };
  const Row rows[] = {
      {"dot_length: 64", "dot_length: -4", "mac_array.modes.0.dot_length: must be >= 1, is -4"},
      {"dot_length: 64", "dot_lenght: 64", "mac_array.modes.0.dot_length: is missing"},
      {"dot_length: 64", "dot_length: many", "must be a number, is 'many'"},
      {"dot_length: 64", "dot_length: 2.5", "must be a whole number, is 2.5"},
      {"dot_length: 64", "dot_length: .nan", "must be a number, is '.nan'"},
      {"dot_length: 64", "dot_length: [1]", "must be a number, is a list"},
      {"weights: int8", "weights: int7",
       "must be one of int4, int8, int16, int32, fp16, bf16, fp32, is 'int7'"},
      {"weights: int16, activations: int16", "weights: int8, activations: int8",
       "int8 x int8 stands twice"},
      {"style: dot_product", "style: dot", "must be one of dot_product, systolic, is 'dot'"},
      {"style: dot_product", "styl: dot_product",
       "mac_array.styl: unknown key; did you mean 'style'?"},
      {"clock_mhz: 1000", "clock_mhz: 0", "clock_mhz: must be > 0, is 0"},
      {"min: 10", "min: 20", "mac_array.stripe.length: must be >= stripe.min (20), is 16"},
      {"last_max: 32", "last_max: 8",
       "mac_array.stripe.last_max: must be >= stripe.length (16), is 8"},
      {"kib: 12.5", "kib: 1", "must hold one pass of mode int8 x int8"},
      {"banks: 16", "banks: 7", "sram.banks: must divide sram.kib (524288 bytes) evenly, is 7"},
      {"burst_bytes: 64", "burst_bytes: 65537", "dma.burst_bytes: must be <= 65536, is 65537"},
      {"kib: 512", "kib: 0.03125", "dma.burst_bytes: must fit sram.kib (32 bytes), is 64"},
      {"bytes_per_cycle: 64, latency", "gb_per_s: 64, bytes_per_cycle: 64, latency",
       "give exactly one of gb_per_s and bytes_per_cycle"},
      {"latency_cycles: 50", "latency_cycles: 50, latency_ns: 50", "give one of the two"},
      {"weights: dram", "weights: flash",
       "placement.weights: must name one of memories (dram), is 'flash'"},
      {"name: nvdla-full", "name: nvdla-full\nname: twice", "key 'name' stands twice"},
      {"name: nvdla-full", "name: [", "not valid YAML"},
      {"name: nvdla-full", "name: &a nvdla-full", "anchors and aliases are not allowed"},
      {"duplex: true", "duplex: maybe", "must be true or false, is 'maybe'"},
      {"vector_unit: {lanes: 16}", "vector_unit: 16",
       "vector_unit: must be a mapping of keys to values, is '16'"},
  };
  for (const Row& row : rows) {
    const ChangedChip chip(row.from, row.to);
    CAPTURE(row.to);
    CHECK_THROWS_WITH_AS(load_chip(chip.path()), doctest::Contains(row.text), Error);
    CHECK_THROWS_WITH_AS(load_chip(chip.path()), doctest::Contains("presil_changed_chip_"), Error);
  }
}

TEST_CASE("an error names the line of its key") {
  const ChangedChip chip("clock_mhz: 1000", "clock_mhz: -1");
  CHECK_THROWS_WITH_AS(load_chip(chip.path()), doctest::Contains(".yaml:5: clock_mhz: must be > 0"),
                       Error);
}

TEST_CASE("a missing, empty or oversized file is one clear line") {
  const fs::path path = fs::temp_directory_path() / "presil_no_chip.yaml";
  CHECK_THROWS_WITH_AS(load_chip(path), doctest::Contains("cannot be read"), Error);
  std::ofstream(path) << "";
  CHECK_THROWS_WITH_AS(load_chip(path), doctest::Contains("must be a mapping"), Error);
  std::ofstream(path) << std::string((1 << 20) + 10, '#');
  CHECK_THROWS_WITH_AS(load_chip(path), doctest::Contains("larger than 1048576 bytes"), Error);
  std::ofstream(path) << std::string(1000, '[');
  CHECK_THROWS_WITH_AS(load_chip(path), doctest::Contains("nested deeper than 32 levels"), Error);
  fs::remove(path);
}

TEST_CASE("an override changes its key and the hash, and a wrong one names the nearest") {
  const fs::path file = kChips / "nvdla-full.yaml";
  const ChipSpec plain = load_chip(file);
  const ChipSpec small =
      load_chip(file, {{"sram.kib", "256"}, {"memories.dram.bytes_per_cycle", "8"}});
  CHECK(small.sram.kib == 256);
  CHECK(small.memories[0].bytes_per_cycle == 8);
  CHECK(small.hash() != plain.hash());
  CHECK(load_chip(file).hash() == plain.hash());
  CHECK(load_chip(file, {{"mac_array.modes.0.dot_length", "32"}}).mac_array.modes[0].dot_length ==
        32);
  CHECK_THROWS_WITH_AS(load_chip(file, {{"sram.kb", "1"}}),
                       doctest::Contains("did you mean 'kib'?"), Error);
  CHECK_THROWS_WITH_AS(load_chip(file, {{"sram", "1"}}), doctest::Contains("holds further keys"),
                       Error);
}

TEST_CASE("an unknown chip names the nearest and the known ones") {
  CHECK_THROWS_WITH_AS(find_chip("nvdla-ful", kChips),
                       doctest::Contains("did you mean 'nvdla-full'?"), Error);
}

}  // namespace
}  // namespace presil
