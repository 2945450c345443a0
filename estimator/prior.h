#pragma once
// The analytical model: a group's time and energy from its terms alone. What the boosted regressor
// learns the residual to, and a baseline of its own.

#include "estimator/features.h"
#include "estimator/group_terms.h"

namespace presil {

/// A group and who runs before and after it; null: nobody.
struct InSchedule {
  const GroupTerms* before = nullptr;
  const GroupTerms* self = nullptr;
  const GroupTerms* after = nullptr;
};

/// Port time of the group's weights that the group before leaves free: they come while that one
/// computes (weight prefetch), as far as there is room. Cycles.
double prefetch_credit(const InSchedule& around, double room);

/// Roofline with a head and a tail: engines and ports work at once, except for what the first tile
/// needs before anything is computed and the last one's store (Williams et al., CACM 2009; head and
/// tail: assumption). Energy: the terms times energy_pj (hw/energy.h), each byte moved once.
Prior prior_of(const ChipSpec& chip, const FusionGroup& group, const InSchedule& around,
               double room);

}  // namespace presil
