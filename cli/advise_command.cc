#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <optional>

#include "cli/advise_report.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/run_flags.h"
#include "cli/sink.h"
#include "core/error.h"
#include "core/output_file.h"
#include "core/yaml_text.h"
#include "models/float_copy.h"
#include "models/onnx_export.h"
#include "sim/process_pool.h"

namespace presil::cli {

namespace {

constexpr const char* kHelp =
    R"(Edits: channels to an edge of the array's blocks, fused inverted bottlenecks,
full convolutions in place of depthwise ones, narrower weights, a smaller input, an earlier stride.
Examples:
  presil advise mobilenet_v2 --chip ne-base
  presil advise net.tflite --chip ne-nano --apply 1,3,4 --out better.onnx
  presil advise net.onnx --chip ne-base --rank energy_uj --patterns patterns.jsonl --json advice.json
The numbers of --apply are those that the same command prints without it.)";

struct Options {
  std::string model, chip, json, patterns, apply, out, rank = "latency_ms";
  std::vector<std::string> set;
  ImportFlags import;
  CompileFlags compile;
  std::int64_t top = 10, simulations = 60, workers = 0;
};

void check(const Options& options) {
  if (options.top < 1) throw Error("--top must be at least 1, is {}", options.top);
  if (options.simulations < 1 || options.simulations > 100'000)
    throw Error("--simulations must be 1 to 100000, is {}", options.simulations);
  if (options.workers < 0 || options.workers > 1024)
    throw Error("--workers must be 1 to 1024, is {}", options.workers);
  if (!options.out.empty() && options.apply.empty())
    throw Error(
        "--out writes the network that --apply makes: give the numbers of the edits, as "
        "--apply 1,3");
  if (options.out == "-") throw Error("--out writes an ONNX file: name one");
  if (!options.compile.mapping.empty())
    throw Error("--mapping pins groups that an edit may take away; leave it out");
}

const Metric& metric_of(const std::string& name) {
  const Metric& metric = metric_named(name, "--rank");
  if (metric.larger_is_better)
    throw Error(
        "--rank {}: edits are ranked by something that shall get smaller, as latency_ms, "
        "energy_uj, peak_sram_kib, peak_activation_kib or params_kib",
        name);
  return metric;
}

/// Indices from "1,3,4".
std::vector<std::size_t> parse_numbers(const std::string& text, std::size_t edits) {
  std::vector<std::size_t> result;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (;;) {
    std::size_t number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc() || (next != end && *next != ','))
      throw Error("--apply {}: must be numbers of edits with commas between, as --apply 1,3,4",
                  text);
    if (number < 1 || number > edits)
      throw Error(
          "--apply {}: there is no edit {}; {}", text, number,
          edits == 0 ? "nothing was simulated" : fmt::format("they are numbered 1 to {}", edits));
    if (std::find(result.begin(), result.end(), number - 1) != result.end())
      throw Error("--apply {}: edit {} is given twice", text, number);
    result.push_back(number - 1);
    if (next == end) return result;
    at = next + 1;
  }
}

std::string name_of_pair(const PrecisionPair& pair) {
  const auto bits = [](Precision p) { return bits_of(p); };
  if (pair.weights == pair.activations) return std::string(presil::name_of(pair.weights));
  return fmt::format("w{}a{}", bits(pair.weights), bits(pair.activations));
}

/// Writes the changed network, and beside it the precisions that ONNX has no place for. Returns
/// what was written and how to run it.
std::string write_network(const Options& options, Sink& file, const Network& network) {
  const bool quantised = is_quantised(network.graph);
  const std::filesystem::path out = options.out;
  file.put(export_onnx(float_copy(network.graph)));
  std::string text = fmt::format("{} written{}", out.string(),
                                 quantised ? ", as the float network that it stands for" : "");
  std::string flags;
  if (!network.precision.layers.empty()) {
    std::filesystem::path map = out;
    map.replace_extension(".precision.yaml");
    std::string lines;
    for (const auto& [pattern, pair] : network.precision.layers)
      lines += fmt::format("{}: {}\n", yaml_text(pattern), name_of_pair(pair));
    write_file(map, lines);
    flags = fmt::format(" --precision-map {}", map.string());
  }
  if (network.precision.network)
    flags += " --precision " + name_of_pair(*network.precision.network);
  return fmt::format("{}; to be trained again. presil simulate {} --chip {}{}\n", text,
                     out.string(), options.chip, flags);
}

/// A file without its folders; names of built-in networks may hold '/' themselves.
std::string short_model(const std::string& model) {
  return model.starts_with("nb201:") ? model : std::filesystem::path(model).filename().string();
}

/// The edits of this run that pay by a percent or more.
std::vector<Pattern> patterns_of(const AdviceReport& report) {
  constexpr double kWorthKeeping = 0.01;
  std::vector<Pattern> patterns;
  for (const MeasuredEdit& edit : report.advice.edits)
    if (edit.gain >= kWorthKeeping)
      patterns.push_back({.kind = edit.edit.kind,
                          .context = edit.edit.context,
                          .chip = report.chip,
                          .model = report.model,
                          .metric = report.metric.name,
                          .gain = edit.gain});
  return patterns;
}

void run_advise(const Options& options) {
  check(options);
  const Metric& metric = metric_of(options.rank);
  const ChipSpec chip =
      load_chip(find_chip(options.chip, chips_folder()), parse_overrides(options.set));
  CompileOptions compile = options.compile.options(options.import.host_ops);
  const Network network{with_unique_names(load_network(options.model, options.import.options())),
                        compile.precision};
  compile.precision = {};
  std::optional<PatternStore> patterns;
  if (!options.patterns.empty()) patterns.emplace(options.patterns);
  Sink json(options.json), out(options.out);
  Progress progress("simulations");
  AdviceOptions how{
      .simulations = static_cast<std::size_t>(options.simulations),
      .workers = options.workers > 0 ? static_cast<int>(options.workers) : processor_count(),
      .run = {.compile = compile},
      .metric = &metric,
      .patterns = patterns ? &*patterns : nullptr,
      .progress = [&](std::size_t done, std::size_t total) { progress.show(done, total); }};
  const NetworkAdvice advice = advise(network, chip, how);
  AdviceReport report{.model = short_model(options.model),
                      .chip = chip.name,
                      .metric = metric,
                      .advice = advice,
                      .together = {},
                      .applied = {}};
  std::string text;
  if (options.apply.empty()) {
    report.together = best_together(network, chip, how, advice);
    text = advice_text(report, static_cast<std::size_t>(options.top));
  } else {
    const auto numbers = parse_numbers(options.apply, advice.edits.size());
    report.applied = measure_together(network, chip, how, advice, numbers);
    text = applied_text(report);
    if (!options.out.empty()) {
      std::vector<const Edit*> edits;
      for (const std::size_t i : numbers) edits.push_back(&advice.edits[i].edit);
      text += write_network(options, out, apply_edits(network, edits));
    }
  }
  if (json.wanted()) json.put(advice_json(report));
  if (!json.is_stdout()) fmt::print("{}", text);
  if (patterns && options.apply.empty()) patterns->append(patterns_of(report));
}

}  // namespace

