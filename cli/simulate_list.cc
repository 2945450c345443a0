#include "cli/simulate_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <optional>

#include "cli/progress.h"
#include "core/error.h"
#include "core/output_file.h"
#include "profiler/quantity_text.h"
#include "profiler/report_csv.h"
#include "profiler/report_json.h"
#include "profiler/text_table.h"
#include "sim/process_pool.h"

namespace presil::cli {

namespace {

using Status = JobOutcome::Status;

/// Keys of report_json that a row has; a list becomes its length.
constexpr std::array kKeys{"latency_cycles",
                           "latency_us",
                           "total_cycles",
                           "inferences_per_second",
                           "macs",
                           "utilisation",
                           "effective_tops",
                           "bound_by",
                           "roofline_cycles",
                           "parameter_bytes",
                           "peak_activation_bytes",
                           "peak_sram_bytes",
                           "dram_read_bytes",
                           "dram_write_bytes",
                           "energy_pj",
                           "average_power_mw",
                           "host_share",
                           "host_ops",
                           "groups",
                           "graph_hash",
                           "chip_hash",
                           "simulator_version"};

struct Row {
  std::string model, chip;
  Status status = Status::kDone;
  std::string reason;  ///< of a failure
  Json result;         ///< kKeys of a run that is done
};

std::string status_text(Status status) {
  switch (status) {
    case Status::kDone:
      return "ok";
    case Status::kFailed:
      return "failed";
    case Status::kCrashed:
      return "crashed";
  }
  return "";
}

/// In a worker: one run's numbers as text.
std::string run_one(const ListOptions& options, std::size_t job) {
  const std::string& model = options.models[job / options.chips.size()];
  const ChipSpec& chip = options.chips[job % options.chips.size()];
  const Graph graph = load_network(model, options.import);
  const RunResult result = run(graph, chip, options.run);
  const Json json = report_json({.graph = graph,
                                 .chip = chip,
                                 .options = options.run,
                                 .run = result,
                                 .model = model,
                                 .overrides = options.overrides,
                                 .version = PRESIL_VERSION});
  Json row;
  for (const char* key : kKeys)
    row[key] = json[key].is_array() ? Json(json[key].size()) : json[key];
  return row.dump();
}

std::string csv_of(const Row& row) {
  std::vector<std::string> cells{row.model, row.chip, status_text(row.status)};
  for (const char* key : kKeys) {
    if (row.status != Status::kDone)
      cells.emplace_back();
    else if (row.result[key].is_string())
      cells.push_back(row.result[key].get<std::string>());
    else
      cells.push_back(row.result[key].dump());
  }
  cells.push_back(row.reason);
  return csv_line(cells);
}

std::string csv_header() {
  std::vector<std::string> cells{"model", "chip", "status"};
  cells.insert(cells.end(), kKeys.begin(), kKeys.end());
  cells.emplace_back("reason");
  return csv_line(cells);
}

/// A model in a table: its file's name, or all of the path if another has the same.
std::string short_model(const ListOptions& options, const std::string& model) {
  const auto name = [](const std::string& path) {
    return path.starts_with("nb201:") ? path : std::filesystem::path(path).filename().string();
  };
  for (const std::string& other : options.models)
    if (other != model && name(other) == name(model)) return model;
  return name(model);
}

TextTable table_of(const ListOptions& options, const std::vector<Row>& rows) {
  TextTable table({{.title = "model", .flexible = true},
                   {.title = "chip", .flexible = true},
                   {.title = "latency", .right = true},
                   {.title = "inferences/s", .right = true},
                   {.title = "MACs", .right = true},
                   {.title = "util", .right = true},
                   {.title = "peak SRAM", .right = true},
                   {.title = "memory", .right = true},
                   {.title = "energy", .right = true},
                   {.title = "bound by"}});
  for (const Row& row : rows) {
    if (row.status != Status::kDone) {
      table.add({short_model(options, row.model), row.chip, status_text(row.status), "-", "-", "-",
                 "-", "-", "-", "-"});
      continue;
    }
    const auto real = [&](const char* key) { return row.result[key].get<double>(); };
    const auto whole = [&](const char* key) { return row.result[key].get<std::int64_t>(); };
    table.add({short_model(options, row.model), row.chip, time_text(real("latency_us")),
               three_digits(real("inferences_per_second")), count_text(whole("macs")),
               percent_text(real("utilisation")), bytes_text(whole("peak_sram_bytes")),
               bytes_text(whole("dram_read_bytes") + whole("dram_write_bytes")),
               energy_text(real("energy_pj")), row.result["bound_by"].get<std::string>()});
  }
  return table;
}

/// Chips beside each other, so that names of models keep some width.
constexpr std::size_t kMatrixChips = 7;

/// Latencies side by side: a model a row, the chips [first, last) in columns.
TextTable latency_matrix(const ListOptions& options, const std::vector<Row>& rows,
                         std::size_t first, std::size_t last) {
  std::vector<TextColumn> columns{{.title = "latency", .flexible = true}};
  for (std::size_t c = first; c < last; ++c)
    columns.push_back({.title = options.chips[c].name, .right = true});
  TextTable table(std::move(columns));
  for (std::size_t m = 0; m < options.models.size(); ++m) {
    std::vector<std::string> cells{short_model(options, options.models[m])};
    for (std::size_t c = first; c < last; ++c) {
      const Row& row = rows[m * options.chips.size() + c];
      cells.push_back(row.status == Status::kDone
                          ? time_text(row.result["latency_us"].get<double>())
                          : status_text(row.status));
    }
    table.add(std::move(cells));
  }
  return table;
}

/// Each reason once, with the chips that it holds for.
void print_failures(const std::vector<Row>& rows) {
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (rows[r].status == Status::kDone) continue;
    std::string chips = rows[r].chip;
    std::size_t same = r + 1;
    for (; same < rows.size() && rows[same].model == rows[r].model &&
           rows[same].reason == rows[r].reason && rows[same].status == rows[r].status;
         ++same)
      chips += ", " + rows[same].chip;
    fmt::print("{}\n", wrapped(fmt::format("{} on {} {}: {}", rows[r].model, chips,
                                           status_text(rows[r].status), rows[r].reason),
                               2));
    r = same - 1;
  }
}

void print_tables(const ListOptions& options, const std::vector<Row>& rows) {
  fmt::print("{}", table_of(options, rows).text());
  const std::size_t chips = options.chips.size();
  if (chips > 1 && options.models.size() > 1)
    for (std::size_t c = 0; c < chips; c += kMatrixChips)
      fmt::print("\n{}",
                 latency_matrix(options, rows, c, std::min(chips, c + kMatrixChips)).text());
  print_failures(rows);
}

}  // namespace

