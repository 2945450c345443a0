#pragma once
// Where the error of an estimate comes from, in plain words.

#include <string>

#include "estimator/compare.h"

namespace presil {

/// Groups that the planner formed differently and what that alone does to the network, the group
/// that is off most and what bounds it on either side, features out of range.
std::string reason_of(const Comparison& comparison);

/// Of one group: what bounds it on either side, what learning made of the closed form, where its
/// maps lie, the feature that is out of range.
std::string reason_of(const GroupComparison& group);

}  // namespace presil
