#pragma once
// The price of a group alone, without a search: how the estimator's planner chooses chains.

#include "sim/chain.h"

namespace presil {

/// Roofline with a head and a tail (Williams et al., CACM 2009; head and tail: assumption). A chain
/// has the best of a few heights of its stripes, each stage computed stripe by stripe. Empty where
/// the smallest tiles, or a chain's weights and rings, do not fit.
GroupPrice closed_form_price(int weight_memory);

}  // namespace presil
