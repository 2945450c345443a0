#include <fmt/format.h>

#include <cstdlib>
#include <memory>

#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/validate_report.h"
#include "core/error.h"
#include "core/output_file.h"
#include "sim/process_pool.h"

namespace presil::cli {

namespace {

struct Options {
  std::string reference, file, chip, model, out;
  bool list_files = false;
  std::int64_t workers = 0;  ///< 0: as many as there are processors
};

/// Reference data and networks: PRESIL_SHARED, else beside the source tree.
std::filesystem::path shared_folder() {
  const char* set = std::getenv("PRESIL_SHARED");
  return set != nullptr ? std::filesystem::path(set)
                        : std::filesystem::path(PRESIL_SOURCE_DIR) / ".." / "shared";
}

Validated validate_file(const Options& options, const ReferenceKind& kind,
                        const std::filesystem::path& file) {
  Validated result{.name = std::string(kind.name), .file = file.filename().string()};
  result.reference = kind.open(file, {.chip = options.chip,
                                      .chips = chips_folder(),
                                      .shared = shared_folder(),
                                      .model = options.model});
  if (result.reference.cases.empty()) throw Error("{}: has no rows to compare", file.string());
  Progress progress("runs");
  result.rows = compare(result.reference,
                        options.workers > 0 ? static_cast<int>(options.workers) : processor_count(),
                        [&](std::size_t done, std::size_t total) { progress.show(done, total); });
  return result;
}

/// The kind's own files; says which are absent.
std::vector<Validated> validate_kind(const Options& options, const ReferenceKind& kind) {
  std::vector<Validated> all;
  for (const std::string& name : kind.files) {
    const std::filesystem::path file = shared_folder() / "validation" / name;
    if (std::filesystem::exists(file))
      all.push_back(validate_file(options, kind, file));
    else
      fmt::print(stderr, "skipped: {} is absent; set PRESIL_SHARED\n", file.string());
  }
  return all;
}

void check(const Options& options) {
  if (options.workers < 0 || options.workers > 1024)
    throw Error("--workers must be 1..1024, is {}", options.workers);
  if (!options.out.empty() && options.reference.empty())
    throw Error("--out takes the rows of one reference; name it: presil validate nvdla --out ...");
  if (!options.chip.empty() && options.reference.empty())
    throw Error("--chip is for one reference; name it: presil validate nvdla --chip ...");
}

void list_files() {
  for (const ReferenceKind& kind : reference_kinds())
    for (const std::string& file : kind.files) fmt::print("{} {}\n", kind.name, file);
}

void validate(const Options& options) {
  check(options);
  if (options.list_files) return list_files();
  std::vector<Validated> all;
  if (options.reference.empty()) {
    for (const ReferenceKind& kind : reference_kinds())
      for (Validated& each : validate_kind(options, kind)) all.push_back(std::move(each));
  } else {
    const ReferenceKind& kind = find_reference_kind(options.reference);
    std::optional<OutputFile> out;
    if (!options.out.empty()) out.emplace(options.out);
    if (options.file.empty())
      all = validate_kind(options, kind);
    else
      all.push_back(validate_file(options, kind, options.file));
    std::vector<ComparedRow> rows;
    for (const Validated& each : all) rows.insert(rows.end(), each.rows.begin(), each.rows.end());
    if (out) {
      out->write(predicted_csv(rows));
      out->commit();
    }
    for (const Validated& each : all) fmt::print("{}\n", report_text(each));
  }
  if (!all.empty() && (options.reference.empty() || all.size() > 1))
    fmt::print("{}", summary_text(all));
}

std::string kinds_text() {
  std::string text = "References:\n";
  for (const ReferenceKind& kind : reference_kinds())
    text += fmt::format("  {:<14} {}\n", kind.name, kind.description);
  return text;
}

constexpr const char* kHelp = R"(
Examples:
  presil validate                              every reference, one table
  presil validate nvdla                        one, with its worst rows
  presil validate nvdla rows.csv --out p.csv   from any file of the same layout)";

}  // namespace

void add_validate_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("validate", "Hold the machine against measurements of real hardware");
  command->add_option("reference", options->reference, "Which kind of measurements; all if absent");
  command->add_option("file", options->file,
                      "CSV of its layout (default: those of PRESIL_SHARED/validation)");
  command->add_option("--chip", options->chip, "Chip name or file (default: the reference's own)");
  command->add_option("--model", options->model,
                      "Network or file that a row file is about (default: by the file's name)");
  command->add_option("--out", options->out, "Also write id,predicted of every row to this file");
  command->add_option("--workers", options->workers,
                      "Processes at once (default: one a processor)");
  command->add_flag("--files", options->list_files,
                    "List the kinds and the files that they run by default, and stop");
  command->footer(kinds_text() + kHelp);
  command->callback([options] { validate(*options); });
}

}  // namespace presil::cli
