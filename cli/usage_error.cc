#include "cli/usage_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

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

std::vector<std::string> subcommands_of(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    words.push_back(sub->get_name());
  return words;
}

std::vector<std::string> known_words(const CLI::App& app) {
  std::vector<std::string> words = subcommands_of(app);
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  return words;
}

/// The first argument nobody wanted. CLI11 tells them in its message only, the last one first.
std::string extra_argument(const std::string& message) {
  std::istringstream words(message.substr(std::min(message.find(": "), message.size() - 1) + 1));
  std::string word, last;
  while (words >> word) {
    if (word.starts_with('-')) return word;
    last = word;
  }
  return last;
}

/// A near spelling, or the word that this is the beginning of.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& known) {
  std::string near = nearest(word, known);
  constexpr std::size_t kTellingLength = 4;
  if (near.empty() && word.size() >= kTellingLength)
    for (const std::string& longer : known)
      if (longer.starts_with(word)) near = longer;
  return near.empty() ? "" : fmt::format("; did you mean '{}'?", near);
}

}  // namespace

std::string usage_error(const CLI::App& app, const CLI::ParseError& error,
                        const std::string& first) {
  std::string words;
  const CLI::App* command = chosen(app, words);
  const std::string place = command == &app ? "" : command->get_name() + ": ";
  const std::string help = fmt::format("see `{} --help`", words);
  std::string what = error.what();
  what = what.substr(0, what.find('\n'));
  if (command == &app) {
    const std::vector<std::string> known = subcommands_of(app);
    const std::string list = fmt::format("{}", fmt::join(known, ", "));
    if (first.empty()) return fmt::format("a command is missing; known: {}; {}", list, help);
    if (!first.starts_with('-'))
      return fmt::format("unknown command '{}'{}; known: {}", first, did_you_mean(first, known),
                         list);
  }
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError)) {
    const std::string extra = extra_argument(what);
    return fmt::format("{}unexpected argument '{}'{}; {}", place, extra,
                       did_you_mean(extra.substr(0, extra.find('=')), known_words(*command)), help);
  }
  return fmt::format("{}{}; {}", place, what, help);
}

}  // namespace presil::cli
