#pragma once
// A run of the smallest example, for the tests of reports.

#include <string>

#include "models/import.h"
#include "profiler/report.h"

namespace presil {

/// The tiny example network, or another, on a chip of chips/.
struct Simulated {
  explicit Simulated(const std::string& model = PRESIL_SOURCE_DIR "/models/examples/tiny_cnn.yaml",
                     const std::string& chip_name = "ne-base", RunOptions run_options = {})
      : graph(load_network(model)),
        chip(load_chip(PRESIL_SOURCE_DIR "/chips/" + chip_name + ".yaml")),
        options(std::move(run_options)),
        result(run(graph, chip, options)) {}

  Report report(ChipOverrides overrides = {}) const {
    return {.graph = graph,
            .chip = chip,
            .options = options,
            .run = result,
            .model = graph.name(),
            .overrides = std::move(overrides),
            .version = "0.0.0"};
  }

  Graph graph;
  ChipSpec chip;
  RunOptions options;
  RunResult result;
};

}  // namespace presil
