#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/sink.h"
#include "core/error.h"
#include "profiler/diff.h"
#include "profiler/report_html.h"

namespace presil::cli {

namespace {

constexpr const char* kHelp = R"(Examples:
  presil simulate mobilenet_v2 --chip ne-nano --json a.json
  presil simulate mobilenet_v2 --chip ne-base --json b.json
  presil diff a.json b.json                    totals, which groups changed, by how much, why
  presil diff a.json b.json --csv diff.csv     a row a group
  presil diff a.json b.json --html diff.html   a page for a browser
Groups that are fused differently are compared by the operators that they cover (docs/profiling.md).)";

struct Options {
  std::string a, b, csv, json, html;
  std::int64_t top = 10;
};

void run_diff(const Options& options) {
  if (options.a.empty() || options.b.empty())
    throw Error("diff: give two files of `presil simulate --json`");
  if (options.top < 1) throw Error("--top must be at least 1, is {}", options.top);
  if (options.html == "-") throw Error("--html writes a page to look at: name a file");
  if (!options.html.empty()) require_page();
  if (options.csv == "-" && options.json == "-")
    throw Error("--json and --csv cannot go to stdout together");
  Sink csv(options.csv), json(options.json), html(options.html);
  const Diff diff = diff_of(read_run_document(options.a), read_run_document(options.b));
  if (csv.wanted()) csv.put(diff_csv(diff));
  const Json document = diff_json(diff);
  if (json.wanted()) json.put(json_text(document));
  if (html.wanted()) html.stream([&](std::ostream& out) { write_html(out, document); });
  if (csv.is_stdout() || json.is_stdout()) {
    for (const std::string& warning : diff.warnings) fmt::print(stderr, "warning: {}\n", warning);
    return;
  }
  fmt::print("{}", diff_table(diff, static_cast<std::size_t>(options.top)));
}

}  // namespace

void add_diff_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("diff", "Two runs side by side: what changed, and why");
  command->footer(kHelp);
  command->add_option("a", options->a, "File of `presil simulate --json`");
  command->add_option("b", options->b, "Another");
  command->add_option("--top", options->top, "Groups that changed most")->capture_default_str();
  command->add_option("--csv", options->csv, "A row a group; - is stdout");
  command->add_option("--html", options->html, "The same as a page for a browser");
  command->add_option("--json", options->json, "The same (docs/json_schema.md); - is stdout");
  command->callback([options] { run_diff(*options); });
}

}  // namespace presil::cli
