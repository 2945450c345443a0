// Google Edge TPU: whole networks in steady state. Two layouts: published models by name and input,
// and NAS-Bench-201 networks by architecture string.

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "core/csv.h"
#include "core/error.h"
#include "models/builtin_networks.h"
#include "models/graph.h"
#include "models/import.h"
#include "models/simplify.h"
#include "validation/network_prediction.h"
#include "validation/reference.h"

namespace presil {

namespace {

constexpr const char* kOnChip = "weights on chip";
constexpr const char* kStreamed = "weights streamed";

Prediction predict(const ChipSpec& chip, const Graph& graph) {
  std::array<double, kAblationCount> us =
      predict_latency_us(graph, chip, CompileOptions{.steady = true});
  for (double& value : us) value /= 1000;
  return {.predicted = us, .further = {}};
}

/// The published model as a network of ours, or why there is none.
struct Found {
  std::optional<Graph> graph;
  std::string what;
};

Found find_network(const std::string& model, std::int64_t size) {
  if (model == "resnet50_v1")
    return {simplify(resnet50_v1(size)), fmt::format("ResNet-50 v1 at {}", size)};
  for (const BuiltinInfo& info : builtin_networks()) {
    if (info.name != model) continue;
    Graph graph = load_network(model);
    const Shape& shape = graph.tensor(graph.inputs().front()).shape;
    if (shape.at(2) == size) return {std::move(graph), "built-in " + model};
    return {{}, fmt::format("the built-in network has an input of {}", shape.at(2))};
  }
  return {{}, "no built-in network of this name"};
}

bool fits_on_chip(const ChipSpec& chip, const Graph& graph) {
  // As run: a byte a parameter; the graph counts 4.
  return parameter_bytes(graph).value / 4 <= chip.sram_bytes();
}

void add_published(const CsvTable& table, const ChipSpec& chip, Reference& reference) {
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const std::string model = table.text(row, "model");
    const std::int64_t size = table.integer(row, "input");
    Found found = find_network(model, size);
    const std::string id = fmt::format("{}_{}", model, size);
    if (!found.graph) {
      reference.skipped.push_back(fmt::format("{} at {}: {}", model, size, found.what));
      continue;
    }
    const Graph graph = *std::move(found.graph);
    reference.cases.push_back(
        {.rows = {{.id = id,
                   .group = fits_on_chip(chip, graph) ? kOnChip : kStreamed,
                   .what = found.what,
                   .measured = table.real(row, "latency_ms")}},
         .predict = [chip, graph] { return std::vector{predict(chip, graph)}; }});
  }
}

void add_nb201(const CsvTable& table, const ChipSpec& chip, Reference& reference) {
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const std::string architecture = table.text(row, "arch_str");
    reference.cases.push_back({.rows = {{.id = table.text(row, "arch_idx"),
                                         .group = row % 2 == 0 ? "even rows" : "odd rows",
                                         .what = architecture,
                                         .measured = table.real(row, "latency_ms")}},
                               .predict = [chip, architecture] {
                                 return std::vector{
                                     predict(chip, load_network("nb201:" + architecture))};
                               }});
  }
}

/// How far the step from networks on chip to streamed ones is off: the ratio of both groups'
/// geometric means.
double cliff_error(const std::vector<ComparedRow>& rows) {
  double sums[2] = {0, 0};
  std::size_t counts[2] = {0, 0};
  for (const ComparedRow& row : rows) {
    const std::size_t side = row.row.group == kStreamed ? 1 : 0;
    sums[side] += std::log(row.pair().predicted / row.pair().measured);
    ++counts[side];
  }
  if (counts[0] == 0 || counts[1] == 0) return 0;
  return std::abs(std::exp(sums[1] / static_cast<double>(counts[1]) -
                           sums[0] / static_cast<double>(counts[0])) -
                  1);
}

std::vector<Statistic> published_statistics(const std::vector<ComparedRow>& rows) {
  using Aim = Statistic::Aim;
  const std::vector<Paired> pairs = pairs_of(rows);
  return {
      {"every model within", absolute_error_percentile(pairs, 1), Aim::kAtMost, 0.35, true},
      {"Kendall", kendall_tau_b(pairs), Aim::kAtLeast, 0.85, false},
      {"cliff when weights exceed the chip, error", cliff_error(rows), Aim::kAtMost, 0.35, true}};
}

std::vector<Statistic> nb201_statistics(const std::vector<ComparedRow>& rows) {
  using Aim = Statistic::Aim;
  std::vector<Paired> odd;
  for (const ComparedRow& row : rows)
    if (row.row.group == "odd rows") odd.push_back(row.pair());
  const std::vector<Paired> pairs = pairs_of(rows);
  return {{"Spearman", spearman(pairs), Aim::kAtLeast, 0.90, false},
          {"Kendall", kendall_tau_b(pairs), Aim::kAtLeast, 0.75, false},
          {"Spearman of odd rows", spearman(odd), Aim::kNone, 0, false},
          {"Kendall of odd rows", kendall_tau_b(odd), Aim::kNone, 0, false}};
}

}  // namespace

Reference open_edge_tpu(const std::filesystem::path& file, const ReferenceOptions& options) {
  const ChipSpec chip =
      load_chip(find_chip(options.chip.empty() ? "edge-tpu" : options.chip, options.chips));
  const CsvTable table = CsvTable::read(file);
  const bool nb201 = table.has("arch_str");
  Reference reference{.chip = chip.name,
                      .quantity = "ms an inference",
                      .statistics = nb201 ? nb201_statistics : published_statistics};
  if (nb201)
    add_nb201(table, chip, reference);
  else
    add_published(table, chip, reference);
  return reference;
}

}  // namespace presil
