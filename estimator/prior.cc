#include "estimator/prior.h"

#include <algorithm>

#include "hw/energy.h"

namespace presil {

double prefetch_credit(const InSchedule& around, double room) {
  if (around.before == nullptr) return 0;
  const double idle = std::max(0.0, around.before->compute() - around.before->port);
  const double fits =
      around.self->weight_bytes > 0 ? std::min(1.0, 0.5 * room / around.self->weight_bytes) : 0;
  return std::min(idle, around.self->weight_port * fits);
}

namespace {

double cycles_of(const ChipSpec& chip, const InSchedule& around, double room) {
  const GroupTerms& t = *around.self;
  const double credit = prefetch_credit(around, room);
  const double port = t.port - credit;
  const double head =
      credit > 0 ? t.first_row_port : t.read_latency + t.first_row_port + t.weight_chunk;
  const double tail = t.writes > 0 ? t.write_latency + t.last_row_port : 0;
  const double control =
      static_cast<double>(chip.control.layer_setup_cycles + chip.control.issue_cycles +
                          chip.control.issue_latency_cycles);
  const double end =
      around.after == nullptr ? static_cast<double>(chip.control.completion_cycles) : 0;
  return std::max({t.compute() + head + tail, port + t.read_latency, 1.0}) + control + end;
}

double energy_of_group(const ChipSpec& chip, const FusionGroup& group, const GroupTerms& t,
                       double cycles) {
  double mac = 0;
  for (const Stage& stage : group.stages)
    if (stage.macs > 0)
      mac += static_cast<double>(stage.macs) *
             mac_energy(chip, chip.mac_array.modes[static_cast<std::size_t>(stage.mode)]).value;
  double memory_pj = 0;  // of the memory that weights and activations mostly lie in
  const auto found = chip.energy.memory_byte.find(chip.placement.weights);
  if (found != chip.energy.memory_byte.end()) memory_pj = found->second;
  return mac + t.sram_traffic * chip.energy.sram_byte + t.memory_bytes * memory_pj +
         t.vector_work * chip.energy.vector_op + t.commands * chip.energy.control_command +
         cycles * chip.energy.idle_mw * 1000 / chip.clock_mhz;
}

}  // namespace

Prior prior_of(const ChipSpec& chip, const FusionGroup& group, const InSchedule& around,
               double room) {
  Prior prior;
  prior.cycles = cycles_of(chip, around, room);
  prior.energy_pj = std::max(1.0, energy_of_group(chip, group, *around.self, prior.cycles));
  return prior;
}

}  // namespace presil
