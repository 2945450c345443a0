#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/compare_json.h"
#include "cli/compare_models.h"
#include "cli/progress.h"
#include "cli/run_flags.h"
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
  presil compare --estimator ne.est --models ../networks --chips ne-base --html compare.html
  presil compare --estimator ne.est --spaces mobile_classifier,nb201 --draws 100 --chips ne-nano)";

struct Options {
  std::string estimator, csv, groups, accuracy, json, html;
  std::vector<std::string> models, spaces, chips, set;
  CompileFlags compile;
  std::int64_t workers = 0, draws = 50, seed = 1;
};

std::vector<Tried> compare_all(const std::vector<ComparedModel>& models,
                               const std::vector<ChipSpec>& chips, const CompileOptions& options,
                               const Bundle& bundle, int workers) {
  std::vector<Tried> all;
  const auto job = [&](std::size_t i) {
    CompileOptions with = options;
    const Graph graph = models[i / chips.size()].load(with);
    return comparison_json(compare(graph, chips[i % chips.size()], with, bundle))
        .dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  const auto deliver = [&](std::size_t i, const JobOutcome& outcome) {
    const ComparedModel& model = models[i / chips.size()];
    Tried tried{
        .model = model.name, .chip = chips[i % chips.size()].name, .reason = {}, .comparison = {}};
    if (outcome.status == JobOutcome::Status::kDone) {
      tried.comparison = comparison_of(Json::parse(outcome.text));
      tried.comparison.model = model.name;
      tried.comparison.family = model.family;
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
  if (options.models.empty() && options.spaces.empty())
    throw Error("compare: --models is missing (or --spaces, for random networks)");
  if (options.draws < 1 || options.draws > 100'000)
    throw Error("--draws must be 1..100000, is {}", options.draws);
  if (options.seed < 0) throw Error("--seed must be >= 0, is {}", options.seed);
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
  std::vector<ComparedModel> models = named_models(options.models);
  for (ComparedModel& model : drawn_models(options.spaces, static_cast<std::size_t>(options.draws),
                                           static_cast<std::uint64_t>(options.seed)))
    models.push_back(std::move(model));
  Sink csv(options.csv), groups(options.groups), accuracy(options.accuracy), json(options.json),
      html(options.html);
  const CompareReport report = report_of(
      compare_all(models, chips, options.compile.options(false), bundle,
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
  command
      ->add_option("--spaces", options->spaces,
                   "Random networks of these search spaces: YAML files, or names in search/spaces")
      ->delimiter(',');
  command->add_option("--draws", options->draws, "So many networks of each space")
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Of these draws")->capture_default_str();
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
