#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "cli/commands.h"
#include "core/error.h"
#include "models/import.h"

namespace presil::cli {

namespace {

constexpr const char* kHelp = R"(Examples:
  source <(presil completion bash)       in this shell; put it in ~/.bashrc for all)";

/// Words that may follow a (sub)command: its subcommands and the long names of its options.
std::vector<std::string> words_of(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    words.push_back(sub->get_name());
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  return words;
}

bool has_positional(const CLI::App& app, const std::string& name) {
  const auto options = app.get_options();
  return std::any_of(options.begin(), options.end(), [&](const CLI::Option* option) {
    return option->get_positional() && option->get_single_name() == name;
  });
}

/// The case line of one subcommand, and of those below it.
std::string cases_of(const CLI::App& app) {
  std::string words = fmt::format("{}", fmt::join(words_of(app), " "));
  if (has_positional(app, "model")) words += " $models";
  if (has_positional(app, "chip")) words += " $chips";
  std::string cases = fmt::format("      {}) words=\"{}\" ;;\n", app.get_name(), words);
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    cases += cases_of(*sub);
  return cases;
}

constexpr const char* kScript =
    R"(# bash completion of presil; use: source <(presil completion bash)
_presil() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} words= i
  local chips="{chips}"
  local models="{models}"
  case $before in
    --chip) words=$chips ;;
    --inference) words="first steady" ;;
    --precision) words="int4 int8 int16 fp16 bf16 w4a8 w8a16" ;;
    --json|--csv|--html|--report|--trace|--list|--area|--cpu|--vary|--precision-map|--mapping) ;;
    *) for ((i = COMP_CWORD - 1; i >= 0; --i)); do
      case ${{COMP_WORDS[i]}} in
{cases}      esac
      [ -n "$words" ] && break
    done
    [ -z "$words" ] && words="{commands}" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
# What is none of these is a file.
complete -o default -F _presil presil
)";

std::string bash_script(const CLI::App& app) {
  std::vector<std::string> models;
  for (const BuiltinInfo& info : builtin_networks()) models.push_back(info.name);
  std::string cases;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    cases += cases_of(*command);
  return fmt::format(kScript, fmt::arg("chips", fmt::join(chip_names(), " ")),
                     fmt::arg("models", fmt::join(models, " ")), fmt::arg("cases", cases),
                     fmt::arg("commands", fmt::join(words_of(app), " ")));
}

}  // namespace

void add_completion_command(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print a script that completes words");
  command->footer(kHelp);
  command->add_option("shell", *shell, "bash")->required();
  command->callback([shell, &app] {
    if (*shell != "bash") throw Error("completion: no script for shell '{}'; known: bash", *shell);
    fmt::print("{}", bash_script(app));
  });
}

}  // namespace presil::cli
