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

/// Without intervals.
ScoredCase score(const Regressor& regressor, const CaseSample& sample);
/// With the interval of a group or a network.
ScoredCase score(const Bundle& bundle, const CaseSample& sample);

/// Share of the groups whose label is in its 90 % interval; `groups` counts them.
double group_coverage(const Bundle& bundle, std::span<const CaseSample* const> cases,
                      std::size_t& groups);

}  // namespace presil
