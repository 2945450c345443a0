#pragma once
// Which samples are learned from, which calibrate the intervals, and which only judge.
//
// Every decision is made by hashes, never by order: the same cases are on the same side in
// whatever order and company they come.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "estimator/regressor.h"
#include "estimator/sample.h"

namespace presil {

/// What a case is for.
enum class Side : std::uint8_t {
  kTrain,
  kCalibrate,            ///< sizes of the intervals
  kTest,                 ///< no group of it occurs in training or calibration
  kUnseenChipCalibrate,  ///< on chips that training never saw: intervals there
  kUnseenChipTest,       ///< on other chips that training never saw
  kNothing,              ///< a case without groups: nothing in it takes time
};

struct SplitOptions {
  double test = 0.15, calibrate = 0.12;  ///< shares of the graphs
  double unseen_chips = 0.12;     ///< share of the (drawn) chips, for each of both unseen sides
  std::size_t fewest_chips = 12;  ///< with fewer no chip is held out
  std::uint64_t seed = 1;
};

/// One group of one case.
struct RowRef {
  std::size_t of_case = 0, group = 0;
};

struct Dataset {
  std::vector<CaseSample> cases;
  std::vector<Side> sides;          ///< of each case
  std::vector<RowRef> training;     ///< groups of training cases whose hash no test case has, nor
                                    ///< one that calibrates
  std::vector<RowRef> calibration;  ///< groups of kCalibrate cases whose hash no test case has

  std::vector<std::size_t> cases_of(Side side) const;
  const GroupSample& group(RowRef row) const { return cases[row.of_case].groups[row.group]; }
};

/// Two cases that differ by one channel; indices in the cases, fewer channels first.
using EdgePairs = std::vector<std::pair<std::size_t, std::size_t>>;

/// Both cases of an edge pair are on the same side. Throws Error for another number of features
/// than feature_table() has.
Dataset split(std::vector<CaseSample> cases, const SplitOptions& options = {},
              const EdgePairs& edge_pairs = {});

/// A number in [0, 1) that depends on the text and the seed alone.
double hash_share(const std::string& text, std::uint64_t seed);

/// A label that a logarithm can be taken of: at least 1. 0 is a group that finished inside of
/// another's window.
double label_of(const GroupSample& group, Target target);
/// How much of its case a group is; what its relative error weighs in that of the case. [0, 1]
double share_of(const CaseSample& sample, std::size_t group, Target target);

}  // namespace presil
