#pragma once
// The columns of the feature table: each one's name, unit, meaning and how it is computed, once.

#include <span>

#include "estimator/prior.h"

namespace presil {

/// All that a column may look at.
struct FeatureView {
  const ChipSpec& chip;
  const PlannedNetwork& network;
  const FusionGroup& group;
  const Stage& main;  ///< the stage with most MACs, or the first one
  InSchedule around;
  Prior prior;
  double room = 0;
  const PrecisionMode& mode;  ///< of `main`, or the chip's first
  const MemorySpec& memory;   ///< that of the weights
  const Surroundings& where;

  const GroupTerms& t() const { return *around.self; }
};

struct FeatureColumn {
  const char* name;
  const char* unit;
  const char* meaning;
  double (*value)(const FeatureView&);
  bool of_chip = false;  ///< the same for all groups on a chip
};

std::span<const FeatureColumn> feature_columns();

}  // namespace presil
