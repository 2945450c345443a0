#pragma once
// One more chip from a few samples of it: a factor, no training.

#include <span>

#include "estimator/bundle.h"
#include "estimator/sample.h"

namespace presil {

/// Gives each chip of `samples` the factor that its cycles are multiplied by: the median of label
/// over prediction by case, drawn towards 1 as if a few samples had been exact. Throws Error
/// without samples.
void adapt(Bundle& bundle, std::span<const CaseSample> samples);

}  // namespace presil
