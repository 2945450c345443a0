#include <fmt/format.h>

#include <csignal>
#include <memory>

#include "cli/commands.h"
#include "core/error.h"
#include "estimator/sample_store.h"

namespace presil::cli {

namespace {

struct Options {
  std::string out;
  std::vector<std::string> parts;
};

void merge(const Options& options) {
  std::signal(SIGXFSZ, SIG_IGN);
  // All of them are looked at before the first is added.
  std::vector<SampleStore> parts;
  for (const std::string& part : options.parts) {
    std::error_code ignored;
    if (std::filesystem::equivalent(part, options.out, ignored))
      throw Error("{}: is both a part and the result; leave it out of the parts", part);
    parts.push_back(SampleStore::open_read_only(part));
  }
  SampleStore store = SampleStore::create_or_open(options.out);
  for (const SampleStore& part : parts) {
    const std::size_t added = store.merge(part);
    fmt::print("{}: {} cases added\n", part.file().string(), added);
  }
  const StoreCounts counts = store.counts();
  fmt::print("{}: {} cases, {} samples\n", options.out, counts.done, counts.rows);
}

}  // namespace

void add_merge_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("merge", "Put databases of samples together");
  command->add_option("out", options->out, "Database to add to; made if it is not there")
      ->required();
  command->add_option("parts", options->parts, "Databases of `presil collect --shard i/n`")
      ->required();
  command->footer("\nExample:\n  presil merge all.db part1.db part2.db");
  command->callback([options] { merge(*options); });
}

}  // namespace presil::cli
