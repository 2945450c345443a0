#pragma once
// The accuracy table: what was trained, on cases that it never saw.

#include <functional>
#include <string>
#include <vector>

#include "estimator/accuracy.h"
#include "estimator/bundle.h"
#include "estimator/dataset.h"

namespace presil {

using Scorer = std::function<ScoredCase(const CaseSample&)>;

/// Sets "test", "unseen chip" and "step edges" (its `near_pairs` are the pairs that differ by one
/// channel).
std::vector<AccuracyRow> judge(const std::string& model, const Scorer& scorer, const Dataset& data,
                               const EdgePairs& edge_pairs);

/// Level "group" of the sets "test" and "unseen chip": cases and coverage are those of all groups,
/// errors those of groups that take at least kJudgedShare of their case's time (others may take
/// next to none, of which any error is a large share).
std::vector<AccuracyRow> judge_groups(const Bundle& bundle, const Dataset& data);
inline constexpr double kJudgedShare = 0.01;

/// Cases of each unseen chip that adapt() is given. They are drawn by hash and not judged.
inline constexpr std::size_t kAdaptSamples = 10;
/// Set "unseen chip + 10": the bundle adapted to each chip of "unseen chip" by so many samples; and
/// "unseen chip + 0": as it was, on the same cases.
std::vector<AccuracyRow> judge_adapted(const Bundle& bundle, const Dataset& data);

}  // namespace presil
