#include "estimator/chip_sampler.h"

#include <cmath>

#include "core/error.h"
#include "core/random.h"

namespace presil {

namespace {

constexpr int kTries = 200;

double draw(Random& random, const ChipParameter& p) {
  using Scale = ChipParameter::Scale;
  double value = 0;
  switch (p.scale) {
    case Scale::kLinear:
      value = p.from + (p.to - p.from) * random.uniform();
      break;
    case Scale::kLog:
      value = p.from * std::pow(p.to / p.from, random.uniform());
      break;
    case Scale::kPowerOfTwo: {
      const auto low = std::llround(std::ceil(std::log2(p.from))),
                 high = std::llround(std::floor(std::log2(p.to)));
      return std::exp2(static_cast<double>(random.integer(low, std::max(low, high))));
    }
  }
  if (p.multiple > 0) {
    value = std::round(value / p.multiple) * p.multiple;
    if (value < p.from) value += p.multiple;
    if (value > p.to) value -= p.multiple;
  }
  return value;
}

ChipSpec random_chip(const SamplePlan& plan, const std::filesystem::path& folder,
                     std::int64_t number) {
  const RandomChips& rules = plan.random_chips;
  std::string problem;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    Random random(Random(plan.seed * 0x10001u + static_cast<std::uint64_t>(number)).next() +
                  static_cast<std::uint64_t>(attempt));
    const std::string& base = rules.bases[static_cast<std::size_t>(
        random.integer(0, static_cast<std::int64_t>(rules.bases.size()) - 1))];
    ChipOverrides overrides;
    for (const ChipParameter& p : rules.vary)
      overrides.emplace_back(p.key, fmt::format("{}", draw(random, p)));
    try {
      ChipSpec chip = load_chip(find_chip(base, folder), overrides);
      chip.name = fmt::format("{}~{}", chip.name, number);
      return chip;
    } catch (const Error& error) {
      problem = error.what();
    }
  }
  throw Error("{}: random_chips: no valid chip in {} tries; the last was refused with: {}",
              plan.file, kTries, problem);
}

}  // namespace

SampledChips sample_chips(const SamplePlan& plan, const std::filesystem::path& folder) {
  SampledChips result;
  for (const auto& [name, weight] : plan.chips) {
    result.chips.push_back(load_chip(find_chip(name, folder)));
    result.weights.push_back(weight);
  }
  result.named = result.chips.size();
  result.weights.push_back(plan.random_chips.weight);
  for (std::int64_t n = 0; n < plan.random_chips.count; ++n)
    result.chips.push_back(random_chip(plan, folder, n));
  return result;
}

}  // namespace presil
