#include <fmt/format.h>

#include <memory>
#include <optional>

#include "cli/commands.h"
#include "cli/data_files.h"
#include "cli/progress.h"
#include "cli/run_flags.h"
#include "cli/sink.h"
#include "cli/sweep_axis.h"
#include "cli/sweep_journal.h"
#include "core/error.h"
#include "hw/chip_yaml.h"
#include "profiler/area.h"
#include "profiler/report.h"
#include "profiler/report_html.h"
#include "profiler/sweep_csv.h"
#include "profiler/sweep_table.h"
#include "sim/process_pool.h"
#include "sim/simulator_version.h"

namespace presil::cli {

namespace {

constexpr const char* kHelp =
    R"(Axes: key=8,16,32 (a list), key=256..4096*2 (doubling), key=16..64+16 (adding); keys as for --set
(docs/chip_yaml.md). mac_array.parallelism_factor and mac_array.dot_length scale every precision mode.

Examples:
  presil sweep mobilenet_v2 --chip ne-base --vary mac_array.parallelism_factor=8,16,32,64 \
      --vary sram.kib=256..4096*2 --csv sweep.csv --html sweep.html
  presil sweep net.onnx --chip ne-base --vary memories.dram.gb_per_s=6.4,12.8,25.6 --precision w4a8
The CSV is continued where it stopped when the same command is given again; --fresh starts over.)";

struct Options {
  std::string model, chip, area = "16nm";
  std::vector<std::string> vary, set;
  ImportFlags import;
  CompileFlags compile;
  std::string csv, json, html;
  std::int64_t workers = 0;  ///< 0: as many as there are processors
  double time_limit = 0;
  bool fresh = false, all = false;
};

void check(const Options& options) {
  if (options.model.empty())
    throw Error("sweep: MODEL is missing; `presil models` lists the built-in ones");
  if (options.chip.empty()) throw Error("sweep: --chip is missing; `presil chips` lists the chips");
  if (options.vary.empty())
    throw Error("sweep: --vary is missing; say what changes: --vary sram.kib=256..4096*2");
  if (options.workers < 0 || options.workers > 1024)
    throw Error("--workers must be 1..1024, is {}", options.workers);
  if (options.time_limit < 0) throw Error("--time-limit must be >= 0, is {}", options.time_limit);
  if (!options.compile.mapping.empty())
    throw Error("--mapping pins the tiles of one chip; a sweep has many");
  if (options.html == "-") throw Error("--html writes a page to look at: name a file");
  if (!options.html.empty()) require_page();
  if (options.json == "-" && options.csv == "-")
    throw Error("--json and --csv cannot go to stdout together");
}

/// Keys that no chip file has, before anything runs; values are judged point by point.
void check_key(const std::filesystem::path& chip, const SweepAxis& axis, const std::string& vary,
               const ChipOverrides& overrides) {
  for (const auto& [key, value] : overrides)
    if (key == axis.key) throw Error("--vary {}: --set gives this key, too; leave one away", vary);
  // Of all modes, which are scaled: whether they can be is seen by the value.
  if (axis.key == "mac_array.parallelism_factor" || axis.key == "mac_array.dot_length") return;
  const std::string& value = axis.values.front();
  try {
    apply_overrides(load_yaml_file(chip), {{axis.key, value}});
  } catch (const Error& error) {
    const std::string what = error.what(), start = fmt::format("--set {}={}: ", axis.key, value);
    if (!what.starts_with(start)) throw;
    throw Error("--vary {}: {}", vary, what.substr(start.size()));
  }
}

class Sweeper {
 public:
  explicit Sweeper(const Options& options)
      : options_(options),
        chip_file_(find_chip(options.chip, chips_folder())),
        overrides_(parse_overrides(options.set)),
        area_(load_area(find_data_file("--area", "area", options.area))),
        run_options_{.compile = options.compile.options(options.import.host_ops)},
        graph_(load_network(options.model, options.import.options())) {
    sweep_.axes = parse_axes(options.vary);
    for (std::size_t a = 0; a < sweep_.axes.size(); ++a)
      check_key(chip_file_, sweep_.axes[a], options.vary[a], overrides_);
    const ChipSpec base = load_chip(chip_file_, overrides_);
    sweep_.model = options.model;
    sweep_.chip = base.name;
    sweep_.identity = identity(base);
    sweep_.points.resize(grid_size(sweep_.axes));
    for (std::size_t i = 0; i < sweep_.points.size(); ++i) {
      sweep_.points[i].index = i;
      sweep_.points[i].values = grid_values(sweep_.axes, i);
    }
  }

  void run() {
    Sink csv(options_.csv, Sink::kLater), json(options_.json), html(options_.html);
    std::optional<SweepJournal> journal;
    if (csv.is_renamed()) journal.emplace(options_.csv, sweep_, options_.fresh);
    std::size_t known = 0;
    if (journal)
      for (const SweepPoint& point : journal->done()) {
        sweep_.points[point.index] = point;
        ++known;
      }
    run_missing(journal ? &*journal : nullptr);
    mark_front(sweep_.points);
    if (csv.wanted()) csv.put(sweep_csv(sweep_));
    if (journal) journal->finish();
    write_document(json, html);
    if (!csv.is_stdout() && !json.is_stdout()) {
      fmt::print("{}", sweep_table(sweep_, {.all = options_.all}));
      if (known > 0)
        fmt::print("{} of the {} points were in {} already; --fresh runs them again.\n", known,
                   sweep_.points.size(), options_.csv);
    }
    std::fflush(stdout);
    if (std::none_of(sweep_.points.begin(), sweep_.points.end(),
                     [](const SweepPoint& point) { return point.ok(); }))
      throw Error("sweep: no point of the grid could run: {}", sweep_.points.front().reason);
  }

