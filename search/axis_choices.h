#pragma once
// From the costs along one axis to the choices that are kept. Private to curation.

#include <string>
#include <vector>

namespace presil {

/// Costs of every choice of an axis around one network; NaN: no network.
using CostCurve = std::vector<double>;

struct KeptChoices {
  std::vector<bool> kept;
  std::vector<std::string> reasons;  ///< of what is not kept
};

/// `values` ascend. A choice lies left of an edge when a larger one costs no more, or adds less
/// than a tenth of what the axis costs on the mean for so much more of it. Among the others the
/// longest run is kept in which no step up costs less, by more than half of `tolerance` of the
/// whole, on any curve. If fewer than `least` are left, more are taken from the longest run among
/// all.
KeptChoices choose_along(const std::vector<double>& values, const std::vector<std::string>& names,
                         const std::vector<CostCurve>& curves, double tolerance, std::size_t least);

}  // namespace presil
