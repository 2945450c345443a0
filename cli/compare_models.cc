#include "cli/compare_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "cli/search_cost.h"
#include "cli/simulate_list.h"
#include "core/error.h"
#include "models/import.h"

namespace presil::cli {

namespace {

namespace fs = std::filesystem;

bool is_network(const fs::path& file) {
  return file.extension() == ".onnx" || file.extension() == ".tflite";
}

ComparedModel named(const std::string& source) {
  const std::string name = fs::path(source).filename().string();
  return {.name = name, .family = name, .source = source};
}

std::vector<std::string> networks_in(const std::string& folder) {
  std::vector<std::string> inside;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (is_network(entry.path())) inside.push_back(entry.path().string());
  if (inside.empty()) throw Error("--models {}: no .onnx or .tflite file is there", folder);
  std::sort(inside.begin(), inside.end());
  return inside;
}

/// Most genomes of a space are networks; after so many that are none, or known, it has no more.
constexpr int kFruitless = 10'000;

std::vector<ComparedModel> drawn_of(const std::shared_ptr<const SearchSpace>& space,
                                    std::size_t draws, std::uint64_t seed) {
  Random random(seed);
  std::set<std::string> keys;
  std::vector<ComparedModel> models;
  for (int fruitless = 0; models.size() < draws; ++fruitless) {
    if (fruitless == kFruitless)
      throw Error("--draws {}: only {} different networks of {} were found", draws, models.size(),
                  space->name());
    const Genome genome = space->random(random);
    const std::string key = space->key(genome);
    if (!std::holds_alternative<Network>(space->decode(genome)) || !keys.insert(key).second)
      continue;
    models.push_back({.name = fmt::format("{}:{}", space->name(), key),
                      .family = space->name(),
                      .source = "",
                      .space = space,
                      .genome = genome});
    fruitless = 0;
  }
  return models;
}

}  // namespace

Graph ComparedModel::load(CompileOptions& options) const {
  if (!genome) return load_network(source);
  Network network = std::get<Network>(space->decode(*genome));
  auto& layers = options.precision.layers;
  layers.insert(layers.end(), network.precision.layers.begin(), network.precision.layers.end());
  if (network.precision.network) options.precision.network = network.precision.network;
  return std::move(network.graph);
}

std::vector<ComparedModel> named_models(const std::vector<std::string>& given) {
  std::vector<ComparedModel> models;
  for (const std::string& model : given) {
    std::vector<std::string> sources = {model};
    if (fs::is_directory(model))
      sources = networks_in(model);
    else if (fs::path(model).extension() == ".txt")
      sources = read_model_list(model);
    for (const std::string& source : sources) models.push_back(named(source));
  }
  return models;
}

std::vector<ComparedModel> drawn_models(const std::vector<std::string>& spaces, std::size_t draws,
                                        std::uint64_t seed) {
  std::vector<ComparedModel> models;
  for (const std::string& name : spaces) {
    const auto space = std::make_shared<const SearchSpace>(SearchSpace::load(find_space(name)));
    for (ComparedModel& model : drawn_of(space, draws, seed)) models.push_back(std::move(model));
  }
  return models;
}

}  // namespace presil::cli
