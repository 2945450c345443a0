#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "core/error.h"
#include "hw/chip_spec.h"
#include "tests/hw/changed_chip.h"

namespace presil {
namespace {

namespace fs = std::filesystem;
using test::ChangedChip;
using test::kChips;

TEST_CASE("every chip file loads, and its name is its file's") {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(kChips)) {
    if (entry.is_directory()) continue;  // area/ and cpu/
    CHECK(load_chip(entry.path()).name == entry.path().stem().string());
    names.insert(entry.path().stem().string());
  }
  for (const char* name :
       {"unit", "ne-nano", "ne-base", "ne-max", "nvdla-full", "nvdla-small", "ethos-u55-128",
        "ethos-u55-256", "edge-tpu", "systolic-32-ws", "systolic-32-os"})
    CHECK_MESSAGE(names.contains(name), name);
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
      {"burst_bytes: 256", "burst_bytes: 65537", "dma.burst_bytes: must be <= 65536, is 65537"},
      {"kib: 512", "kib: 0.125", "dma.burst_bytes: must fit sram.kib (128 bytes), is 256"},
      {"beat_bytes: 64", "beat_bytes: 48",
       "memories.0.beat_bytes: must be a divisor of dma.burst_bytes (256), is 48"},
      {"bytes_per_cycle: 64, latency", "gb_per_s: 64, bytes_per_cycle: 64, latency",
       "give exactly one of gb_per_s and bytes_per_cycle"},
      {"latency_cycles: 50", "latency_cycles: 50, latency_ns: 50", "give one of the two"},
      {"weights: dram", "weights: flash",
       "placement.weights: must name one of memories (dram), is 'flash'"},
      {"name: nvdla-full", "name: nvdla-full\nname: twice", "key 'name' stands twice"},
      {"name: nvdla-full", "name: [", "not valid YAML"},
      {"name: nvdla-full", "name: &a nvdla-full", "anchors and aliases are not allowed"},
      {"duplex: true", "duplex: maybe", "must be true or false, is 'maybe'"},
      {"placement: {weights: dram, activations: dram, inputs: dram, outputs: dram}",
       "placement: 16", "placement: must be a mapping of keys to values, is '16'"},
      {"name: nvdla-full", "---\na: 1\n---\nname: nvdla-full", "more than one YAML document"},
      {"modes:  #", "modes: []\n  old:  #",
       "mac_array.modes: must be a list of at least one entry"},
      {"{add: 1, ", "{", "vector_unit.cycles_per_element.add: is missing"},
      {"{add: 1, ", "{add: 0, ", "vector_unit.cycles_per_element.add: must be > 0, is 0"},
      {"{add: 1, ", "{add: 1, sqr: 1, ",
       "vector_unit.cycles_per_element.sqr: unknown key; did you mean 'sqrt'?"},
      {"mac: {int8: 0.2, int16: 0.6, ", "mac: {int8: 0.2, ",
       "energy_pj.mac.int16: is missing; mode int16 x int16 needs it"},
      {"memory_byte: {dram: 32}", "memory_byte: {dran: 32}",
       "energy_pj.memory_byte.dram: is missing"},
      {"memory_byte: {dram: 32}", "memory_byte: {dram: 32, flash: 1}",
       "energy_pj.memory_byte.flash: names no memory; known: dram"},
      {"name: nvdla-full", "name: ''", "name: must not be empty"},
      {"{name: dram", "{name: d.ram", "memories.0.name: must be a word without dots, is 'd.ram'"},
      {"sram_byte: 1", "sram_byte: -1", "energy_pj.sram_byte: must be >= 0, is -1"},
      {"kind: fixed_latency", "kind: fixed_latency, banks: 4",
       "memories.0.banks: only a memory of kind: banked has it"},
      {"kind: fixed_latency", "kind: banked, banks: 4, row_bytes: 100",
       "memories.0.row_bytes: must be a multiple of dma.burst_bytes (256), is 100"},
      {"kind: fixed_latency", "kind: banked, banks: 4, row_bytes: 2048, refresh_ns: 9",
       "must be longer than the refresh itself (9 cycles), is 0 cycles"},
      {"activation_atom_bytes: 32", "activation_atom_bytes: 48",
       "activation_atom_bytes: must be a multiple or a divisor of dma.burst_bytes (256), is 48"},
      {"bank_bytes_per_cycle: 64}", "bank_bytes_per_cycle: 64, interleave_bytes: 48}",
       "sram.interleave_bytes: must divide a bank (32768 bytes) evenly, is 48"},
      {"  - {name: dram,", "  - {name: dram, bytes_per_cycle: 1}\n  - {name: dram,",
       "memories.1.name: 'dram' stands twice"},
  };
  for (const Row& row : rows) {
    const ChangedChip chip("nvdla-full", row.from, row.to);
    CAPTURE(row.to);
    CHECK_THROWS_WITH_AS(load_chip(chip.path()), doctest::Contains(row.text), Error);
    CHECK_THROWS_WITH_AS(load_chip(chip.path()), doctest::Contains("presil_changed_chip_"), Error);
  }
}

