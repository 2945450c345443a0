#pragma once
// What a comparison of estimates and runs says, as text and as tables for a spreadsheet.

#include <string>
#include <vector>

#include "estimator/compare.h"

namespace presil::cli {

/// A network and chip that was tried.
struct Tried {
  std::string model, chip;
  std::string reason;  ///< why it could not be compared; "": it was
  Comparison comparison;
};

/// What everything but the failures is made from.
struct CompareReport {
  std::vector<Tried> tried;             ///< in the order of the models, then of the chips
  std::vector<Comparison> comparisons;  ///< of these the ones that were compared
  AccuracyRow energy;                   ///< of the networks' energy
  std::vector<AccuracyRow> accuracy;    ///< by level, family and chip
};
/// `bundle`: what estimated.
CompareReport report_of(std::vector<Tried> tried, const Bundle& bundle);

/// A row a network, then the accuracy by level, by chip and by family, and the speed-up.
std::string compare_text(const CompareReport& report);
/// A row a network and chip, failures too.
std::string networks_csv(const CompareReport& report);
/// A row a group that was planned as it was compiled.
std::string groups_csv(const CompareReport& report);

}  // namespace presil::cli