std::vector<std::string> read_model_list(const std::string& file) {
  std::ifstream in(file);
  std::error_code ignored;
  if (!in || std::filesystem::is_directory(file, ignored))
    throw Error("{}: cannot be read; give a file with one model a line", file);
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  std::vector<std::string> models;
  std::string line;
  while (std::getline(in, line)) {
    for (std::size_t i = 0; i < line.size(); ++i)
      if (line[i] == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) line.resize(i);
    line.erase(line.find_last_not_of(" \t\r") + 1);
    line.erase(0, std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty()) continue;
    const std::filesystem::path path(line);
    const bool is_path = !line.starts_with("nb201:") &&
                         (line.find('/') != std::string::npos || path.has_extension());
    models.push_back(is_path ? (folder / path).string() : line);
  }
  if (models.empty()) throw Error("{}: names no model; give one a line", file);
  return models;
}

void simulate_list(const ListOptions& options) {
  std::optional<OutputFile> file;
  if (!options.csv.empty() && options.csv != "-") file.emplace(options.csv);
  const std::size_t chips = options.chips.size();
  const std::size_t jobs = options.models.size() * chips;
  std::vector<Row> rows;
  std::string csv = csv_header();
  {
    Progress progress("runs");
    run_jobs(
        jobs, [&](std::size_t job) { return run_one(options, job); },
        [&](std::size_t job, const JobOutcome& outcome) {
          Row row{.model = options.models[job / chips],
                  .chip = options.chips[job % chips].name,
                  .status = outcome.status};
          if (outcome.status == Status::kDone)
            row.result = Json::parse(outcome.text);
          else
            row.reason = outcome.text;
          csv += csv_of(row);
          rows.push_back(std::move(row));
        },
        {.workers = options.workers,
         .seconds_a_job = options.seconds_a_run,
         .progress = [&](std::size_t done, std::size_t total) { progress.show(done, total); }});
  }
  if (file) {
    file->write(csv);
    file->commit();
  }
  if (options.csv == "-")
    fmt::print("{}", csv);
  else
    print_tables(options, rows);
  std::size_t failures = 0;
  for (const Row& row : rows) failures += row.status != Status::kDone;
  std::fflush(stdout);
  if (failures > 0)
    throw Error("{} of {} runs failed{}", failures, jobs,
                options.csv.empty() ? "" : "; the column `reason` says why");
}

}  // namespace presil::cli
