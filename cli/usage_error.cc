#include "cli/usage_error.h"

#include <fmt/format.h>

#include "core/error.h"

namespace presil::cli {

namespace {

/// The subcommand that was being read, and what to type for it.
const CLI::App* chosen(const CLI::App& app, std::string& words) {
  words = app.get_name();
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    words += " " + at->get_name();
  }
  return at;
}

std::vector<std::string> known_words(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    words.push_back(sub->get_name());
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  return words;
}

/// The first argument nobody wanted.
std::string extra_argument(const CLI::App& app) {
  const std::vector<std::string> extras = app.remaining(true);
  return extras.empty() ? "" : extras.front();
}

}  // namespace

std::string usage_error(const CLI::App& app, const CLI::ParseError& error) {
  std::string words;
  const CLI::App* command = chosen(app, words);
  const std::string help = fmt::format("see `{} --help`", words);
  const std::string extra = extra_argument(app);
  if (error.get_name() == "ExtrasError" && !extra.empty()) {
    const std::string near = nearest(extra.substr(0, extra.find('=')), known_words(*command));
    return fmt::format("{}: unexpected argument '{}'{}; {}", words, extra,
                       near.empty() ? "" : fmt::format(", did you mean '{}'?", near), help);
  }
  std::string what = error.what();
  what = what.substr(0, what.find('\n'));
  return fmt::format("{}: {}; {}", words, what, help);
}

}  // namespace presil::cli
