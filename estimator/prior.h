#pragma once
// The analytical model: a group's time and energy from its terms alone. What the boosted regressor
// learns the residual to, and a baseline of its own.

#include "estimator/features.h"
#include "estimator/flow.h"

namespace presil {

/// A group and who runs before and after it; null: nobody.
struct InSchedule {
  const GroupTerms* before = nullptr;
  const GroupTerms* self = nullptr;
  const GroupTerms* after = nullptr;
  GroupFlow flow;
};

/// Time: estimator/flow.h. Energy: the terms times energy_pj (hw/energy.h), each byte moved once.
Prior prior_of(const ChipSpec& chip, const FusionGroup& group, const InSchedule& around);

}  // namespace presil
