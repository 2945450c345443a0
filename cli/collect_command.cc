#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/progress.h"
#include "core/error.h"
#include "estimator/collect.h"
#include "estimator/plan_network.h"
#include "estimator/sample_export.h"
#include "estimator/train.h"
#include "models/import.h"
#include "sim/process_pool.h"

namespace presil::cli {

namespace {

struct Options {
  std::string plan, out, shard = "1/1", format;
  std::int64_t workers = 0;  ///< 0: as many as there are processors
  std::int64_t samples = 0;  ///< 0: the plan's
  double timeout = 120;
};

std::filesystem::path models_folder() {
  const char* set = std::getenv("PRESIL_SHARED");
  return (set != nullptr ? std::filesystem::path(set)
                         : std::filesystem::path(PRESIL_SOURCE_DIR) / ".." / "shared") /
         "models";
}

std::filesystem::path plans_folder() {
  return std::filesystem::path(PRESIL_SOURCE_DIR) / "estimator" / "plans";
}

/// A path, or the name of a plan that comes with presil.
std::filesystem::path find_plan(const std::string& name) {
  const std::filesystem::path ours = plans_folder() / (name + ".yaml");
  if (std::filesystem::exists(name) || !std::filesystem::exists(ours)) return name;
  return ours;
}

/// A built-in network, a file, or a file of the folder of real networks.
Graph find_network(const SamplePlan& plan, const std::string& name) {
  ImportOptions import;
  import.allow_host_ops = true;
  const bool is_file = std::filesystem::path(name).has_extension() && !name.starts_with("nb201:");
  if (!is_file || std::filesystem::exists(name)) return load_network(name, import);
  const std::filesystem::path there = models_folder() / name;
  if (!std::filesystem::exists(there))
    throw Error(
        "{}: networks.{}: no such file, nor {}; set PRESIL_SHARED to the folder of "
        "reference data, or take the network out of the plan",
        plan.file, name, there.string());
  return load_network(there.string(), import);
}

CaseSource source_of(const SamplePlan& plan) {
  std::vector<Graph> mined, tests;
  for (const std::string& name : plan.mined_networks) mined.push_back(find_network(plan, name));
  for (const std::string& name : plan.test_networks) tests.push_back(find_network(plan, name));
  return {plan, sample_chips(plan, chips_folder()), std::move(mined), tests};
}

std::pair<std::size_t, std::size_t> parse_shard(const std::string& text) {
  std::size_t i = 0, n = 0;
  int used = 0;
  if (std::sscanf(text.c_str(), "%zu/%zu%n", &i, &n, &used) != 2 ||
      static_cast<std::size_t>(used) != text.size() || i < 1 || i > n || n > 100000)
    throw Error("--shard must be i/n with 1 <= i <= n, as 2/4, is '{}'", text);
  return {i, n};
}

void check(const Options& options) {
  if (options.workers < 0 || options.workers > 1024)
    throw Error("--workers must be 1..1024, is {}", options.workers);
  if (options.samples < 0 || options.samples > 10'000'000)
    throw Error("--samples must be 1..10000000, is {}", options.samples);
  if (options.plan.empty() && options.format.empty())
    throw Error("give --plan PLAN (a file, or one of presil's: default, small), or --export");
}

void print_failures(const StoreCounts& counts) {
  constexpr std::size_t kShown = 8;
  std::size_t shown = 0;
  for (const auto& [reason, count] : counts.reasons) {
    if (++shown > kShown) {
      fmt::print("  and {} more reasons; they stand in the table `cases`\n",
                 counts.reasons.size() - kShown);
      return;
    }
    fmt::print("  {} failed: {}\n", count, reason);
  }
}

/// What a model trained on the store says of a case: the width of its groups' intervals against
/// their time.
CaseJudge learn(const SampleStore& store) {
  const auto bundle =
      std::make_shared<const Bundle>(train(store.cases(), store.edge_pairs()).bundle);
  return [bundle](const std::vector<GroupFeatures>& groups) {
    std::vector<const GroupFeatures*> rows;
    for (const GroupFeatures& group : groups) rows.push_back(&group);
    std::vector<GroupPrediction> predictions(rows.size());
    bundle->predict(rows, predictions);
    double width = 0, cycles = 0;
    for (const GroupPrediction& p : predictions) {
      width += p.high - p.low;
      cycles += p.cycles;
    }
    return cycles > 0 ? width / cycles : 0;
  };
}

/// The rounds of a plan's `refine`, each by a model that knows those before it.
void refine(const CaseSource& source, SampleStore& store, const CollectOptions& options) {
  const CasePlanner planner = [](const Graph& graph, const ChipSpec& chip,
                                 const CompileOptions& compile) {
    return features_of(chip, plan_network(graph, chip, compile));
  };
  for (std::int64_t round = 1; round <= source.plan().refine.rounds; ++round) {
    const std::vector<std::size_t> chosen = choose_cases(source, store, round, learn, planner);
    const Collected added = collect_cases(source, store, chosen, options);
    fmt::print("round {}: {} cases simulated where the model errs most, {} were there already\n",
               round, added.done, added.there);
  }
}

void collect_plan(const Options& options) {
  using Clock = std::chrono::steady_clock;
  const SamplePlan plan = load_plan(find_plan(options.plan));
  const auto [shard, shards] = parse_shard(options.shard);
  SampleStore store = SampleStore::create_or_open(options.out);
  const CaseSource source = source_of(plan);
  const int workers = options.workers > 0 ? static_cast<int>(options.workers) : processor_count();
  Collected collected;
  const Clock::time_point start = Clock::now();
  {
    Progress progress("cases");
    collected = collect(
        source, store,
        {.workers = workers,
         .seconds_a_case = options.timeout,
         .shard = shard,
         .shards = shards,
         .cases = static_cast<std::size_t>(options.samples > 0 ? options.samples : plan.cases),
         .progress = [&](std::size_t done, std::size_t total) { progress.show(done, total); }});
  }
  const double seconds =
      std::max(1e-3, std::chrono::duration<double>(Clock::now() - start).count());
  const std::size_t over = collected.done + collected.failed;
  fmt::print(
      "{} cases simulated, {} failed, {} were there already; {} samples in {:.1f} s ({:.0f} "
      "cases, {:.0f} samples a second)\n",
      collected.done, collected.failed, collected.there, collected.rows, seconds,
      static_cast<double>(over) / seconds, static_cast<double>(collected.rows) / seconds);
  if (plan.refine.rounds > 0 && shards > 1)
    fmt::print("no refinement with --shard: merge the parts and collect without it\n");
  else
    refine(source, store, {.workers = workers, .seconds_a_case = options.timeout});
  const StoreCounts counts = store.counts();
  fmt::print("{}: {} cases, {} samples\n", options.out, counts.done, counts.rows);
  print_failures(counts);
}

void run_export(const Options& options) {
  const SampleStore store = SampleStore::open_read_only(options.out);
  export_samples(store, options.format == "csv" ? ExportFormat::kCsv : ExportFormat::kLibsvm,
                 std::cout);
  std::cout.flush();
  if (!std::cout) throw Error("--export: standard output cannot be written (disk full?)");
}

void run_collect(const Options& options) {
  check(options);
  // A limit on the size of files is an error to report, not a reason to die.
  std::signal(SIGXFSZ, SIG_IGN);
  if (!options.plan.empty()) collect_plan(options);
  if (!options.format.empty()) run_export(options);
}

constexpr const char* kHelp = R"(
Examples:
  presil collect --plan default --out samples.db            go on with it after an interruption
  presil collect --plan my.yaml --out part2.db --shard 2/4  on the second of four machines
  presil merge all.db part1.db part2.db part3.db part4.db
  presil collect --out samples.db --export csv > samples.csv
docs/estimator_sampling.md explains plans.)";

}  // namespace

void add_collect_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("collect", "Simulate random and real layers: training data");
  command->add_option("--plan", options->plan, "Plan file, or `default` or `small`");
  command->add_option("--out", options->out, "Database of samples; gone on with if it is there")
      ->required();
  command->add_option("--workers", options->workers,
                      "Processes at once (default: one a processor)");
  command->add_option("--shard", options->shard, "Only part i of n of the cases: i/n");
  command->add_option("--samples", options->samples, "Cases, instead of the plan's number");
  command->add_option("--timeout", options->timeout, "Seconds after which a case has failed")
      ->check(CLI::Range(0.01, 1e6));
  command->add_option("--export", options->format, "Print the samples of --out: csv or libsvm")
      ->check(CLI::IsMember({"csv", "libsvm"}));
  command->footer(kHelp);
  command->callback([options] { run_collect(*options); });
}

}  // namespace presil::cli
