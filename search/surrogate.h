#pragma once
// A guess at what a network is worth, learned from those that were evaluated.

#include "search/algorithm.h"

namespace presil {

/// Gaussian processes (Rasmussen and Williams, 2006, algorithm 2.1), one an objective, over a
/// distance of genomes: kernel exp(-d / length), d the sum over axes of 1 for another name and of
/// the share of the axis for another place on an ordered one. The length is the one of a small grid
/// under which the data are likeliest. Learns from at most 400 evaluations, the best and the last.
/// Keeps the candidates that, one after the other, add most hypervolume to what is known.
/// The space and the goal must outlive it.
Prefilter learned_prefilter(const SearchSpace& space, const Goal& goal);

}  // namespace presil
