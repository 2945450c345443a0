#pragma once
// Cases as a bundle or a regressor predicts them, beside their runs.

#include <span>
#include <vector>

#include "estimator/accuracy.h"
#include "estimator/bundle.h"
#include "estimator/sample.h"

namespace presil {

std::vector<const GroupFeatures*> features_of(const CaseSample& sample);

/// The sum over the groups, link included: what a case's latency is held against.
double predicted_latency(const Regressor& regressor, const CaseSample& sample);

/// By one regressor for each target, without intervals.
ScoredCase score(const Regressor& cycles, const Regressor& energy, const CaseSample& sample);
/// With the interval of a group or a network.
ScoredCase score(const Bundle& bundle, const CaseSample& sample);
/// Each of its groups, as cases of level "group".
std::vector<ScoredCase> score_groups(const Bundle& bundle, const CaseSample& sample);

}  // namespace presil
