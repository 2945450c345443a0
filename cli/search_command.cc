#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "cli/commands.h"
#include "cli/learned_cost.h"
#include "cli/progress.h"
#include "cli/search_cost.h"
#include "cli/sink.h"
#include "core/error.h"
#include "core/output_file.h"
#include "core/statistics.h"
#include "models/onnx_export.h"
#include "search/search.h"
#include "search/simulated_cost.h"
#include "search/surrogate.h"
#include "sim/process_pool.h"
#include "sim/simulator_version.h"

namespace presil::cli {

namespace {

constexpr const char* kHelp =
    R"(Objectives: accuracy, latency_ms, energy_uj, params_kib, macs_m, ...;
min: or max: in front turns one round. Constraints: 'latency_ms <= 4', in the metric's unit.
Examples:
  presil search nb201 --chip edge-tpu --accuracy table:nb201_accuracy.csv:cifar100_test
  presil search mobile_classifier --chip ne-base --objective latency_ms --objective max:macs_m \
      --constraint 'params_kib <= 4096' --archive run.jsonl
  presil search space.yaml --chip ne-nano --accuracy 'command:python3 train.py' --out front
A search that was ended goes on when it is started again with the same --archive.)";

struct Options {
  std::string space, chip, cost = "simulated", algorithm = "nsga2", prefilter = "none", archive,
                           out, csv;
  std::vector<std::string> set, objectives, constraints;
  AccuracyChoice accuracy;
  std::int64_t evaluations = 200, seed = 1, population = 0;
  int workers = 1;
};

void check(const Options& options) {
  if (options.evaluations < 1 || options.evaluations > 100'000'000)
    throw Error("--evaluations {}: must be 1 to 100000000", options.evaluations);
  if (options.population < 0)
    throw Error("--population {}: must be 4 or more, or 0 for the usual", options.population);
  if (options.workers < 1 || options.workers > 1024)
    throw Error("--workers {}: must be 1 to 1024", options.workers);
}

std::vector<std::string> objectives_of(const Options& options) {
  if (!options.objectives.empty()) return options.objectives;
  if (options.accuracy.text.empty())
    throw Error(
        "without --accuracy nothing says which network is good; give one (table:..., "
        "command:...), or --objective for each number that counts, as --objective "
        "latency_ms --objective max:macs_m");
  return {"accuracy", "latency_ms"};
}

Prefilter prefilter_of(const std::string& kind, const SearchSpace& space, const Goal& goal) {
  if (kind == "none") return {};
  if (kind == "learned") return learned_prefilter(space, goal);
  throw Error("--prefilter {}: unknown; known: none, learned", kind);
}

/// Everything that the course of a search depends on but its length.
std::string settings_of(const Options& options, const ChipSpec& chip, const Goal& goal) {
  std::string text = fmt::format(
      "chip {} cost {} simulator {} algorithm {} population {} prefilter {} seed {} accuracy {}",
      chip.hash(), options.cost, kSimulatorVersion, options.algorithm, options.population,
      options.prefilter, options.seed, options.accuracy.text);
  for (const Objective& o : goal.objectives) text += " objective " + o.text;
  for (const Constraint& c : goal.constraints) text += fmt::format(" constraint '{}'", c.text);
  return text;
}

void print_front(const SearchSpace& space, const Goal& goal, const SearchResult& result) {
  fmt::print("{:>4} ", "");
  for (const Objective& o : goal.objectives) fmt::print("{:>18} ", o.metric->name);
  fmt::print(" network\n");
  for (std::size_t i = 0; i < result.front.size(); ++i) {
    const Evaluation& e = result.evaluations[result.front[i]];
    fmt::print("{:>4} ", i + 1);
    for (const Objective& o : goal.objectives)
      fmt::print("{:>18.6g} ", o.metric->value(e.measured));
    fmt::print(" {}\n", space.key(e.genome));
  }
}

void write_front(const std::filesystem::path& folder, const SearchSpace& space,
                 const SearchResult& result) {
  std::filesystem::create_directories(folder);
  for (std::size_t i = 0; i < result.front.size(); ++i) {
    const Genome& genome = result.evaluations[result.front[i]].genome;
    const Graph graph = std::get<Network>(space.decode(genome)).graph;
    const std::string stem = fmt::format("{:03}", i + 1);
    write_file(folder / (stem + ".onnx"), export_onnx(graph));
    write_file(folder / (stem + ".yaml"), genome_yaml(space, genome));
    write_file(folder / (stem + ".txt"), summary(space, genome));
  }
}

std::string evaluations_csv(const SearchSpace& space, const Goal& goal,
                            const SearchResult& result) {
  std::string text = "evaluation,network,failure,violation,front";
  for (const Metric& metric : metrics()) text += "," + metric.name;
  text += "\n";
  std::vector<bool> front(result.evaluations.size(), false);
  for (const std::size_t i : result.front) front[i] = true;
  for (std::size_t i = 0; i < result.evaluations.size(); ++i) {
    const Evaluation& e = result.evaluations[i];
    const bool failed = !e.failure.empty();
    text += fmt::format("{},{},{},{},{}", i + 1, space.key(e.genome), failed ? 1 : 0,
                        failed ? "" : fmt::format("{:.9g}", goal.violation(e.measured)),
                        front[i] ? 1 : 0);
    for (const Metric& metric : metrics()) {
      const bool known = !failed && (metric.name != "accuracy" || e.measured.accuracy);
      text += known ? fmt::format(",{:.9g}", metric.value(e.measured)) : ",";
    }
    text += "\n";
  }
  return text;
}

void check_learned(const Goal& goal) {
  for (const Objective& objective : goal.objectives)
    LearnedCost::check_metric(objective.metric->name);
  for (const Constraint& constraint : goal.constraints)
    LearnedCost::check_metric(constraint.metric->name);
}

/// The front of a search by estimates, simulated: what the networks really take.
void print_simulated_front(const SearchSpace& space, const ChipSpec& chip,
                           const SearchResult& result) {
  const SimulatedCost simulated(chip);
  std::vector<Paired> latencies;
  fmt::print("\nThe same, simulated:\n");
  for (const std::size_t i : result.front) {
    const Evaluation& e = result.evaluations[i];
    const Network network = std::get<Network>(space.decode(e.genome));
    const Cost cost = simulated.cost(network.graph, network.precision);
    latencies.push_back({cost.latency_us, e.measured.cost.latency_us});
    fmt::print("  {}: {:.4g} ms, estimated {:.4g} ({:+.2f}%)\n", space.key(e.genome),
               cost.latency_us / 1000, e.measured.cost.latency_us / 1000,
               100 * latencies.back().error());
  }
  fmt::print("estimator on this front: MAPE {:.2f}%, Kendall tau {:.3f}\n",
             100 * mean_absolute_error(latencies), kendall_tau_b(latencies));
}

void run_search(const Options& options) {
  check(options);
  const ChipSpec chip =
      load_chip(find_chip(options.chip, chips_folder()), parse_overrides(options.set));
  const SearchSpace space = SearchSpace::load(find_space(options.space));
  const Goal goal = parse_goal(objectives_of(options), options.constraints);
  const auto cost = make_cost(options.cost, chip);
  if (options.cost != "simulated") check_learned(goal);
  const auto accuracy = make_accuracy(options.accuracy);
  Evaluator evaluator(space, *cost, accuracy.get(), options.workers);
  SearchOptions how{.algorithm = {.name = options.algorithm,
                                  .seed = static_cast<std::uint64_t>(options.seed),
                                  .population = static_cast<std::size_t>(options.population),
                                  .prefilter = prefilter_of(options.prefilter, space, goal)},
                    .evaluations = static_cast<std::size_t>(options.evaluations)};
  Sink csv(options.csv);
  std::optional<Archive> archive;
  if (!options.archive.empty())
    archive.emplace(options.archive, space, settings_of(options, chip, goal));
  Progress progress("networks");
  how.progress = [&](const std::vector<Evaluation>& done) {
    progress.show(done.size(), how.evaluations, [&] {
      return fmt::format("hypervolume {:.6g}", running_hypervolume(done, goal));
    });
  };
  const SearchResult result = search(space, goal, evaluator, how, archive ? &*archive : nullptr);
  if (csv.wanted()) csv.put(evaluations_csv(space, goal, result));
  if (result.front.empty()) throw Error("nothing to show: {}", result.infeasible);
  if (!csv.is_stdout()) {
    fmt::print("{}: {:.4g} networks on {}; {} evaluations by {}, seed {}; front of {}:\n",
               space.name(), space.size(), chip.name, result.evaluations.size(), options.algorithm,
               options.seed, result.front.size());
    print_front(space, goal, result);
    if (options.cost != "simulated") print_simulated_front(space, chip, result);
  }
  if (!options.out.empty()) write_front(options.out, space, result);
}

}  // namespace

