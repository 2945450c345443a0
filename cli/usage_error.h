#pragma once
// What is wrong with a command line, in one line.

#include <CLI/CLI.hpp>
#include <string>

namespace presil::cli {

/// The message for a command line that cannot be parsed: the argument, the nearest word that would
/// do, and where the help is. `first`: the first argument, "" for none.
std::string usage_error(const CLI::App& app, const CLI::ParseError& error,
                        const std::string& first);

}  // namespace presil::cli
