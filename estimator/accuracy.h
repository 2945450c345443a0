#pragma once
// How well predictions of cases agree with their runs: the table that the estimator is judged by.

#include <span>
#include <string>
#include <vector>

#include "core/statistics.h"

namespace presil {

/// One case, predicted.
struct ScoredCase {
  std::string level, family, chip;
  Paired cycles;             ///< measured: the run's latency
  double low = 0, high = 0;  ///< 90 % interval of it; 0, 0: none
  Paired energy = {};        ///< measured 0: not known
};

/// A line of the table. Shares of 1.
struct AccuracyRow {
  std::string model;                ///< "boosted", "ridge", "prior"
  std::string set;                  ///< "test", "unseen chip", ...
  std::string level, family, chip;  ///< "": all of them
  std::size_t cases = 0;
  double mape = 0, median = 0, p95 = 0, worst = 0;
  double within_5 = 0, within_10 = 0;
  double bias = 0;  ///< mean of the signed error
  double tau = 0, rho = 0;
  double near_pairs = 0;  ///< in the right order, of pairs within 20 % of each other
  double coverage = 0;    ///< in their interval
  double energy_mape = 0, energy_median = 0;  ///< as of the latency; 0: not known
  double energy_within_5 = 0, energy_within_10 = 0;
};

/// The figures of `cases`; names are left empty.
AccuracyRow accuracy_of(std::span<const ScoredCase> cases);

/// Of pairs (fewer channels, more), the share predicted in the order of their runs; runs that tie
/// are left out.
double ordered_share(std::span<const std::pair<Paired, Paired>> pairs);

/// One line a level, then one a level and family, and one a chip of each level.
std::vector<AccuracyRow> accuracy_table(const std::string& model, const std::string& set,
                                        std::span<const ScoredCase> cases);

std::string accuracy_csv(std::span<const AccuracyRow> rows);
/// The lines that are over all families and chips, for a terminal.
std::string accuracy_text(std::span<const AccuracyRow> rows);

}  // namespace presil
