#include "estimator/prior.h"

#include <algorithm>

#include "hw/energy.h"

namespace presil {

namespace {

double energy_of_group(const ChipSpec& chip, const FusionGroup& group, const GroupTerms& t,
                       double cycles) {
  double mac = 0;
  for (const Stage& stage : group.stages)
    if (stage.macs > 0)
      mac += static_cast<double>(stage.macs) *
             mac_energy(chip, chip.mac_array.modes[static_cast<std::size_t>(stage.mode)]).value;
  return mac + t.sram_traffic * chip.energy.sram_byte + t.memory_energy +
         t.vector_work * chip.energy.vector_op + t.commands * chip.energy.control_command +
         cycles * chip.energy.idle_mw * 1000 / chip.clock_mhz;
}

}  // namespace

Prior prior_of(const ChipSpec& chip, const FusionGroup& group, const InSchedule& around) {
  Prior prior;
  prior.cycles = std::max(1.0, around.flow.cycles);
  prior.energy_pj = std::max(1.0, energy_of_group(chip, group, *around.self, prior.cycles));
  return prior;
}

}  // namespace presil