 private:
  void write_document(Sink& json, Sink& html) const {
    if (!json.wanted() && !html.wanted()) return;
    const Json document = sweep_json(sweep_);
    if (json.wanted()) json.put(json_text(document));
    if (html.wanted()) html.stream([&](std::ostream& out) { write_html(out, document); });
  }

  SweepIdentity identity(const ChipSpec& base) const {
    SweepIdentity id{{"simulator_version", kSimulatorVersion},
                     {"model", options_.model},
                     {"graph_hash", graph_.hash()},
                     {"chip", base.name},
                     {"chip_hash", base.hash()}};
    Json axes = Json::object();
    for (const SweepAxis& axis : sweep_.axes)
      axes[axis.key] = fmt::format("{}", fmt::join(axis.values, ","));
    id["axes"] = axes;
    id["precision"] = options_.compile.precision;
    Json layers = Json::array();
    for (const auto& [pattern, pair] : run_options_.compile.precision.layers)
      layers.push_back({pattern, name_of(pair.weights), name_of(pair.activations)});
    id["precision_map"] = layers;
    id["inference"] = options_.compile.inference;
    id["batch"] = options_.compile.batch;
    id["inferences"] = options_.compile.inferences;
    id["host_ops"] = options_.import.host_ops;
    id["area"] = json_of(area_);
    return id;
  }

  /// In a worker: one point's numbers as text.
  std::string run_point(const SweepPoint& point) const {
    ChipOverrides overrides = overrides_;
    for (std::size_t a = 0; a < sweep_.axes.size(); ++a)
      overrides.emplace_back(sweep_.axes[a].key, point.values[a]);
    const ChipSpec chip = load_chip(chip_file_, overrides);
    const ChipArea area = area_of(chip, area_);
    const RunResult run = presil::run(graph_, chip, run_options_);
    return Json{{"latency_cycles", run.latency.value},
                {"latency_us", run.microseconds(run.latency)},
                {"inferences_per_second", run.inferences_per_second()},
                {"energy_pj", run.energy.total.total().value},
                {"average_power_mw", average_milliwatts(run)},
                {"area_mm2", area.total()},
                {"utilisation", run.utilisation},
                {"bound_by", name_of(run.bound)},
                {"peak_sram_bytes", run.peak_sram.value},
                {"dram_read_bytes", run.memory_read.value},
                {"dram_write_bytes", run.memory_written.value},
                {"chip_hash", run.chip_hash}}
        .dump();
  }

  void run_missing(SweepJournal* journal) {
    std::vector<std::size_t> missing;
    for (const SweepPoint& point : sweep_.points)
      if (point.status.empty()) missing.push_back(point.index);
    Progress progress("points");
    run_jobs(
        missing.size(), [&](std::size_t job) { return run_point(sweep_.points[missing[job]]); },
        [&](std::size_t job, const JobOutcome& outcome) {
          SweepPoint& point = sweep_.points[missing[job]];
          take(point, outcome);
          if (journal != nullptr) journal->add(point);
        },
        {.workers = options_.workers > 0 ? static_cast<int>(options_.workers) : processor_count(),
         .seconds_a_job = options_.time_limit,
         .progress = [&](std::size_t done, std::size_t total) { progress.show(done, total); }});
  }

  static void take(SweepPoint& point, const JobOutcome& outcome) {
    switch (outcome.status) {
      case JobOutcome::Status::kDone:
        point.status = "ok";
        point.result = Json::parse(outcome.text);
        return;
      case JobOutcome::Status::kFailed:
        point.status = "failed";
        break;
      case JobOutcome::Status::kCrashed:
        point.status = "crashed";
        break;
    }
    point.reason = outcome.text;
    for (char& letter : point.reason)
      if (letter == '\n' || letter == '\r') letter = ' ';
  }

  const Options& options_;
  const std::filesystem::path chip_file_;
  const ChipOverrides overrides_;
  const AreaSpec area_;
  const RunOptions run_options_;
  const Graph graph_;
  Sweep sweep_;
};

}  // namespace

void add_sweep_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("sweep", "Size a chip: run a grid of its variants");
  command->footer(kHelp);
  command->add_option("model", options->model, "Built-in name, or .onnx, .tflite or .yaml file");
  command->add_option("--chip", options->chip, "Chip name or YAML file that is varied");
  add_repeatable(*command, "--vary", options->vary, "An axis of the grid: sram.kib=256..4096*2");
  add_repeatable(*command, "--set", options->set, "Override a key in every point: clock_mhz=800");
  options->import.add_to(*command);
  options->compile.add_to(*command);
  command->add_option("--area", options->area, "Technology, name or YAML file (docs/profiling.md)")
      ->capture_default_str();
  command->add_option("--csv", options->csv,
                      "A row a point; an unfinished one is continued; - is stdout");
  command->add_option("--json", options->json, "The same (docs/json_schema.md); - is stdout");
  command->add_option("--html", options->html,
                      "A page for a browser: latency, energy, area and the front");
  command->add_flag("--fresh", options->fresh, "Start over, whatever the CSV holds");
  command->add_flag("--all", options->all, "Every point in the table, not only the Pareto front");
  command->add_option("--workers", options->workers, "Points at once; default: all processors");
  command->add_option("--time-limit", options->time_limit,
                      "Seconds after which a point is ended; default: none");
  command->callback([options] {
    check(*options);
    Sweeper(*options).run();
  });
}

}  // namespace presil::cli
