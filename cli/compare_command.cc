#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "cli/compare_json.h"
#include "cli/data_files.h"
#include "cli/progress.h"
#include "cli/run_flags.h"
#include "cli/simulate_list.h"
#include "cli/sink.h"
#include "core/error.h"
#include "estimator/compare.h"
#include "profiler/report_html.h"
#include "sim/process_pool.h"

namespace presil::cli {

namespace {

constexpr const char* kHelp = R"(Examples:
  presil compare --estimator ne.est --models mobilenet_v2,resnet50 --chips ne-nano,ne-base
  presil compare --estimator ne.est --models models.txt --chips ne-base --csv compare.csv
  presil compare --estimator ne.est --models ../networks --chips ne-base --html compare.html)";

struct Options {
  std::string estimator, csv, groups, accuracy, json, html;
  std::vector<std::string> models, chips, set;
  CompileFlags compile;
  std::int64_t workers = 0;
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

std::vector<Tried> compare_all(const std::vector<std::string>& models,
                               const std::vector<ChipSpec>& chips, const CompileOptions& options,
                               const Bundle& bundle, int workers) {
  std::vector<Tried> all;
  const auto job = [&](std::size_t i) {
    const Graph graph = load_network(models[i / chips.size()]);
    return comparison_json(compare(graph, chips[i % chips.size()], options, bundle))
        .dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  const auto deliver = [&](std::size_t i, const JobOutcome& outcome) {
    const std::string model = std::filesystem::path(models[i / chips.size()]).filename().string();
    const std::string& chip = chips[i % chips.size()].name;
    Tried tried{.model = model, .chip = chip, .reason = {}, .comparison = {}};
    if (outcome.status == JobOutcome::Status::kDone) {
      tried.comparison = comparison_of(Json::parse(outcome.text));
      tried.comparison.model = model;
    } else {
      tried.reason = outcome.text;
    }
    all.push_back(std::move(tried));
  };
  Progress progress("comparisons");
  run_jobs(models.size() * chips.size(), job, deliver,
           {.workers = workers,
            .progress = [&](std::size_t done, std::size_t total) { progress.show(done, total); }});
  return all;
}

void check(const Options& options) {
  if (options.estimator.empty())
    throw Error("compare: --estimator is missing; `presil train` makes one");
  if (options.models.empty()) throw Error("compare: --models is missing");
  if (options.chips.empty()) throw Error("compare: --chips is missing");
  if (options.workers < 0 || options.workers > 1024)
    throw Error("--workers must be 1..1024, is {}", options.workers);
  if (options.html == "-") throw Error("--html writes a page to look at: name a file");
  if (!options.html.empty()) require_page();
}

void run_compare(const Options& options) {
  check(options);
  const Bundle bundle = Bundle::load(options.estimator);
  std::vector<ChipSpec> chips;
  for (const std::string& chip : options.chips)
    chips.push_back(load_chip(find_chip(chip, chips_folder()), parse_overrides(options.set)));
  Sink csv(options.csv), groups(options.groups), accuracy(options.accuracy), json(options.json),
      html(options.html);
  const CompareReport report = report_of(
      compare_all(models_of(options.models), chips, options.compile.options(false), bundle,
                  options.workers > 0 ? static_cast<int>(options.workers) : processor_count()),
      bundle);
  if (csv.wanted()) csv.put(networks_csv(report));
  if (groups.wanted()) groups.put(groups_csv(report));
  if (accuracy.wanted()) accuracy.put(accuracy_csv(report.accuracy));
  if (json.wanted() || html.wanted()) {
    const Json document = compare_json(report, options.estimator, bundle);
    if (json.wanted()) json.put(json_text(document));
    if (html.wanted()) html.stream([&](std::ostream& out) { write_html(out, document); });
  }
  if (!csv.is_stdout() && !groups.is_stdout() && !accuracy.is_stdout() && !json.is_stdout())
    fmt::print("{}", compare_text(report));
  if (report.comparisons.empty()) throw Error("compare: nothing could be compared");
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
  command->add_option("--groups", options->groups,
                      "CSV: a row a fusion group that was planned as it was compiled");
  command->add_option("--accuracy", options->accuracy,
                      "CSV: the errors by level, family of operators and chip");
  command->add_option("--json", options->json, "All of it (docs/json_schema.md)");
  command->add_option("--html", options->html, "All of it as a page to look at");
  options->compile.add_to(*command);
  command->callback([options] { run_compare(*options); });
}

}  // namespace presil::cli
