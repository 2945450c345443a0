#include "estimator/adapt.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.h"
#include "estimator/score.h"

namespace presil {

void adapt(Bundle& bundle, std::span<const CaseSample> samples) {
  if (samples.empty()) throw Error("there are no samples to adapt to; collect some of the chip");
  std::map<std::string, std::vector<double>> logs;  // by chip
  for (const CaseSample& sample : samples) {
    const double predicted = predicted_latency(bundle.parts().cycles, sample) - sample.link_cycles;
    const double measured = std::max(1.0, sample.latency_cycles - sample.link_cycles);
    logs[sample.chip_hash].push_back(std::log(measured / predicted));
  }
  constexpr double kTrustInOne = 3;  // samples
  for (auto& [chip, values] : logs) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    const auto count = static_cast<double>(values.size());
    bundle.parts().chip_factor[chip] = std::exp(*middle * count / (count + kTrustInOne));
  }
}

}  // namespace presil
