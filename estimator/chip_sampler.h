#pragma once
// The chips of a plan: those it names, and random ones around them.

#include <filesystem>
#include <vector>

#include "estimator/sample_plan.h"
#include "hw/chip_spec.h"

namespace presil {

struct SampledChips {
  std::vector<ChipSpec> chips;        ///< named ones first, in the order of the plan
  std::vector<std::int64_t> weights;  ///< of each named chip, and last that of all random ones
  std::size_t named = 0;
};

/// Random chip n is made from (seed, n) alone; combinations that break a rule of the chip format
/// are drawn again. Names are found as by find_chip() in `folder`. Throws Error.
SampledChips sample_chips(const SamplePlan& plan, const std::filesystem::path& folder);

}  // namespace presil
