// The chip file's keys. docs/chip_yaml.md says them to users. Every key is asked for on every path
// (absent sections are read as empty ones), so that chip_yaml_keys() sees them all.

#include "hw/chip_yaml.h"

#include <fmt/format.h>

#include "core/yaml_reader.h"

namespace presil {

namespace {

constexpr Range kPositive{.min = 0, .above = true};
constexpr Range kFromZero{.min = 0};
constexpr Range kFromOne{.min = 1};

Precision read_precision(YamlMap& map, const std::string& key) {
  const std::string name = map.text(key);
  const auto precision = precision_from_name(name);
  if (!precision)
    map.fail(key, fmt::format("must be one of int4, int8, int16, int32, fp16, bf16, fp32, is '{}'",
                              name));
  return *precision;
}

PrecisionMode read_mode(YamlMap map) {
  PrecisionMode mode{
      .weights = read_precision(map, "weights"),
      .activations = read_precision(map, "activations"),
      .parallelism_factor = map.integer("parallelism_factor", {.min = 1, .max = 65536}),
      .dot_length = map.integer("dot_length", {.min = 1, .max = 65536}),
      .steps_per_cycle = map.number("steps_per_cycle", {.min = 0, .max = 16, .above = true}, 1),
      .weight_load_cycles_per_output = map.number("weight_load_cycles_per_output", kFromZero, 0)};
  map.finish();
  return mode;
}

MacArraySpec read_array(YamlMap map) {
  MacArraySpec array;
  array.style = map.choice("style", {"dot_product", "systolic"}, 0) == 0 ? ArrayStyle::kDotProduct
                                                                         : ArrayStyle::kSystolic;
  constexpr Dataflow kDataflows[] = {Dataflow::kWeightStationary, Dataflow::kOutputStationary,
                                     Dataflow::kInputStationary};
  array.dataflow = kDataflows[map.choice(
      "dataflow", {"weight_stationary", "output_stationary", "input_stationary"}, 0)];
  array.pixels = map.integer("pixels", kFromOne, 1);
  for (YamlMap& mode : map.list("modes")) array.modes.push_back(read_mode(std::move(mode)));
  array.dot_packing =
      map.choice("dot_packing", {"none", "taps"}, 0) == 0 ? DotPacking::kNone : DotPacking::kTaps;
  array.part_kernel_channels = map.integer("part_kernel_channels", {.min = 0, .max = 65536}, 0);
  array.fuses_operands = map.boolean("fuses_operands", true);
  YamlMap depthwise = map.map_or_empty("depthwise");
  array.depthwise_channels = depthwise.integer("channels", kFromZero, 0);
  array.depthwise_taps = depthwise.integer("taps", kFromOne, 1);
  depthwise.finish();
  array.shadow_weights = map.boolean("shadow_weights", true);
  YamlMap stripe = map.map("stripe");
  array.stripe_min = stripe.integer("min", kFromOne, 1);
  array.stripe_length = stripe.integer("length", kFromOne);
  array.stripe_last_max = stripe.integer("last_max", kFromOne, array.stripe_length);
  stripe.finish();
  YamlMap accumulators = map.map("accumulators");
  array.accumulators_kib = accumulators.number("kib", kPositive);
  array.accumulator_bits =
      static_cast<int>(accumulators.integer("bits", {.min = 8, .max = 64}, 32));
  array.sums_leave_together = accumulators.boolean("leave_together", false);
  accumulators.finish();
  array.constant_bits = map.integer("constant_bits", {.min = 0, .max = 128}, 0);
  array.start_after = map.choice("start_after", {"first_rows", "whole_input"}, 0) == 0
                          ? StartAfter::kFirstRows
                          : StartAfter::kWholeInput;
  array.output_elements_per_cycle = map.number("output_elements_per_cycle", kPositive);
  array.output_latency_cycles = map.integer("output_latency_cycles", kFromZero, 0);
  map.finish();
  return array;
}

VectorUnitSpec read_vector_unit(YamlMap map) {
  VectorUnitSpec unit;
  unit.lanes = map.integer("lanes", kFromOne);
  unit.lanes_scale_with_width = map.boolean("lanes_scale_with_width", true);
  unit.startup_cycles = map.integer("startup_cycles", kFromZero, 0);
  YamlMap costs = map.map("cycles_per_element");
  for (const std::string& key : chip_vector_cost_keys())
    unit.cycles_per_element[key] = costs.number(key, kPositive);
  costs.finish();
  map.finish();
  return unit;
}

/// A duration in core cycles, written as `KEY_cycles` or `KEY_ns`, not both.
double read_cycles(YamlMap& map, const std::string& key, double clock_mhz) {
  const bool in_cycles = map.has(key + "_cycles"), in_ns = map.has(key + "_ns");
  if (in_cycles && in_ns)
    map.fail(key + "_ns", "stands beside " + key + "_cycles; give one of the two");
  if (in_ns) return map.number(key + "_ns", kFromZero) * clock_mhz / 1000;
  return map.number(key + "_cycles", kFromZero, 0);
}

/// What only a memory with banks and rows has. The keys are an error for the other kind.
void read_banks(YamlMap& map, double clock_mhz, MemorySpec& memory) {
  const bool banked = memory.kind == MemoryKind::kBanked;
  const auto refuse = [&](const std::string& key) {
    if (!banked && map.has(key)) map.fail(key, "only a memory of kind: banked has it");
  };
  for (const char* key : {"banks", "row_bytes"}) refuse(key);
  for (const char* key : {"row_miss", "turnaround", "refresh_interval", "refresh"})
    for (const char* unit : {"_cycles", "_ns"}) refuse(std::string(key) + unit);
  if (!banked) return;
  memory.banks = map.integer("banks", {.min = 1, .max = 4096});
  memory.row_bytes = map.integer("row_bytes", {.min = 1, .max = 1 << 20});
  memory.row_miss_cycles = read_cycles(map, "row_miss", clock_mhz);
  memory.turnaround_cycles = read_cycles(map, "turnaround", clock_mhz);
  memory.refresh_interval_cycles = read_cycles(map, "refresh_interval", clock_mhz);
  memory.refresh_cycles = read_cycles(map, "refresh", clock_mhz);
}

MemorySpec read_memory(YamlMap map, double clock_mhz) {
  MemorySpec memory{.name = map.text("name")};
  memory.kind = map.choice("kind", {"fixed_latency", "banked"}, 0) == 0 ? MemoryKind::kFixedLatency
                                                                        : MemoryKind::kBanked;
  memory.kib = map.number("kib", kFromZero, 0);
  const bool per_second = map.has("gb_per_s"), per_cycle = map.has("bytes_per_cycle");
  if (per_second == per_cycle)
    map.fail("gb_per_s", "give exactly one of gb_per_s and bytes_per_cycle");
  memory.bytes_per_cycle = per_cycle ? map.number("bytes_per_cycle", kPositive)
                                     : map.number("gb_per_s", kPositive) * 1000 / clock_mhz;
  memory.latency_cycles = read_cycles(map, "latency", clock_mhz);
  memory.write_latency_cycles = read_cycles(map, "write_latency", clock_mhz);
  memory.duplex = map.boolean("duplex", false);
  memory.beat_bytes = map.integer("beat_bytes", {.min = 0, .max = 65536}, 0);
  memory.request_every_cycles = map.number("request_every_cycles", kFromZero, 0);
  memory.outstanding = map.integer("outstanding", {.min = 0, .max = 65536}, 0);
  read_banks(map, clock_mhz, memory);
  map.finish();
  return memory;
}

PlacementSpec read_placement(YamlMap map) {
  PlacementSpec placement{.weights = map.text("weights"),
                          .activations = map.text("activations"),
                          .inputs = map.text("inputs"),
                          .outputs = map.text("outputs")};
  placement.spill = map.text("spill", placement.activations);
  map.finish();
  return placement;
}

DmaSpec read_dma(YamlMap map) {
  DmaSpec dma{.channels = map.integer("channels", {.min = 1, .max = 64}),
              .setup_cycles = map.integer("setup_cycles", kFromZero, 0),
              .burst_bytes = map.integer("burst_bytes", {.min = 1, .max = 65536}),
              .outstanding = map.integer("outstanding", {.min = 1, .max = 65536})};
  YamlMap pace = map.map_or_empty("beat_cycles");
  dma.feature_beat_cycles = pace.number("features", kFromZero, 0);
  dma.paired_beat_cycles = pace.number("paired_surfaces", kFromZero, dma.feature_beat_cycles);
  dma.lone_beat_cycles = pace.number("lone_surface", kFromZero, dma.feature_beat_cycles);
  dma.weight_beat_cycles = pace.number("weights", kFromZero, 0);
  dma.store_beat_cycles = pace.number("stores", kFromZero, 0);
  pace.finish();
  map.finish();
  return dma;
}

ControlSpec read_control(YamlMap map) {
  ControlSpec control{.order = map.choice("order", {"ready_first", "in_order"}, 0) == 0
                                   ? IssueOrder::kReadyFirst
                                   : IssueOrder::kInOrder,
                      .issue_cycles = map.integer("issue_cycles", kFromZero, 0),
                      .issue_latency_cycles = map.integer("issue_latency_cycles", kFromZero, 0),
                      .layer_setup_cycles = map.integer("layer_setup_cycles", kFromZero, 0),
                      .completion_cycles = map.integer("completion_cycles", kFromZero, 0),
                      .layer_overlap = map.boolean("layer_overlap", true),
                      .weights_ahead = map.integer("weights_ahead", {.min = 0, .max = 65536}, 0)};
  map.finish();
  return control;
}

HostSpec read_host(YamlMap map) {
  HostSpec host{.link_gb_per_s = map.number("link_gb_per_s", kFromZero, 0),
                .per_inference_us = map.number("per_inference_us", kFromZero, 0),
                .gops = map.number("gops", kPositive, 1),
                .per_op_us = map.number("per_op_us", kFromZero, 0)};
  map.finish();
  return host;
}

EnergySpec read_energy(YamlMap map) {
  EnergySpec energy;
  YamlMap mac = map.map("mac");
  for (int i = 0; i < kPrecisionCount; ++i) {
    const std::string name(name_of(static_cast<Precision>(i)));
    if (mac.has(name)) energy.mac[name] = mac.number(name, kFromZero);
  }
  mac.finish();
  for (const auto& [name, value] : map.map("memory_byte").numbers(kFromZero))
    energy.memory_byte[name] = value;
  energy.sram_byte = map.number("sram_byte", kFromZero);
  energy.vector_op = map.number("vector_op", kFromZero);
  energy.control_command = map.number("control_command", kFromZero, 0);
  energy.idle_mw = map.number("idle_mw", kFromZero);
  map.finish();
  return energy;
}

}  // namespace

const std::vector<std::string>& chip_vector_cost_keys() {
  static const std::vector<std::string> keys = {
      "add",    "mul",    "div",     "max", "sigmoid", "tanh", "exp",
      "log",    "sqrt",   "erf",     "pow", "softmax", "norm", "pool",
      "resize", "reduce", "convert", "lrn", "hard",    "sin",  "copy"};
  return keys;
}

ChipSpec read_chip(const YAML::Node& root, const std::string& file, std::set<std::string>* asked) {
  YamlMap map(file, "", root, asked);
  ChipSpec chip;
  chip.name = map.text("name");
  chip.description = map.text("description", "");
  chip.clock_mhz = map.number("clock_mhz", {.min = 0, .max = 1e6, .above = true});
  chip.cores = map.integer("cores", {.min = 1, .max = 256}, 1);
  chip.mac_array = read_array(map.map("mac_array"));
  chip.vector_unit = read_vector_unit(map.map("vector_unit"));
  YamlMap sram = map.map("sram");
  chip.sram = {.kib = sram.number("kib", {.min = 0, .max = 1 << 20, .above = true}),
               .banks = sram.integer("banks", {.min = 1, .max = 4096}),
               .bank_bytes_per_cycle = sram.number("bank_bytes_per_cycle", kPositive),
               .interleave_bytes = sram.integer("interleave_bytes", kFromZero, 0),
               .array_port = sram.choice("array_port", {"shared", "dedicated"}, 0) == 0
                                 ? ArrayPort::kShared
                                 : ArrayPort::kDedicated,
               .across_layers = sram.boolean("across_layers", true),
               .input_tiles = sram.integer("input_tiles", {.min = 0, .max = 1 << 20}, 0)};
  sram.finish();
  for (YamlMap& memory : map.list("memories"))
    chip.memories.push_back(read_memory(std::move(memory), chip.clock_mhz));
  chip.placement = read_placement(map.map("placement"));
  chip.dma = read_dma(map.map("dma"));
  chip.activation_atom_bytes = map.integer("activation_atom_bytes", {.min = 1, .max = 4096}, 32);
  chip.packed_inputs = map.boolean("packed_inputs", false);
  chip.pixel_bursts = map.boolean("pixel_bursts", false);
  chip.whole_atoms = map.boolean("whole_atoms", false);
  chip.weight_compression =
      map.number("weight_compression", {.min = 0, .max = 2, .above = true}, 1);
  chip.weight_coding = map.choice("weight_coding", {"ratio", "entropy"}, 0) == 0
                           ? WeightCoding::kRatio
                           : WeightCoding::kEntropy;
  chip.control = read_control(map.map_or_empty("control"));
  chip.host = read_host(map.map_or_empty("host"));
  chip.energy = read_energy(map.map("energy_pj"));
  map.finish();
  return chip;
}

}  // namespace presil
