#pragma once
// What a regressor is told of one fusion group in its network: raw dimensions, what an expert would
// compute from them, the neighbours, and the chip. No tile is searched for it.

#include <string>
#include <string_view>
#include <vector>

#include "estimator/planned_network.h"

namespace presil {

/// One column of the table. docs/estimator.md lists them all; a test holds it to that.
struct FeatureInfo {
  std::string name;  ///< snake_case, unit in the name where it has one
  std::string unit;  ///< "cycles", "bytes", "1" (a count, share or flag), ...
  std::string meaning;
};

/// Raised whenever a column is added, dropped or computed in another way. Stored with samples and
/// bundles, which refuse another one.
inline constexpr int kFeatureVersion = 8;

/// The columns, in order. Constant.
const std::vector<FeatureInfo>& feature_table();

/// What a row of features says of how a group runs.
enum class Company : std::uint8_t {
  kAlone,      ///< one stage, no group before or behind it
  kAloneDeep,  ///< likewise, several stages depth-first
  kTogether,   ///< among others
};
inline constexpr std::size_t kCompanies = 3;
Company company_of(const float* row);

/// What is known of a group without learning: the closed form of estimator/prior.h.
struct Prior {
  double cycles = 0;     ///< > 0
  double energy_pj = 0;  ///< > 0
};

/// One group in its network.
struct GroupFeatures {
  /// 16 hex digits over kinds, shapes, windows and precisions, on any chip: what is held out
  /// together.
  std::string hash;
  std::vector<float> values;  ///< one a row of feature_table(); finite
  Prior prior;
};

/// One a group, in schedule order. Pure.
std::vector<GroupFeatures> features_of(const ChipSpec& chip, const PlannedNetwork& network);
/// Likewise without their hashes, which no prediction needs.
std::vector<GroupFeatures> unnamed_features_of(const ChipSpec& chip, const PlannedNetwork& network);

}  // namespace presil
