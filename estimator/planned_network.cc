#include "estimator/planned_network.h"

#include "sim/placement.h"

namespace presil {

PlannedNetwork planned(const ChipSpec& chip, const CompiledNetwork& compiled) {
  PlannedNetwork result{.network = compiled.network,
                        .resident = compiled.plan.resident,
                        .memory = compiled.plan.memory,
                        .weights_stay = compiled.plan.weights_stay,
                        .weight_memory = compiled.weight_memory};
  result.room = free_sram(chip, result.network, result.resident, result.weights_stay);
  return result;
}

}  // namespace presil
