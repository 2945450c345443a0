#pragma once
// What to sample, as a YAML file says it (docs/estimator_sampling.md).

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "estimator/case_draw.h"

namespace presil {

/// One parameter of random chips.
struct ChipParameter {
  enum class Scale : std::uint8_t { kLog, kLinear, kPowerOfTwo };
  std::string key;  ///< as --set spells it
  double from = 0, to = 0;
  Scale scale = Scale::kLog;
  double multiple = 0;  ///< of which it is one; 0: any number
};

/// Chips drawn around known ones.
struct RandomChips {
  std::int64_t count = 0;
  std::int64_t weight = 0;  ///< against those of SamplePlan::chips, all of them together
  std::vector<std::string> bases;
  std::vector<ChipParameter> vary;
};

/// After the first cases, where the model errs most.
struct Refinement {
  std::int64_t rounds = 0;
  std::int64_t cases = 0;       ///< of a round
  std::int64_t candidates = 8;  ///< drawn for one that is kept
};

struct SamplePlan {
  using Weights = std::vector<std::pair<std::string, std::int64_t>>;

  std::string file;  ///< for messages
  std::uint64_t seed = 1;
  std::int64_t cases = 0;
  Weights families;  ///< cases of each (pairs, of step edges) in one cycle
  CaseRanges ranges;
  Weights options;  ///< "int8", "w4a8", "int8 steady", ...
  Weights chips;    ///< by name or file
  RandomChips random_chips;
  /// Their groups are excluded from sampling. Built-in names or files of PRESIL_SHARED/models.
  std::vector<std::string> test_networks;
  std::vector<std::string>
      mined_networks;  ///< likewise; the families `mined_...` cut pieces of them
  Refinement refine;

  /// All that decides what case i is, as one text: the number of cases does not.
  std::string identity() const;
};

/// Throws Error (file:line) naming key, rule and value.
SamplePlan load_plan(const std::filesystem::path& file);

}  // namespace presil
