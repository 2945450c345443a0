#include "hw/energy.h"

#include "hw/group_windows.h"
#include "hw/precision.h"
#include "hw/sram_demand.h"

namespace presil {

namespace {

/// Adds up what commands do, by group.
class Meter {
 public:
  explicit Meter(const ChipSpec& chip) : chip_(chip) {
    for (const PrecisionMode& mode : chip.mac_array.modes)
      mac_pj_.push_back(mac_energy(chip, mode).value);
    for (const MemorySpec& memory : chip.memories) {
      const auto found = chip.energy.memory_byte.find(memory.name);
      memory_pj_.push_back(found == chip.energy.memory_byte.end() ? 0 : found->second);
    }
  }

  void add(const Command& command, EnergyParts& parts) const {
    struct Visitor {
      const Meter& meter;
      EnergyParts& parts;
      void operator()(const Load& load) const { meter.add_transfer(load.transfer, parts); }
      void operator()(const Store& store) const { meter.add_transfer(store.transfer, parts); }
      void operator()(const Matrix& m) const {
        parts.mac += Picojoules(static_cast<double>(m.useful_macs().value) *
                                meter.mac_pj_[static_cast<std::size_t>(m.mode)]);
        parts.vector += Picojoules(static_cast<double>(m.positions * m.drained_per_position) *
                                   m.epilogue_cycles_per_element * meter.chip_.energy.vector_op);
      }
      void operator()(const Vector& v) const {
        parts.vector += Picojoules(static_cast<double>(v.elements) * v.cycles_per_element *
                                   meter.chip_.energy.vector_op);
      }
      void operator()(const Host&) const {}
    };
    std::visit(Visitor{*this, parts}, command.work);
    parts.sram += Picojoules(sram_bytes(chip_, command).total() * chip_.energy.sram_byte);
    parts.control += Picojoules(chip_.energy.control_command);
  }

 private:
  void add_transfer(const Transfer& transfer, EnergyParts& parts) const {
    const auto memory = static_cast<std::size_t>(transfer.memory);
    parts.memories[memory] +=
        Picojoules(static_cast<double>(transfer.stored_bytes()) * memory_pj_[memory]);
  }

  const ChipSpec& chip_;
  std::vector<double> mac_pj_, memory_pj_;  ///< by mode, by memory
};

void add_parts(const EnergyParts& from, EnergyParts& to) {
  to.mac += from.mac;
  to.sram += from.sram;
  to.vector += from.vector;
  to.control += from.control;
  to.idle += from.idle;
  for (std::size_t m = 0; m < from.memories.size(); ++m) to.memories[m] += from.memories[m];
}

}  // namespace

Picojoules mac_energy(const ChipSpec& chip, const PrecisionMode& mode) {
  const Precision wider =
      bits_of(mode.weights) > bits_of(mode.activations) ? mode.weights : mode.activations;
  const auto found = chip.energy.mac.find(name_of(wider));
  return Picojoules(found == chip.energy.mac.end() ? 0 : found->second);
}

Picojoules EnergyParts::total() const {
  Picojoules sum = mac + sram + vector + control + idle;
  for (const Picojoules memory : memories) sum += memory;
  return sum;
}

Energy energy_of(const ChipSpec& chip, const Program& program, const Timeline& timeline) {
  EnergyParts none;
  none.memories.resize(chip.memories.size());
  Energy energy{.total = none,
                .groups = std::vector<EnergyParts>(program.group_names.size(), none)};
  const Meter meter(chip);
  for (const Command& command : program.commands)
    meter.add(command, energy.groups[static_cast<std::size_t>(command.group)]);
  const std::vector<GroupWindow> windows = group_windows(program, timeline);
  const double idle_pj_per_cycle = chip.energy.idle_mw * 1000 / chip.clock_mhz;
  for (std::size_t g = 0; g < energy.groups.size(); ++g) {
    energy.groups[g].idle =
        Picojoules(static_cast<double>(windows[g].length()) * idle_pj_per_cycle);
    add_parts(energy.groups[g], energy.total);
  }
  return energy;
}

}  // namespace presil
