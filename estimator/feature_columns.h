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

/// Of group `g`; the view refers to all arguments.
FeatureView view_of(const ChipSpec& chip, const PlannedNetwork& network, std::size_t g,
                    const Surroundings& where, const InSchedule& around);
/// Group `g` of all groups' terms and flow.
InSchedule in_schedule(std::span<const GroupTerms> terms, std::span<const GroupFlow> flow,
                       std::size_t g);

/// What a column depends on, beside the chip.
enum class ColumnOf : std::uint8_t {
  kChip,      ///< nothing: the same for all groups on a chip
  kGroup,     ///< the group and its surroundings (estimator/group_key.h)
  kSchedule,  ///< `around` and `prior` too: what the groups before and after it do to it
};

struct FeatureColumn {
  const char* name;
  const char* unit;
  const char* meaning;
  double (*value)(const FeatureView&);
  ColumnOf of = ColumnOf::kGroup;
};

std::span<const FeatureColumn> feature_columns();
/// The numbers of the columns of one kind, ascending.
std::span<const std::size_t> columns_of(ColumnOf of);
/// Fills these columns of a row. Throws InternalError where one is not finite.
void fill_row(const FeatureView& view, std::span<const std::size_t> columns, std::span<float> row);

}  // namespace presil
