#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/data_files.h"
#include "cli/progress.h"
#include "cli/run_flags.h"
#include "cli/simulate_list.h"
#include "cli/sink.h"
#include "core/error.h"
#include "estimator/compare.h"
#include "profiler/quantity_text.h"
#include "profiler/report_csv.h"
#include "profiler/text_table.h"
#include "sim/process_pool.h"

namespace presil::cli {

namespace {

constexpr const char* kHelp = R"(Examples:
  presil compare --estimator ne.est --models mobilenet_v2,resnet50 --chips ne-nano,ne-base
  presil compare --estimator ne.est --models models.txt --chips ne-base --csv compare.csv
  presil compare --estimator ne.est --models ../networks --chips ne-base)";

struct Options {
  std::string estimator, csv;
  std::vector<std::string> models, chips, set;
  CompileFlags compile;
  std::int64_t workers = 0;
};

/// One that was tried: a comparison, or why there is none.
struct Tried {
  std::string model, chip, reason;
  Comparison comparison;
};

bool is_network(const std::filesystem::path& file) {
  return file.extension() == ".onnx" || file.extension() == ".tflite";
}

/// A folder stands for the networks in it, a text file for the models that it lists.
std::vector<std::string> models_of(const std::vector<std::string>& given) {
  namespace fs = std::filesystem;
  std::vector<std::string> models;
  for (const std::string& model : given) {
    if (fs::is_directory(model)) {
      std::vector<std::string> inside;
      for (const fs::directory_entry& entry : fs::directory_iterator(model))
        if (is_network(entry.path())) inside.push_back(entry.path().string());
      if (inside.empty()) throw Error("--models {}: no .onnx or .tflite file is there", model);
      std::sort(inside.begin(), inside.end());
      models.insert(models.end(), inside.begin(), inside.end());
    } else if (fs::path(model).extension() == ".txt") {
      const std::vector<std::string> listed = read_model_list(model);
      models.insert(models.end(), listed.begin(), listed.end());
    } else {
      models.push_back(model);
    }
  }
  return models;
}

// A comparison on its way from a worker.
std::string packed(const Comparison& c) {
  return nlohmann::json{c.simulated,       c.estimated,      c.interval.low,     c.interval.high,
                        c.simulated_pj,    c.estimated_pj,   c.simulate_seconds, c.estimate_seconds,
                        c.groups,          c.groups_alike,   c.out_of_range,     c.worst_group,
                        c.worst_simulated, c.worst_estimated}
      .dump();
}
Comparison unpacked(const std::string& text, std::string model, std::string chip) {
  const nlohmann::json j = nlohmann::json::parse(text);
  return {.model = std::move(model),
          .chip = std::move(chip),
          .simulated = j[0],
          .estimated = j[1],
          .interval = {j[2], j[3]},
          .simulated_pj = j[4],
          .estimated_pj = j[5],
          .simulate_seconds = j[6],
          .estimate_seconds = j[7],
          .groups = j[8],
          .groups_alike = j[9],
          .out_of_range = j[10],
          .worst_group = j[11],
          .worst_simulated = j[12],
          .worst_estimated = j[13]};
}

std::vector<Tried> compare_all(const std::vector<std::string>& models,
                               const std::vector<ChipSpec>& chips, const CompileOptions& options,
                               const Bundle& bundle, int workers) {
  std::vector<Tried> all;
  const auto job = [&](std::size_t i) {
    const Graph graph = load_network(models[i / chips.size()]);
    return packed(compare(graph, chips[i % chips.size()], options, bundle));
  };
  const auto deliver = [&](std::size_t i, const JobOutcome& outcome) {
    const std::string model = std::filesystem::path(models[i / chips.size()]).filename().string();
    const std::string& chip = chips[i % chips.size()].name;
    Tried tried{.model = model, .chip = chip, .reason = {}, .comparison = {}};
    if (outcome.status == JobOutcome::Status::kDone)
      tried.comparison = unpacked(outcome.text, model, chip);
    else
      tried.reason = outcome.text;
    all.push_back(std::move(tried));
  };
  Progress progress("comparisons");
  run_jobs(models.size() * chips.size(), job, deliver,
           {.workers = workers,
            .progress = [&](std::size_t done, std::size_t total) { progress.show(done, total); }});
  return all;
}

std::vector<Comparison> done(const std::vector<Tried>& all) {
  std::vector<Comparison> result;
  for (const Tried& tried : all)
    if (tried.reason.empty()) result.push_back(tried.comparison);
  return result;
}

std::string comparisons_table(const std::vector<Comparison>& comparisons) {
  TextTable table({{.title = "model", .flexible = true},
                   {.title = "chip"},
                   {.title = "simulated", .right = true},
                   {.title = "estimated", .right = true},
                   {.title = "error", .right = true},
                   {.title = "in 90 %"},
                   {.title = "energy", .right = true},
                   {.title = "speed-up", .right = true},
                   {.title = "worst group", .flexible = true}});
  for (const Comparison& c : comparisons) {
    const bool inside = c.interval.low <= c.simulated && c.simulated <= c.interval.high;
    table.add({c.model, c.chip, with_thousands(std::llround(c.simulated)),
               with_thousands(std::llround(c.estimated)), fmt::format("{:+.2f}%", 100 * c.error()),
               inside ? "yes" : "no",
               fmt::format("{:+.2f}%", 100 * (c.estimated_pj / c.simulated_pj - 1)),
               fmt::format("{:.0f}x", c.simulate_seconds / c.estimate_seconds),
               fmt::format("{} {:+.1f}% of all", c.worst_group,
                           100 * (c.worst_estimated - c.worst_simulated) / c.simulated)});
  }
  return table.text();
}

std::string comparisons_csv(const std::vector<Tried>& all) {
  std::string text = csv_line({"model", "chip", "status", "simulated_cycles", "estimated_cycles",
                               "error", "low", "high", "simulated_pj", "estimated_pj", "simulate_s",
                               "estimate_s", "groups", "groups_planned_alike", "out_of_range",
                               "worst_group", "worst_group_simulated", "worst_group_estimated"});
  for (const Tried& tried : all) {
    const Comparison& c = tried.comparison;
    if (!tried.reason.empty()) {
      std::vector<std::string> cells{tried.model, tried.chip, tried.reason};
      cells.resize(18);
      text += csv_line(cells);
      continue;
    }
    const auto number = [](double value) { return fmt::format("{:.6g}", value); };
    text += csv_line({c.model, c.chip, "ok", fmt::format("{:.0f}", c.simulated),
                      fmt::format("{:.1f}", c.estimated), number(c.error()),
                      fmt::format("{:.1f}", c.interval.low), fmt::format("{:.1f}", c.interval.high),
                      number(c.simulated_pj), number(c.estimated_pj), number(c.simulate_seconds),
                      number(c.estimate_seconds), fmt::format("{}", c.groups),
                      fmt::format("{}", c.groups_alike), fmt::format("{}", c.out_of_range),
                      c.worst_group, number(c.worst_simulated), number(c.worst_estimated)});
  }
  return text;
}

void print(const std::vector<Tried>& all) {
  const std::vector<Comparison> comparisons = done(all);
  fmt::print("{}", comparisons_table(comparisons));
  for (const Tried& tried : all)
    if (!tried.reason.empty())
      fmt::print("not compared: {} on {}: {}\n", tried.model, tried.chip, tried.reason);
  if (comparisons.empty()) return;
  const std::vector<ScoredCase> cases = scored(comparisons);
  fmt::print("\n{}", accuracy_text(accuracy_table("boosted", "compared", cases)));
}

void run_compare(const Options& options) {
  if (options.estimator.empty())
    throw Error("compare: --estimator is missing; `presil train` makes one");
  if (options.models.empty()) throw Error("compare: --models is missing");
  if (options.chips.empty()) throw Error("compare: --chips is missing");
  if (options.workers < 0 || options.workers > 1024)
    throw Error("--workers must be 1..1024, is {}", options.workers);
  const Bundle bundle = Bundle::load(options.estimator);
  std::vector<ChipSpec> chips;
  for (const std::string& chip : options.chips)
    chips.push_back(load_chip(find_chip(chip, chips_folder()), parse_overrides(options.set)));
  Sink csv(options.csv);
  const std::vector<Tried> all =
      compare_all(models_of(options.models), chips, options.compile.options(false), bundle,
                  options.workers > 0 ? static_cast<int>(options.workers) : processor_count());
  if (csv.wanted()) csv.put(comparisons_csv(all));
  if (!csv.is_stdout()) print(all);
  if (done(all).empty()) throw Error("compare: nothing could be compared");
}

}  // namespace

void add_compare_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("compare", "The same networks estimated and simulated");
  command->footer(kHelp);
  command->add_option("--estimator", options->estimator, "Bundle that `presil train` made");
  command
      ->add_option("--models", options->models,
                   "Built-in names, network files, folders of them, .txt lists")
      ->delimiter(',');
  command->add_option("--chips", options->chips, "Chip names or YAML files")->delimiter(',');
  add_repeatable(*command, "--set", options->set, "Override a key of the chips: sram.kib=512");
  command->add_option("--workers", options->workers, "Processes (default: processors)");
  command->add_option("--csv", options->csv, "A row a network and chip; - is stdout");
  options->compile.add_to(*command);
  command->callback([options] { run_compare(*options); });
}

}  // namespace presil::cli
