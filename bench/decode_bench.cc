// How fast genomes become networks: `presil_bench --benchmark_filter=Decode`.

#include <benchmark/benchmark.h>

#include "search/space.h"

namespace presil {
namespace {

void Decode(benchmark::State& state, const char* file) {
  const SearchSpace space =
      SearchSpace::load(std::filesystem::path(PRESIL_SOURCE_DIR) / "search/spaces" / file);
  Random random(1);
  std::vector<Genome> genomes;
  for (int i = 0; i < 256; ++i) genomes.push_back(space.random(random));
  std::size_t at = 0;
  for (auto _ : state) benchmark::DoNotOptimize(space.decode(genomes[at++ % genomes.size()]));
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK_CAPTURE(Decode, mobile_classifier, "mobile_classifier.yaml")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Decode, mobile_detector, "mobile_detector.yaml")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Decode, speech_encoder, "speech_encoder.yaml")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Decode, nb201, "nb201.yaml")->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace presil
