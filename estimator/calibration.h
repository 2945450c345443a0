#pragma once
// The sizes of a bundle's 90 % intervals, from cases that it did not learn from.

#include "estimator/bundle.h"
#include "estimator/dataset.h"

namespace presil {

/// Fills `seen` from the calibration side, `unseen` from that of other chips: groups by
/// company and difficulty, cases of two groups and more by difficulty_of(). Precondition:
/// the models have learned.
void calibrate(Bundle& bundle, const Dataset& data);

}  // namespace presil