void add_advise_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("advise", "Edits of a network that a chip likes, each simulated");
  command->footer(kHelp);
  command->add_option("model", options->model, "Built-in network, .onnx, .tflite or .yaml")
      ->required();
  command->add_option("--chip", options->chip, "Name or YAML file")->required();
  add_repeatable(*command, "--set", options->set, "Override a chip key: sram.kib=512");
  options->import.add_to(*command);
  options->compile.add_to(*command);
  command->add_option("--rank", options->rank,
                      "What shall get smaller: latency_ms (default), energy_uj, peak_sram_kib, "
                      "peak_activation_kib, params_kib, ...");
  command->add_option("--top", options->top, "Rows of each table, default 10");
  command->add_option("--simulations", options->simulations,
                      "Edits that are simulated at most, the promising ones of each kind; default "
                      "60");
  command->add_option("--workers", options->workers, "Processes; default: one a processor");
  command->add_option("--apply", options->apply, "Apply these edits together: 1,3,4");
  command->add_option("--out", options->out, "ONNX file for the network that --apply makes");
  command->add_option("--patterns", options->patterns,
                      "File of edits that paid earlier: offered first, and appended to");
  command->add_option("--json", options->json, "All edits as JSON; '-' for stdout");
  command->callback([options] { run_advise(*options); });
}

}  // namespace presil::cli
