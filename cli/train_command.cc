#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/commands.h"
#include "cli/run_flags.h"
#include "cli/sink.h"
#include "core/error.h"
#include "estimator/adapt.h"
#include "estimator/measured.h"
#include "estimator/sample_store.h"
#include "estimator/train.h"
#include "sim/process_pool.h"

namespace presil::cli {

namespace {

constexpr const char* kHelp = R"(Examples:
  presil collect --plan plan.yaml --out samples.db && presil train samples.db --out ne.est
  presil train samples.db --out ne.est --report accuracy.csv --curve curve.csv
  presil train new_chip.db --adapt ne.est --out new_chip.est    a few samples of one more chip
  presil train --csv measured.csv --chip edge-tpu --steady --out tpu.est
A CSV of measurements names networks in a column `model` (a built-in name or a file) and has one of
the columns latency_ms, latency_us, cycles.)";

struct Options {
  std::string samples, out, report, curve, csv, chip, adapt;
  std::vector<std::string> set;
  CompileFlags compile;
  std::int64_t seed = 1, threads = 0;
  bool features = false;
};

void check(const Options& options) {
  if (options.samples.empty() == options.csv.empty())
    throw Error(
        "train: give samples (`presil train samples.db --out FILE`, made by `presil collect`) or "
        "--csv FILE, one of both");
  if (options.out.empty()) throw Error("train: --out is missing; name the bundle to write");
  if (options.csv.empty() != options.chip.empty())
    throw Error("train: --csv and --chip belong together: the chip that stands for the device");
  if (!options.csv.empty() && (!options.curve.empty() || !options.adapt.empty()))
    throw Error("train: --curve and --adapt need samples, not --csv");
  if (options.seed < 0) throw Error("--seed must be >= 0, is {}", options.seed);
  if (options.threads < 0 || options.threads > 1024)
    throw Error("--threads must be 1..1024, is {}", options.threads);
}

TrainOptions train_options(const Options& options) {
  TrainOptions train;
  train.seed = static_cast<std::uint64_t>(options.seed);
  train.threads =
      options.threads > 0 ? static_cast<int>(options.threads) : static_cast<int>(processor_count());
  return train;
}

std::string curve_csv(const std::vector<CurvePoint>& points) {
  std::string text = "samples,operator_mape,subgraph_mape,network_mape\n";
  for (const CurvePoint& p : points)
    text +=
        fmt::format("{},{:.5f},{:.5f},{:.5f}\n", p.samples, p.operators, p.subgraphs, p.networks);
  return text;
}

void train_on_samples(const Options& options) {
  const SampleStore store = SampleStore::open_read_only(options.samples);
  Sink report(options.report), curve(options.curve);
  const TrainOptions train_with = train_options(options);
  const Trained trained = train(store.cases(), store.edge_pairs(), train_with);
  trained.bundle.save(options.out);
  if (report.wanted()) report.put(accuracy_csv(trained.accuracy));
  if (!report.is_stdout()) fmt::print("{}", accuracy_text(trained.accuracy));
  if (!curve.wanted()) return;
  curve.put(curve_csv(
      learning_curve(store.cases(), {100, 300, 1000, 3000, 10000, 30000, 100000}, train_with)));
}

void adapt_to_samples(const Options& options) {
  const SampleStore store = SampleStore::open_read_only(options.samples);
  Bundle bundle = Bundle::load(options.adapt);
  const std::vector<CaseSample> cases = store.cases();
  const std::size_t corrected = adapt(bundle, cases);
  bundle.save(options.out);
  fmt::print("{}: of {} samples; chips with a sure bias, which got a factor: {}\n", options.out,
             cases.size(), corrected);
}

void train_on_measurements(const Options& options) {
  Sink report(options.report);
  const ChipSpec chip =
      load_chip(find_chip(options.chip, chips_folder()), parse_overrides(options.set));
  const std::vector<MeasuredCase> cases =
      read_measured(options.csv, chip, options.compile.options(false));
  const TrainedMeasured trained =
      train_measured(cases, chip, chip.hash(), {.seed = static_cast<std::uint64_t>(options.seed)});
  trained.bundle.save(options.out);
  const std::vector<AccuracyRow> rows = {trained.additive, trained.linear};
  if (report.wanted()) report.put(accuracy_csv(rows));
  if (!report.is_stdout()) fmt::print("{}", accuracy_text(rows));
}

/// As docs/estimator_features.md has it.
void print_features() {
  fmt::print("| feature | unit | what |\n|---|---|---|\n");
  for (const FeatureInfo& info : feature_table())
    fmt::print("| `{}` | {} | {} |\n", info.name, info.unit, info.meaning);
}

void run_train(const Options& options) {
  if (options.features) return print_features();
  check(options);
  if (!options.csv.empty()) return train_on_measurements(options);
  if (!options.adapt.empty()) return adapt_to_samples(options);
  train_on_samples(options);
}

}  // namespace

void add_train_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("train", "Learn an estimator from samples or measurements");
  command->footer(kHelp);
  command->add_option("samples", options->samples, "Database that `presil collect` made");
  command->add_option("--out", options->out, "Bundle to write");
  command->add_option("--report", options->report,
                      "CSV of the accuracy by model, set, level, family and chip (-: stdout)");
  command->add_option(
      "--curve", options->curve,
      "CSV of the error by number of samples: trains on 100, 300, 1000, ... of them");
  command->add_option("--adapt", options->adapt,
                      "Bundle to correct for the chips of a few samples, instead of training anew");
  command->add_option("--csv", options->csv, "Measured latencies of a real device");
  command->add_option("--chip", options->chip, "With --csv: the chip that stands for the device");
  add_repeatable(*command, "--set", options->set, "Override a key of the chip: sram.kib=512");
  command->add_option("--seed", options->seed, "Of every random choice")->capture_default_str();
  command->add_option("--threads", options->threads,
                      "At most so many at once; no result depends on it (default: processors)");
  command->add_flag("--features", options->features,
                    "Only print the table of features, as docs/estimator_features.md has it");
  options->compile.add_to(*command);
  command->callback([options] { run_train(*options); });
}

}  // namespace presil::cli
