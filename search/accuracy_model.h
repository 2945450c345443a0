#pragma once
// The plug-in point for how good a network is, or promises to be.

#include <string>

#include "search/space.h"

namespace presil {

/// What is to be judged. A model may need only part of it.
struct Candidate {
  const SearchSpace& space;
  const Genome& genome;
  const Network& network;
};

/// Implementations are `final`: a table of trained networks (accuracy_table.h), a command of the
/// user's (accuracy_command.h), scores that need no training.
class AccuracyModel {
 public:
  virtual ~AccuracyModel() = default;
  /// More is better; finite. Throws Error saying why there is none.
  virtual double score(const Candidate& candidate) const = 0;
};

}  // namespace presil
