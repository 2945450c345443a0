#pragma once
// Moves in a space of named choices.

#include <vector>

#include "search/space.h"

namespace presil {

/// One gene at least is another choice; each other one is with probability 1 / axes. An ordered
/// axis goes one step up or down in four of five cases; else, and on axes of names, any other
/// choice is as likely.
Genome mutated(const SearchSpace& space, const Genome& genome, Random& random);

/// Each gene from one parent or the other: choices have no middle.
Genome crossed(const Genome& a, const Genome& b, Random& random);

/// All genomes that differ in one gene: by one step on an ordered axis, by any other choice on one
/// of names. In the order of the axes.
std::vector<Genome> neighbours(const SearchSpace& space, const Genome& genome);

}  // namespace presil
