#pragma once
// Small spaces that the tests search in.

#include <doctest/doctest.h>

#include <string>

#include "core/error.h"
#include "search/accuracy_model.h"
#include "search/cost_model.h"
#include "search/space.h"

namespace presil {

/// 3 x 2 x 3 x 2 genomes.
inline const char* const kSmallSpace = R"(name: small
input: {channels: 3, resolution: [32, 48, 64]}
stem: {channels: 8}
stages:
  - {name: a, block: [ibn, fused_ibn], channels: [16, 24, 32], stride: 2}
  - {name: b, expansion: 2, channels: 32, depth: [1, 2], stride: 2}
head: {classes: 10}
)";

inline SearchSpace small_space() { return SearchSpace::read(kSmallSpace, "small.yaml"); }

inline SearchSpace shipped_space(const std::string& name) {
  return SearchSpace::load(std::filesystem::path(PRESIL_SOURCE_DIR) / "search/spaces" /
                           (name + ".yaml"));
}

template <typename Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no Error";
}

/// Costs nothing to compute: a microsecond a million multiply-accumulates, a picojoule each.
class UnitCost final : public CostModel {
 public:
  Cost cost(const Graph& graph, const PrecisionOptions&) const override {
    ++calls;
    const auto macs = static_cast<double>(macs_of(graph).value);
    return {.latency_us = macs / 1e6,
            .energy_pj = macs,
            .parameter_bytes = parameter_bytes(graph).value,
            .peak_activation_bytes = peak_activation_bytes(graph).value};
  }
  mutable int calls = 0;
};

/// A rugged landscape over the genes, deterministic.
class RuggedAccuracy final : public AccuracyModel {
 public:
  double score(const Candidate& candidate) const override {
    double sum = 0;
    for (std::size_t i = 0; i < candidate.genome.genes.size(); ++i)
      sum += static_cast<double>((candidate.genome.genes[i] * 7 + i * 3) % 5);
    return sum;
  }
};

}  // namespace presil
