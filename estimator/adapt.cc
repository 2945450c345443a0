#include "estimator/adapt.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "core/error.h"
#include "estimator/score.h"

namespace presil {

namespace {

/// Numbers at each end of `count` sorted ones that are outside of the median's 95 % interval: so
/// many or fewer of them are on one side of the median with a probability of at most 2.5 %. -1:
/// there is no such interval.
int outside_interval(std::size_t count) {
  double exactly = std::pow(0.5, static_cast<double>(count)), at_most = exactly;
  int outside = -1;
  for (std::size_t k = 0; at_most <= 0.025; ++k) {
    outside = static_cast<int>(k);
    exactly *= static_cast<double>(count - k) / static_cast<double>(k + 1);
    at_most += exactly;
  }
  return outside;
}

/// The end of the median's interval that is nearest to 0; 0 if that is inside.
double sure_median(std::vector<double> values) {
  const int outside = outside_interval(values.size());
  if (outside < 0) return 0;
  std::sort(values.begin(), values.end());
  const double low = values[static_cast<std::size_t>(outside)];
  const double high = values[values.size() - 1 - static_cast<std::size_t>(outside)];
  return low > 0 ? low : std::min(high, 0.0);
}

}  // namespace

std::size_t adapt(Bundle& bundle, std::span<const CaseSample> samples) {
  if (samples.empty()) throw Error("there are no samples to adapt to; collect some of the chip");
  std::map<std::string, std::vector<double>> logs;  // by chip
  for (const CaseSample& sample : samples) {
    if (sample.groups.empty()) continue;
    const double predicted = predicted_latency(bundle.parts().cycles, sample) - sample.link_cycles;
    const double measured = std::max(1.0, sample.latency_cycles - sample.link_cycles);
    logs[sample.chip_hash].push_back(std::log(measured / predicted));
  }
  std::size_t corrected = 0;
  for (auto& [chip, values] : logs) {
    const double bias = sure_median(std::move(values));
    bundle.parts().chip_factor.erase(chip);
    if (bias == 0) continue;
    bundle.parts().chip_factor[chip] = std::exp(bias);
    ++corrected;
  }
  return corrected;
}

}  // namespace presil
