#pragma once
// Predictions of the groups of many networks on one chip: what was computed for a group serves all
// networks that have it, to the last bit.
//
// Two steps are kept. A group's terms and own columns depend on the group and its surroundings
// (estimator/group_key.h). The forests' answer depends on these and on the columns that the
// schedule adds. The flow of the groups through engines and ports is computed anew for each
// network.

#include <cstdint>
#include <string>
#include <vector>

#include "estimator/bundle.h"
#include "estimator/feature_columns.h"
#include "estimator/group_terms.h"
#include "estimator/recent_map.h"

namespace presil {

class GroupCache {
 public:
  /// Chip and bundle are used as long as the cache lives. Holds at most twice `most` groups (about
  /// 2 KB each) and eight times as many predictions (about 300 bytes each) beside those of the
  /// network under way; those asked for lately stay.
  GroupCache(const ChipSpec& chip, const Bundle& bundle, std::size_t most = 4096);

  /// What Bundle::predict() says of features_of(chip, network), bit by bit. Not thread-safe.
  std::vector<GroupPrediction> predict(const PlannedNetwork& network);

  const ChipSpec& chip() const { return chip_; }
  struct Counts {
    std::uint64_t groups = 0;       ///< asked for
    std::uint64_t new_groups = 0;   ///< of these, terms were computed
    std::uint64_t predictions = 0;  ///< the forests were asked
  };
  const Counts& counts() const { return counts_; }
  /// Values held.
  std::size_t size() const { return groups_.size() + rows_.size(); }

 private:
  /// Of a group in its surroundings.
  struct Own {
    std::uint64_t number = 0;  ///< never given twice
    GroupTerms terms;
    std::vector<float> row;  ///< the schedule's columns are 0
  };
  /// Rows of the network under way whose prediction is not known.
  struct Missing {
    std::vector<std::size_t> groups;
    std::vector<std::vector<float>> rows;
    std::vector<std::vector<std::uint64_t>> keys;
  };
  const Own& own(const PlannedNetwork& network, std::size_t group);
  /// Null: it is added to those missing.
  const RowPrediction* known_row(const Own& own, const FeatureView& view, std::size_t group,
                                 Missing& missing);
  void predict_missing(const Missing& missing, std::vector<const RowPrediction*>& rows);

  const ChipSpec& chip_;
  const Bundle& bundle_;
  std::string chip_hash_;
  RecentMap<Own> groups_;
  RecentMap<RowPrediction> rows_;
  Counts counts_;
  std::vector<std::uint64_t> key_;  ///< of the lookup under way
  std::vector<float> scheduled_;    ///< columns of the row under way
};

}  // namespace presil