TEST_CASE("an error names the line of its key") {
  const ChangedChip chip("nvdla-full", "clock_mhz: 1000", "clock_mhz: -1");
  CHECK_THROWS_WITH_AS(load_chip(chip.path()), doctest::Contains(".yaml:5: clock_mhz: must be > 0"),
                       Error);
}

TEST_CASE("an error of a rule between keys names the line of the key, too") {
  const ChangedChip atom("nvdla-full", "activation_atom_bytes: 32", "activation_atom_bytes: 48");
  const std::string text = test::read_text(atom.path());
  const auto line =
      1 + std::count(text.begin(),
                     text.begin() + static_cast<std::ptrdiff_t>(text.find("atom_bytes: 48")), '\n');
  CHECK_THROWS_WITH_AS(load_chip(atom.path()),
                       doctest::Contains(fmt::format(".yaml:{}: activation_atom", line).c_str()),
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
}

TEST_CASE("an override may name a key that the file leaves to its default") {
  const ChipSpec chip = load_chip(
      kChips / "nvdla-full.yaml",
      {{"control.layer_setup_cycles", "7"}, {"host.gops", "5"}, {"sram.interleave_bytes", "64"}});
  CHECK(chip.control.layer_setup_cycles == 7);
  CHECK(chip.host.gops == 5);
  CHECK(chip.sram.interleave_bytes == 64);
}

TEST_CASE("an override in one unit takes the place of the file's other unit") {
  const ChipSpec chip = load_chip(
      kChips / "nvdla-full.yaml",
      {{"memories.dram.gb_per_s", "8"}, {"memories.0.latency_ns", "10"}, {"clock_mhz", "500"}});
  CHECK(chip.memories[0].bytes_per_cycle == doctest::Approx(16));  // 8e9 bytes / 500e6 cycles
  CHECK(chip.memories[0].latency_cycles == doctest::Approx(5));    // 10 ns x 0.5 cycles a ns
}

TEST_CASE("an override of the array's shape scales every mode with the first") {
  const ChipSpec chip =
      load_chip(kChips / "nvdla-full.yaml",
                {{"mac_array.parallelism_factor", "16"}, {"mac_array.dot_length", "128"}});
  CHECK(chip.mac_array.modes[0].parallelism_factor == 16);
  CHECK(chip.mac_array.modes[1].parallelism_factor == 8);
  for (const PrecisionMode& mode : chip.mac_array.modes) CHECK(mode.dot_length == 128);
}

TEST_CASE("each wrong override is one clear line that repeats the argument") {
  struct Row {
    const char *key, *value, *text;
  };
  const Row rows[] = {
      {"sram.kb", "1", "--set sram.kb=1: a chip file has no such key; did you mean 'sram.kib'?"},
      {"kib", "1", "did you mean 'mac_array.accumulators.kib'?"},
      {"", "1", "--set =1: a chip file has no such key"},
      {"zzzzzzzz", "1", "docs/chip_yaml.md lists them"},
      {"sram", "1", "--set sram=1: holds further keys; name one of them"},
      {"host", "1", "--set host: must be a mapping of keys to values, is '1'"},
      {"sram.kib", "-1", "--set sram.kib=-1: must be > 0, is -1"},
      {"sram.kib", "big", "--set sram.kib=big: must be a number, is 'big'"},
      {"sram.kib.x", "1", "--set sram.kib.x=1: a chip file has no such key"},
      {"memories.flash.kib", "1", "the list has no entry 'flash'; known: dram"},
      {"mac_array.modes.9.dot_length", "1", "the list has no entry '9'; known: 0, 1, 2"},
      {"mac_array.parallelism_factor", "33", "mac_array.modes.1.parallelism_factor would become"},
      {"mac_array.dot_length", "0", "must be a whole number from 1 to 65536"},
      {"dma.burst_bytes", "65536", "--set dma.burst_bytes=65536"},
      {"memories.dram.row_bytes", "64", "only a memory of kind: banked has it"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.key);
    ChipOverrides overrides{{row.key, row.value}};
    if (std::string(row.key) == "dma.burst_bytes") overrides.emplace_back("sram.kib", "32");
    CHECK_THROWS_WITH_AS(load_chip(kChips / "nvdla-full.yaml", overrides),
                         doctest::Contains(row.text), Error);
  }
}

TEST_CASE("an override of the array's shape needs a list of modes in the file") {
  const ChangedChip chip("nvdla-full", "mac_array:", "mac_array: 5\nold:");
  CHECK_THROWS_WITH_AS(load_chip(chip.path(), {{"mac_array.dot_length", "8"}}),
                       doctest::Contains("the file has no list mac_array.modes"), Error);
}

TEST_CASE("nanoseconds and gigabytes a second become cycles at the chip's clock, unrounded") {
  const ChipSpec chip = load_chip(kChips / "ne-max.yaml");
  const MemorySpec& dram = chip.memories[static_cast<std::size_t>(chip.memory_index("dram"))];
  CHECK(dram.bytes_per_cycle == doctest::Approx(51.2e9 / 672e6));
  CHECK(dram.latency_cycles == doctest::Approx(80 * 0.672));
  CHECK(dram.row_miss_cycles == doctest::Approx(36 * 0.672));
}

TEST_CASE("the ne family has the peak rates it is named for") {
  const auto tops = [](const char* name) {
    const ChipSpec chip = load_chip(kChips / (std::string(name) + ".yaml"));
    const PrecisionMode& mode = chip.mac_array.modes.front();
    return 2e-6 * static_cast<double>(chip.cores * mode.parallelism_factor * mode.dot_length) *
           mode.steps_per_cycle * chip.clock_mhz;
  };
  CHECK(tops("ne-nano") == doctest::Approx(0.512));
  CHECK(tops("ne-base") == doctest::Approx(4.096));
  CHECK(tops("ne-max") == doctest::Approx(22.02).epsilon(0.001));
  CHECK(tops("edge-tpu") == doctest::Approx(3.93).epsilon(0.001));
}

TEST_CASE("docs/chip_yaml.md lists exactly the keys that the parser asks for") {
  std::ifstream doc(fs::path(PRESIL_SOURCE_DIR) / "docs/chip_yaml.md");
  REQUIRE(doc);
  std::set<std::string> documented;
  for (std::string line; std::getline(doc, line);) {
    if (!line.starts_with("| `")) continue;
    const std::size_t end = line.find('`', 3);
    REQUIRE(end != std::string::npos);
    CHECK_MESSAGE(documented.insert(line.substr(3, end - 3)).second, line);
  }
  for (const std::string& key : chip_yaml_keys())
    CHECK_MESSAGE(documented.erase(key) == 1, "not documented: ", key);
  CHECK_MESSAGE(documented.empty(),
                "documented but unknown: ", fmt::format("{}", fmt::join(documented, ", ")));
}

TEST_CASE("an unknown chip names the nearest and the known ones") {
  CHECK_THROWS_WITH_AS(find_chip("nvdla-ful", kChips),
                       doctest::Contains("did you mean 'nvdla-full'?"), Error);
}

}  // namespace
}  // namespace presil
