#pragma once
// A trained estimator as one file: models, schema, ranges, calibration, where it came from, and
// how well it did on what it was not trained on.

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "estimator/accuracy.h"
#include "estimator/conformal.h"
#include "estimator/feature_ranges.h"
#include "estimator/regressor.h"

namespace presil {

/// Of one group in its network.
struct GroupPrediction {
  double cycles = 0;
  double low = 0, high = 0;  ///< 90 % interval of cycles
  double energy_pj = 0;
  bool out_of_range = false;  ///< a feature is outside of what training saw
  double difficulty = 0;      ///< log of the |log error| that is expected of its cycles

  friend bool operator==(const GroupPrediction&, const GroupPrediction&) = default;
};

/// What a bundle says of a row of features alone; the prior, a double, comes on top.
struct RowPrediction {
  double cycles = 0, energy_pj = 0;  ///< or factors of the prior (regressor.h, times_prior())
  double spread = 0;                 ///< the interval's ends are this factor apart from the middle
  bool out_of_range = false;
  double difficulty = 0;
};

/// Where a bundle comes from.
struct Provenance {
  int simulator_version = 0, feature_version = 0;
  std::string source = "samples";  ///< or "measured": of a real device, by no simulator
  std::uint64_t seed = 0;
  std::size_t cases = 0, rows = 0;           ///< trained on
  std::map<std::string, std::string> chips;  ///< hash -> name of those trained on
};

/// Widths of the 90 % intervals by difficulty. Errors of a group that runs alone are others than of
/// one between neighbours, and those of a network's groups partly cancel.
struct IntervalTables {
  std::array<ConformalTable, kCompanies> groups;  ///< by Company
  ConformalTable networks;                        ///< of two groups and more: difficulty_of()

  const ConformalTable& of(Company company) const {
    return groups[static_cast<std::size_t>(company)];
  }
};
/// Of the sum of several groups: the log of their expected |log errors|, each weighted by its share
/// of the cycles.
double difficulty_of(std::span<const GroupPrediction> groups);

/// The parts; what training puts together.
struct BundleParts {
  Provenance provenance;
  Regressor cycles, energy;
  Forest difficulty;            ///< log |log error| of a group, for the intervals
  IntervalTables seen, unseen;  ///< on chips that training saw, and on others
  FeatureRanges ranges;
  std::vector<AccuracyRow> accuracy;
  std::map<std::string, double> chip_factor;  ///< chip hash -> what its cycles are multiplied by
};

/// Value type; prediction is const and thread-safe.
class Bundle {
 public:
  explicit Bundle(BundleParts parts) : parts_(std::move(parts)) {}
  /// Throws Error: not there, not a bundle, cut short, damaged, or made by another version of the
  /// bundle's layout, the features or the simulator (both named, with the remedy).
  static Bundle load(const std::filesystem::path& file);
  /// Complete or not at all (core/output_file.h). The same parts give the same bytes.
  void save(const std::filesystem::path& file) const;

  /// One a group; many at once are the fast path. `chip_hash`: whose the groups are; a chip that
  /// training never saw has wider intervals. "": one that it saw.
  void predict(std::span<const GroupFeatures* const> groups, std::span<GroupPrediction> out,
               const std::string& chip_hash = "") const;
  /// The same in two steps, for who keeps what the first gives: nothing but the row and the chip
  /// enters it.
  void predict_rows(std::span<const float* const> rows, std::span<RowPrediction> out,
                    const std::string& chip_hash) const;
  GroupPrediction finished(const RowPrediction& row, const Prior& prior) const;
  /// 90 % interval of the sum over a network's groups, calibrated on whole networks; of a single
  /// group its own. 0, 0 without calibration.
  Interval network_interval(std::span<const GroupPrediction> groups, bool seen_chip) const;
  bool knows_chip(const std::string& chip_hash) const {
    return parts_.provenance.chips.contains(chip_hash);
  }

  const Provenance& provenance() const { return parts_.provenance; }
  const std::vector<AccuracyRow>& accuracy() const { return parts_.accuracy; }
  const FeatureRanges& ranges() const { return parts_.ranges; }
  const BundleParts& parts() const { return parts_; }
  BundleParts& parts() { return parts_; }

 private:
  const IntervalTables& tables(bool seen_chip) const;

  BundleParts parts_;
};

}  // namespace presil