void add_search_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("search", "Search a space for the networks that suit a chip");
  command->footer(kHelp);
  command->add_option("space", options->space, "YAML file, or a name in search/spaces")->required();
  command->add_option("--chip", options->chip, "Name or YAML file")->required();
  add_repeatable(*command, "--set", options->set, "Override a chip key: sram.kib=512");
  command->add_option("--cost", options->cost,
                      "simulated (default), or learned:FILE, an estimator of `presil train`");
  command->add_option("--accuracy", options->accuracy.text,
                      "table:FILE:COLUMN[:KEY] or command:COMMAND (ONNX and JSON in, score out)");
  command->add_option("--time-limit", options->accuracy.seconds,
                      "Seconds that the accuracy command may take, default 3600");
  command->add_option("--attempts", options->accuracy.attempts,
                      "How often the accuracy command is tried, default 2");
  command->add_option("--accuracy-log", options->accuracy.log,
                      "File to which every attempt of the accuracy command is appended");
  add_repeatable(*command, "--objective", options->objectives,
                 "A number that counts; default accuracy and latency_ms");
  add_repeatable(*command, "--constraint", options->constraints, "'latency_ms <= 4'");
  command->add_option("--algorithm", options->algorithm,
                      "random, evolution, local or nsga2 (default)");
  command->add_option("--population", options->population,
                      "Of evolution and nsga2; default theirs");
  command->add_option(
      "--prefilter", options->prefilter,
      "none (default) or learned: a guess from what was evaluated picks candidates");
  command->add_option("--evaluations", options->evaluations, "Default 200; repeats count");
  command->add_option("--seed", options->seed, "Default 1");
  command->add_option("--workers", options->workers, "Processes, default 1");
  command->add_option("--archive", options->archive,
                      "File that keeps every evaluation, and from which a search goes on");
  command->add_option("--csv", options->csv, "All evaluations, a line each; '-' for stdout");
  command->add_option("--out", options->out, "Folder for the front: ONNX, choices, summary");
  command->callback([options] { run_search(*options); });
}

}  // namespace presil::cli
