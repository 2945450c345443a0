// Arm Vela's per-layer estimates of Ethos-U: one network a file, compared group by group. A fused
// group is held against the sum of its operators' rows.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "core/csv.h"
#include "core/error.h"
#include "models/import.h"
#include "sim/mapping_yaml.h"
#include "validation/network_prediction.h"
#include "validation/reference.h"

namespace presil {

namespace {

/// "ethos-u55-128.vww_96_int8.per-layer.csv": which chip, which network.
struct FileName {
  std::string chip, network;
};

FileName parse(const std::filesystem::path& file) {
  const std::string name = file.filename().string(), end = ".per-layer.csv";
  const std::size_t dot = name.find('.');
  if (!name.ends_with(end) || dot + end.size() >= name.size())
    throw Error("{}: must be named CHIP.NETWORK.per-layer.csv, as Vela's files are", file.string());
  return {name.substr(0, dot), name.substr(dot + 1, name.size() - end.size() - dot - 1)};
}

std::string model_file(const std::filesystem::path& file, const ReferenceOptions& options) {
  if (!options.model.empty()) return options.model;
  const std::filesystem::path found = options.shared / "models" / (parse(file).network + ".tflite");
  if (!std::filesystem::exists(found))
    throw Error("{}: its network {} is absent; give it with --model", file.string(),
                found.string());
  return found.string();
}

/// Bytes that Vela's encoder made of each byte of weights, from the summary beside the file; the
/// chip file's own where there is none. It is the network's entropy, not the chip's.
double weight_compression(const std::filesystem::path& file, double otherwise) {
  const std::filesystem::path summary = file.parent_path() / "summary.csv";
  if (!std::filesystem::exists(summary)) return otherwise;
  const FileName name = parse(file);
  const CsvTable table = CsvTable::read(summary);
  for (std::size_t row = 0; row < table.rows(); ++row)
    if (table.text(row, "model") == name.network && table.text(row, "accelerator") == name.chip)
      return table.real(row, "total_npu_encoded_weights") /
             table.real(row, "total_original_weights");
  return otherwise;
}

/// Of each operator by name, the group that runs it.
std::map<std::string, std::size_t> groups_by_operator(const Graph& graph,
                                                      const FusedNetwork& network) {
  std::map<std::string, std::size_t> groups;
  for (std::size_t g = 0; g < network.groups.size(); ++g)
    for (const OpId op : network.groups[g].ops()) groups[graph.op(op).name] = g;
  return groups;
}

/// Vela names its rows as the operators' outputs, parts of a lowered operator with a suffix
/// ("Identity_int8_maxpool0"): the longest name that the row's begins with.
std::optional<std::size_t> find_group(const std::map<std::string, std::size_t>& groups,
                                      const std::string& row) {
  std::optional<std::size_t> best;
  std::size_t length = 0;
  for (const auto& [name, group] : groups)
    if (row.starts_with(name) && name.size() > length) best = group, length = name.size();
  return best;
}

/// What Vela says of one group.
struct GroupRow {
  std::string operators;  ///< TFLite's, joined by '+'
  double cycles = 0;
};

std::map<std::size_t, GroupRow> read_rows(const std::filesystem::path& file, const Graph& graph,
                                          const FusedNetwork& network,
                                          std::vector<std::string>& skipped) {
  const CsvTable table = CsvTable::read(file);
  const std::map<std::string, std::size_t> groups = groups_by_operator(graph, network);
  std::map<std::size_t, GroupRow> rows;
  std::string last;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const std::string& name = table.text(row, "Name");
    const std::string& kind = table.text(row, "TFLite_operator");
    const std::optional<std::size_t> group = find_group(groups, name);
    if (!group) {
      skipped.push_back(fmt::format("{} '{}': no operator of that name", kind, name));
      continue;
    }
    GroupRow& of_group = rows[*group];
    if (of_group.operators.empty())
      of_group.operators = kind;
    else if (kind != last)
      of_group.operators += "+" + kind;
    of_group.cycles += table.real(row, "Op Cycles");
    last = kind;
  }
  return rows;
}

/// Latencies of the groups that have rows; what has none (a layout change that Vela does not
/// need) counts with the next that has one, or the last.
std::vector<double> by_row(const std::vector<double>& latencies,
                           const std::vector<std::size_t>& groups) {
  std::vector<double> result(groups.size(), 0);
  std::size_t at = 0;
  for (std::size_t g = 0; g < latencies.size(); ++g) {
    while (at + 1 < groups.size() && groups[at] < g) ++at;
    result[at] += latencies[g];
  }
  return result;
}

std::vector<double> simulated(const Graph& graph, const ChipSpec& chip,
                              const SimulateOptions& ablation) {
  std::vector<double> cycles;
  for (const GroupResult& group : run(graph, chip, {.compile = {}, .simulate = ablation}).groups)
    cycles.push_back(static_cast<double>(group.latency.value));
  return cycles;
}

std::vector<double> analytical(const Graph& graph, const ChipSpec& chip) {
  const CompiledNetwork compiled = compile(graph, chip, {});
  std::vector<double> cycles;
  for (std::size_t g = 0; g < compiled.network.groups.size(); ++g)
    cycles.push_back(predicted_cycles(chip, compiled, g));
  return cycles;
}

std::vector<Prediction> predict(const Graph& graph, const ChipSpec& chip,
                                const std::vector<std::size_t>& groups) {
  const std::array<std::vector<double>, kAblationCount> latencies{
      simulated(graph, chip, {}), simulated(graph, chip, {.ideal_memory = true}),
      simulated(graph, chip, {.no_contention = true}), analytical(graph, chip)};
  std::vector<Prediction> predictions(groups.size());
  for (std::size_t a = 0; a < kAblationCount; ++a) {
    const std::vector<double> rows = by_row(latencies[a], groups);
    for (std::size_t i = 0; i < rows.size(); ++i) predictions[i].predicted[a] = rows[i];
  }
  return predictions;
}

Paired total_of(const std::vector<Paired>& pairs) {
  Paired total;
  for (const Paired& pair : pairs) {
    total.measured += pair.measured;
    total.predicted += pair.predicted;
  }
  return total;
}

std::vector<Statistic> statistics(const std::vector<ComparedRow>& rows) {
  using Aim = Statistic::Aim;
  const std::vector<Paired> pairs = pairs_of(rows);
  const Paired total = total_of(pairs);
  std::vector<Paired> large;
  for (const Paired& pair : pairs)
    if (pair.measured > 0.01 * total.measured) large.push_back(pair);
  std::vector<Statistic> result{
      {"network total, |error|", std::abs(total.error()), Aim::kAtMost, 0.15, true},
      {"Spearman of operators above 1 % of the time", spearman(large), Aim::kAtLeast, 0.9}};
  for (std::size_t a = 0; a < kAblationCount; ++a) {
    constexpr const char* kNames[] = {"as built", "ideal memory", "no contention", "analytical"};
    result.push_back({fmt::format("network total, error {}", kNames[a]),
                      total_of(pairs_of(rows, static_cast<Ablation>(a))).error(), Aim::kNone, 0,
                      true});
  }
  std::map<std::string, std::vector<Paired>> kinds;
  for (const ComparedRow& row : rows) kinds[row.row.group].push_back(row.pair());
  for (const auto& [kind, of_kind] : kinds)
    result.push_back(
        {fmt::format("sum of {}, error", kind), total_of(of_kind).error(), Aim::kNone, 0, true});
  return result;
}

}  // namespace

Reference open_vela(const std::filesystem::path& file, const ReferenceOptions& options) {
  const std::string chip_name = options.chip.empty() ? parse(file).chip : options.chip;
  ChipSpec chip = load_chip(find_chip(chip_name, options.chips));
  chip.weight_compression = weight_compression(file, chip.weight_compression);
  const Graph graph = load_network(model_file(file, options), {});
  Reference reference{
      .chip = chip.name, .quantity = "cycles of operators", .statistics = statistics};
  const CompiledNetwork compiled = compile(graph, chip, {});
  ReferenceCase network;
  std::vector<std::size_t> groups;
  for (const auto& [g, row] : read_rows(file, graph, compiled.network, reference.skipped)) {
    groups.push_back(g);
    network.rows.push_back({.id = fmt::format("{}:{}", parse(file).network, g),
                            .group = row.operators,
                            .what = compiled.network.groups[g].name.substr(0, 40),
                            .measured = row.cycles});
  }
  if (groups.empty())
    throw Error("{}: names no operator of {}; is it the estimate of another network?",
                file.string(), graph.name());
  network.predict = [graph, chip, groups] { return predict(graph, chip, groups); };
  reference.cases.push_back(std::move(network));
  return reference;
}

}  // namespace presil
