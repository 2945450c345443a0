#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/search_cost.h"
#include "cli/sink.h"
#include "core/error.h"
#include "search/curation.h"

namespace presil::cli {

namespace {

constexpr const char* kHelp = R"(Examples:
  presil curate mobile_classifier --chip ne-base --out curated.yaml --csv landscape.csv
  presil curate space.yaml --chip ne-nano --keep s4.channels=64,96,128
The cost is simulated: every choice of each ordered axis, around --contexts random networks.)";

struct Options {
  std::string space, chip, out, csv, cost = "simulated";
  std::vector<std::string> set, keep;
  CurationOptions how;
  int workers = 1;
};

/// "s4.channels=64,96".
void add_expert(const std::string& argument, CurationOptions& how) {
  const std::size_t equals = argument.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == argument.size())
    throw Error("--keep {}: must be AXIS=CHOICE,CHOICE,..., as --keep s4.channels=64,96", argument);
  std::vector<std::string> choices(1);
  for (const char c : argument.substr(equals + 1)) {
    if (c == ',')
      choices.emplace_back();
    else
      choices.back() += c;
  }
  how.expert[argument.substr(0, equals)] = choices;
}

void run_curation(Options options) {
  if (options.workers < 1 || options.workers > 1024)
    throw Error("--workers {}: must be 1 to 1024", options.workers);
  for (const std::string& argument : options.keep) add_expert(argument, options.how);
  const ChipSpec chip =
      load_chip(find_chip(options.chip, chips_folder()), parse_overrides(options.set));
  const SearchSpace space = SearchSpace::load(find_space(options.space));
  const auto cost = make_cost(options.cost, chip);
  Evaluator evaluator(space, *cost, nullptr, options.workers);
  Sink out(options.out), csv(options.csv);
  const Curation curation = curate(space, evaluator, options.how);
  fmt::print("{}", curation_text(space, curation));
  if (csv.wanted()) csv.put(landscape_csv(curation));
  if (out.wanted())
    out.put(curation.space.yaml());
  else
    fmt::print("\n{}", curation.space.yaml());
}

}  // namespace

void add_curate_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("curate", "Keep the choices of a space that a chip likes, and say why");
  command->footer(kHelp);
  command->add_option("space", options->space, "YAML file, or a name in search/spaces")->required();
  command->add_option("--chip", options->chip, "Name or YAML file")->required();
  add_repeatable(*command, "--set", options->set, "Override a chip key: sram.kib=512");
  command->add_option("--cost", options->cost, "simulated");
  command->add_option("--out", options->out, "File for the curated space; default: printed last");
  command->add_option("--csv", options->csv,
                      "File for the landscape: latency and MACs by channels");
  add_repeatable(*command, "--keep", options->keep,
                 "An expert's choices of an axis: s4.channels=64,96");
  command->add_option("--contexts", options->how.contexts,
                      "Random networks around which each axis is probed, default 3");
  command->add_option("--moves", options->how.moves,
                      "Random one-step moves of each check, default 200");
  command->add_option("--rounds", options->how.rounds,
                      "Of checking and dropping, at most; default 6");
  command->add_option("--seed", options->how.seed, "Default 1");
  command->add_option("--workers", options->workers, "Processes, default 1");
  command->callback([options] { run_curation(*options); });
}

}  // namespace presil::cli
