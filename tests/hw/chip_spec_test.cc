#include "hw/chip_spec.h"

#include <doctest/doctest.h>

#include <set>

#include "core/error.h"
#include "hw/precision.h"
#include "tests/hw/changed_chip.h"

namespace presil {
namespace {

using test::kChips;

TEST_CASE("every precision has a name that leads back to it, and its bits") {
  for (int i = 0; i < kPrecisionCount; ++i) {
    const auto precision = static_cast<Precision>(i);
    CHECK(precision_from_name(name_of(precision)) == precision);
  }
  CHECK(bits_of(Precision::kInt4) == 4);
  CHECK(bits_of(Precision::kBf16) == 16);
  CHECK(bits_of(Precision::kFp32) == 32);
  CHECK_FALSE(precision_from_name("int7").has_value());
}

TEST_CASE("memory_index finds a memory by name, and breaks its promise for another") {
  const ChipSpec chip = load_chip(kChips / "ethos-u55-128.yaml");
  CHECK(chip.memory_index("sram") == 0);
  CHECK(chip.memory_index("flash") == 1);
  CHECK_THROWS_AS(chip.memory_index("dram"), InternalError);
  CHECK(chip.sram_bytes() == 24 * 1024);
}

TEST_CASE("every parameter but name and description changes the hash, each in its own way") {
  using Change = void (*)(ChipSpec&);
  const Change changes[] = {
      [](ChipSpec& c) { c.clock_mhz += 1; },
      [](ChipSpec& c) { c.cores += 1; },
      [](ChipSpec& c) { c.mac_array.style = ArrayStyle::kSystolic; },
      [](ChipSpec& c) { c.mac_array.dataflow = Dataflow::kOutputStationary; },
      [](ChipSpec& c) { c.mac_array.pixels += 1; },
      [](ChipSpec& c) { c.mac_array.modes[0].weights = Precision::kInt16; },
      [](ChipSpec& c) { c.mac_array.modes[0].activations = Precision::kInt16; },
      [](ChipSpec& c) { c.mac_array.modes[0].parallelism_factor += 1; },
      [](ChipSpec& c) { c.mac_array.modes[0].dot_length += 1; },
      [](ChipSpec& c) { c.mac_array.modes[0].steps_per_cycle += 1; },
      [](ChipSpec& c) { c.mac_array.modes[0].weight_load_cycles_per_output += 1; },
      [](ChipSpec& c) { c.mac_array.modes.pop_back(); },
      [](ChipSpec& c) { c.mac_array.dot_packing = DotPacking::kTaps; },
      [](ChipSpec& c) { c.mac_array.part_kernel_channels += 1; },
      [](ChipSpec& c) { c.mac_array.fuses_operands = false; },
      [](ChipSpec& c) { c.mac_array.depthwise_channels += 1; },
      [](ChipSpec& c) { c.mac_array.depthwise_taps += 1; },
      [](ChipSpec& c) { c.mac_array.shadow_weights = !c.mac_array.shadow_weights; },
      [](ChipSpec& c) { c.mac_array.stripe_min += 1; },
      [](ChipSpec& c) { c.mac_array.stripe_length += 1; },
      [](ChipSpec& c) { c.mac_array.stripe_last_max += 1; },
      [](ChipSpec& c) { c.mac_array.accumulators_kib += 1; },
      [](ChipSpec& c) { c.mac_array.accumulator_bits += 1; },
      [](ChipSpec& c) { c.mac_array.start_after = StartAfter::kWholeInput; },
      [](ChipSpec& c) { c.mac_array.output_elements_per_cycle += 1; },
      [](ChipSpec& c) { c.mac_array.output_latency_cycles += 1; },
      [](ChipSpec& c) { c.vector_unit.lanes += 1; },
      [](ChipSpec& c) { c.vector_unit.lanes_scale_with_width = false; },
      [](ChipSpec& c) { c.vector_unit.startup_cycles += 1; },
      [](ChipSpec& c) { c.vector_unit.cycles_per_element["add"] += 1; },
      [](ChipSpec& c) { c.vector_unit.cycles_per_element["copy"] += 1; },
      [](ChipSpec& c) { c.sram.kib += 1; },
      [](ChipSpec& c) { c.sram.banks += 1; },
      [](ChipSpec& c) { c.sram.bank_bytes_per_cycle += 1; },
      [](ChipSpec& c) { c.sram.interleave_bytes += 1; },
      [](ChipSpec& c) { c.sram.array_port = ArrayPort::kDedicated; },
      [](ChipSpec& c) { c.sram.across_layers = false; },
      [](ChipSpec& c) { c.sram.input_tiles = 2; },
      [](ChipSpec& c) { c.memories[0].name.push_back('x'); },
      [](ChipSpec& c) { c.memories[0].kind = MemoryKind::kFixedLatency; },
      [](ChipSpec& c) { c.memories[0].kib += 1; },
      [](ChipSpec& c) { c.memories[0].bytes_per_cycle += 1; },
      [](ChipSpec& c) { c.memories[0].latency_cycles += 1; },
      [](ChipSpec& c) { c.memories[0].write_latency_cycles += 1; },
      [](ChipSpec& c) { c.memories[0].duplex = true; },
      [](ChipSpec& c) { c.memories[0].request_every_cycles += 1; },
      [](ChipSpec& c) { c.memories[0].outstanding += 1; },
      [](ChipSpec& c) { c.memories[0].beat_bytes += 1; },
      [](ChipSpec& c) { c.memories[0].banks += 1; },
      [](ChipSpec& c) { c.memories[0].row_bytes += 1; },
      [](ChipSpec& c) { c.memories[0].row_miss_cycles += 1; },
      [](ChipSpec& c) { c.memories[0].turnaround_cycles += 1; },
      [](ChipSpec& c) { c.memories[0].refresh_interval_cycles += 1; },
      [](ChipSpec& c) { c.memories[0].refresh_cycles += 1; },
      [](ChipSpec& c) { c.placement.weights.push_back('x'); },
      [](ChipSpec& c) { c.placement.activations.push_back('x'); },
      [](ChipSpec& c) { c.placement.inputs.push_back('x'); },
      [](ChipSpec& c) { c.placement.outputs.push_back('x'); },
      [](ChipSpec& c) { c.placement.spill.push_back('x'); },
      [](ChipSpec& c) { c.dma.channels += 1; },
      [](ChipSpec& c) { c.dma.setup_cycles += 1; },
      [](ChipSpec& c) { c.dma.burst_bytes += 1; },
      [](ChipSpec& c) { c.dma.outstanding += 1; },
      [](ChipSpec& c) { c.dma.feature_beat_cycles += 1; },
      [](ChipSpec& c) { c.dma.paired_beat_cycles += 1; },
      [](ChipSpec& c) { c.dma.lone_beat_cycles += 1; },
      [](ChipSpec& c) { c.dma.weight_beat_cycles += 1; },
      [](ChipSpec& c) { c.dma.store_beat_cycles += 1; },
      [](ChipSpec& c) { c.activation_atom_bytes += 1; },
      [](ChipSpec& c) { c.packed_inputs = true; },
      [](ChipSpec& c) { c.mac_array.sums_leave_together = true; },
      [](ChipSpec& c) { c.mac_array.constant_bits = 80; },
      [](ChipSpec& c) { c.pixel_bursts = true; },
      [](ChipSpec& c) { c.whole_atoms = true; },
      [](ChipSpec& c) { c.weight_compression /= 2; },
      [](ChipSpec& c) { c.weight_coding = WeightCoding::kEntropy; },
      [](ChipSpec& c) { c.control.order = IssueOrder::kInOrder; },
      [](ChipSpec& c) { c.control.issue_cycles += 1; },
      [](ChipSpec& c) { c.control.issue_latency_cycles += 1; },
      [](ChipSpec& c) { c.control.layer_setup_cycles += 1; },
      [](ChipSpec& c) { c.control.completion_cycles += 1; },
      [](ChipSpec& c) { c.control.layer_overlap = false; },
      [](ChipSpec& c) { c.control.weights_ahead = 1; },
      [](ChipSpec& c) { c.host.link_gb_per_s += 1; },
      [](ChipSpec& c) { c.host.per_inference_us += 1; },
      [](ChipSpec& c) { c.host.gops += 1; },
      [](ChipSpec& c) { c.host.per_op_us += 1; },
      [](ChipSpec& c) { c.energy.mac["int8"] += 1; },
      [](ChipSpec& c) { c.energy.sram_byte += 1; },
      [](ChipSpec& c) { c.energy.vector_op += 1; },
      [](ChipSpec& c) { c.energy.control_command += 1; },
      [](ChipSpec& c) { c.energy.memory_byte["dram"] += 1; },
      [](ChipSpec& c) { c.energy.idle_mw += 1; },
  };
  const ChipSpec plain = load_chip(kChips / "ne-base.yaml");
  REQUIRE(plain.hash().size() == 16);
  std::set<std::string> hashes = {plain.hash()};
  std::size_t index = 0;
  for (const Change change : changes) {
    ChipSpec chip = plain;
    change(chip);
    CAPTURE(index++);
    CHECK(hashes.insert(chip.hash()).second);
  }
  ChipSpec renamed = plain;
  renamed.name = "other";
  renamed.description = "other";
  CHECK(renamed.hash() == plain.hash());
}

TEST_CASE("every parameter that a file can set changes the hash when it is set") {
  // The other direction of the test above: a key that is read but forgotten in the hash.
  const auto file = kChips / "ne-base.yaml";
  const std::string plain = load_chip(file).hash();
  for (const std::string& key : chip_yaml_keys()) {
    if (!key.starts_with("control.") && !key.starts_with("host.") &&
        !key.starts_with("vector_unit.cycles_per_element.") && !key.starts_with("dma.beat_cycles."))
      continue;
    CAPTURE(key);
    const char* value = key == "control.order"           ? "in_order"
                        : key == "control.layer_overlap" ? "false"
                                                         : "77";
    CHECK(load_chip(file, {{key, value}}).hash() != plain);
  }
}

TEST_CASE("validate names the place, the key and the rule of a chip made in code") {
  ChipSpec chip = load_chip(kChips / "unit.yaml");
  CHECK_NOTHROW(validate(chip, "unit"));
  chip.placement.spill = "flash";
  CHECK_THROWS_WITH_AS(validate(chip, "here"),
                       "here: placement.spill: must name one of memories (dram), is 'flash'",
                       Error);
}

}  // namespace
}  // namespace presil
