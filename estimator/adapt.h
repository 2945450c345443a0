#pragma once
// A few samples of one more chip, to take a bias off a bundle that never saw it.

#include <cstddef>
#include <span>

#include "estimator/bundle.h"
#include "estimator/sample.h"

namespace presil {

/// Gives each chip of the samples one factor: of the 95 % confidence interval of the median ratio
/// of run to prediction (the order statistics of the sign test), the end that is nearest to 1; none
/// where the interval holds 1, as it does for fewer than 6 samples. So what is not sure is left
/// alone: taking the median itself made unseen chips worse (docs/estimator_learning.md). Gives the
/// number of chips that got a factor. Throws Error for no samples.
std::size_t adapt(Bundle& bundle, std::span<const CaseSample> samples);

}  // namespace presil
