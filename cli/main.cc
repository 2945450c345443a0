// The presil program: parses the command line, runs a subcommand, and turns what was thrown into a
// message and an exit code (0 good, 2 the user's mistake, 70 ours).

#include <fmt/format.h>

#include <systemc>

#include "cli/commands.h"
#include "core/error.h"

// libsystemc expects one in every program; ours has a main of its own.
int sc_main(int, char**) { return 0; }

namespace {

constexpr int kUserError = 2;
constexpr int kInternalError = 70;

constexpr const char* kExamples = R"(Examples:
  presil chips                        list the chips, their arrays and peak rates
  presil chips nvdla-full             everything one chip file says, resolved
  presil validate nvdla FILE.csv      the machine against RTL cycle counts)";

int run(int argc, char** argv) {
  CLI::App app("presil: how will this network run on a chip that does not exist yet?", "presil");
  app.set_version_flag("--version", "presil " PRESIL_VERSION);
  app.require_subcommand(1);
  app.footer(kExamples);
  presil::cli::add_chips_command(app);
  presil::cli::add_validate_command(app);
  presil::cli::add_simulate_command(app);
  presil::cli::add_compile_command(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUserError;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    // The kernel's greeting belongs to no result of ours.
    setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
    return run(argc, argv);
  } catch (const presil::Error& error) {
    fmt::print(stderr, "presil: {}\n", error.what());
    return kUserError;
  } catch (const std::exception& error) {
    fmt::print(stderr, "presil: internal error: {}\nPlease report this with the command line.\n",
               error.what());
    return kInternalError;
  }
}
