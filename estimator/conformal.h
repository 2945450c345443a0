#pragma once
// Intervals that cover a promised share, whatever the model: split conformal prediction (Lei et
// al., 2018; normalised scores: Papadopoulos et al., 2002).

#include <span>
#include <vector>

namespace presil {

struct Interval {
  double low = 0, high = 0;
};

/// What `share` of further scores will not exceed: the ceil((n + 1) share)-th smallest of n;
/// infinite where that is more than n.
double conformal_quantile(std::vector<double> scores, double share);

/// One prediction with what came true: how hard the model thought it, and |log error|.
struct Score {
  double difficulty = 0, error = 0;
};

/// A half-width in |log| by difficulty: bins of equal count, each with its own quantile.
class ConformalTable {
 public:
  struct Bin {
    double up_to = 0, width = 0;
  };
  ConformalTable() = default;
  explicit ConformalTable(std::vector<Bin> bins) : bins_(std::move(bins)) {}
  /// At most `bins` bins, none with fewer than `fewest` scores. Empty for no scores.
  static ConformalTable fit(std::vector<Score> scores, double share, std::size_t bins,
                            std::size_t fewest);

  bool empty() const { return bins_.empty(); }
  /// Of the bin that the difficulty falls into. Precondition: not empty().
  double width(double difficulty) const;
  Interval around(double prediction, double difficulty) const;
  const std::vector<Bin>& bins() const { return bins_; }

 private:
  std::vector<Bin> bins_;
};

}  // namespace presil
