#pragma once
// The analytical model of a whole network: its groups run down two queues, the engines' and the
// memory port's. Weights run ahead as far as the SRAM lets them. One pass over the groups, no
// tiles. (Assumption, held against the simulator in docs/estimator.md; the queues are those of
// sim/clock.h, a group at a time.)

#include <span>
#include <vector>

#include "estimator/group_terms.h"

namespace presil {

/// One group in the flow. Cycles; "late" times count from the completion of the group before.
struct GroupFlow {
  double cycles = 0;          ///< between the completion of the group before and its own; >= 0
  double compute_ready = 0;   ///< engines done with what came before, late
  double weights_ready = 0;   ///< all weights in, late
  double port_done = 0;       ///< port done with the group, late
  double weights_shared = 0;  ///< share of them whose SRAM an earlier group still holds
};

/// One a group, in schedule order. Pure.
std::vector<GroupFlow> flow_of(const ChipSpec& chip, const PlannedNetwork& network,
                               std::span<const GroupTerms> terms);

}  // namespace presil
