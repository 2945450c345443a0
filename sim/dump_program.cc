// What the machine is told, command by command.

#include <fmt/ostream.h>

#include <ostream>

#include "core/yaml_text.h"
#include "sim/dump.h"

namespace presil {

namespace {

const char* word_of(Traffic traffic) {
  switch (traffic) {
    case Traffic::kInput:
      return "input";
    case Traffic::kWeights:
      return "weights";
    case Traffic::kOutput:
      return "output";
    case Traffic::kSpill:
      return "spill";
  }
  return "";
}

/// `, name: {at: ADDRESS, run: BYTES}`, with repetitions if there are some; "" for no bytes.
std::string region_text(const char* name, const Region& r) {
  if (r.run_bytes == 0) return "";
  if (r.runs == 1) return fmt::format(", {}: {{at: {}, run: {}}}", name, r.address, r.run_bytes);
  return fmt::format(", {}: {{at: {}, run: {}, runs: {}, stride: {}}}", name, r.address,
                     r.run_bytes, r.runs, r.stride);
}

/// A command's own entries of its flow mapping.
class WorkText {
 public:
  explicit WorkText(const ChipSpec& chip) : chip_(chip) {}

  std::string operator()(const Load& load) const { return transfer("load", load.transfer); }
  std::string operator()(const Store& store) const { return transfer("store", store.transfer); }
  std::string operator()(const Matrix& m) const {
    return fmt::format(
        "engine: mac, what: {}, mode: {}, outputs: {}, positions: {}, channels: {}, taps: {}, "
        "groups: {}, drained: {}, epilogue: {}, output_bits: {}{}{}{}{}{}",
        m.op == MacOp::kDepthwise ? "depthwise" : "dense", m.mode, m.outputs, m.positions,
        m.channels, m.taps, m.groups, m.drained_per_position, m.epilogue_cycles_per_element,
        m.output_bits, region_text("input", m.input), region_text("weights", m.weights),
        region_text("operand", m.operand), region_text("constants", m.constants),
        region_text("output", m.output));
  }
  std::string operator()(const Vector& v) const {
    return fmt::format(
        "engine: vector, elements: {}, element_bits: {}, cycles_per_element: {}{}{}{}{}",
        v.elements, v.element_bits, v.cycles_per_element, region_text("input", v.input),
        region_text("operand", v.operand), region_text("constants", v.constants),
        region_text("output", v.output));
  }
  std::string operator()(const Host& host) const {
    return fmt::format("engine: host, cycles: {}", host.duration.value);
  }

 private:
  std::string transfer(const char* what, const Transfer& t) const {
    std::string dims;
    for (const TransferDim& d : t.dims)
      if (d.count > 1)
        dims += fmt::format("{}[{}, {}, {}]", dims.empty() ? "" : ", ", d.count, d.memory_stride,
                            d.sram_stride);
    return fmt::format(
        "engine: dma, what: {}, traffic: {}, memory: {}, address: {}, sram: {}, run: {}, dims: "
        "[{}], "
        "stored_ratio: {}, request_every: {}",
        what, word_of(t.traffic),
        yaml_text(chip_.memories[static_cast<std::size_t>(t.memory)].name), t.memory_address,
        t.sram_address, t.run_bytes, dims, t.stored_ratio, t.beat_cycles);
  }

  const ChipSpec& chip_;
};

}  // namespace

void write_program(std::ostream& out, const ChipSpec& chip, const Program& program) {
  fmt::print(out,
             "# after: the commands that must be done first. dims: [count, memory stride, SRAM "
             "stride], outermost first.\n");
  fmt::print(out, "commands:\n");
  const WorkText text(chip);
  int group = -1;
  for (std::size_t id = 0; id < program.commands.size(); ++id) {
    const Command& command = program.commands[id];
    if (command.group != group)
      fmt::print(out, "  # group {}: {}\n", command.group,
                 yaml_text(program.group_names[static_cast<std::size_t>(command.group)]));
    group = command.group;
    fmt::print(out, "  - {{id: {}, group: {}, core: {}, {}, after: [{}]}}\n", id, command.group,
               command.core, std::visit(text, command.work), fmt::join(command.dependencies, ", "));
  }
}

}  // namespace presil
