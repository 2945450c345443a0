// The presil program: parses the command line, runs a subcommand, and turns what was thrown into a
// message and an exit code (0 good, 2 the user's mistake, 70 ours).

#include <fmt/format.h>

#include <systemc>

#include "cli/commands.h"
#include "cli/usage_error.h"
#include "core/error.h"
#include "sim/simulator_version.h"

// libsystemc expects one in every program; ours has a main of its own.
int sc_main(int, char**) { return 0; }

namespace {

constexpr int kUserError = 2;
constexpr int kInternalError = 70;

constexpr const char* kExamples = R"(Examples:
  presil simulate mobilenet_v2 --chip ne-base       how long, and why
  presil simulate net.onnx --chip ne-base --set sram.kib=512
  presil simulate --list models.txt --chip ne-nano --chip ne-base --csv out.csv
  presil sweep mobilenet_v2 --chip ne-base --vary sram.kib=256..4096*2   size a chip
  presil run net.tflite --chip ne-base --input random:1 --compare-reference
  presil compile net.onnx --chip ne-base            groups, tiles, addresses, commands
  presil search mobile_classifier --chip ne-base --objective latency_ms --objective max:macs_m
  presil curate mobile_classifier --chip ne-base    a space's choices that the chip likes
  presil advise net.onnx --chip ne-base             what to change in a network, each edit simulated
  presil models                                     the built-in networks
  presil models net.tflite                          what the importer understood
  presil chips                                      the chips, their arrays and peak rates
  presil validate nvdla                             the machine against RTL cycle counts
`presil COMMAND --help` explains a command. Exit codes: 0 good, 2 yours to mend, 70 our bug.)";

int run(int argc, char** argv) {
  CLI::App app("presil: how will this network run on a chip that does not exist yet?", "presil");
  app.set_version_flag("--version", fmt::format("presil {} (simulator {})", PRESIL_VERSION,
                                                presil::kSimulatorVersion));
  app.require_subcommand(1);
  app.footer(kExamples);
  presil::cli::add_simulate_command(app);
  presil::cli::add_sweep_command(app);
  presil::cli::add_diff_command(app);
  presil::cli::add_fleet_command(app);
  presil::cli::add_run_command(app);
  presil::cli::add_compile_command(app);
  presil::cli::add_search_command(app);
  presil::cli::add_curate_command(app);
  presil::cli::add_advise_command(app);
  presil::cli::add_models_command(app);
  presil::cli::add_chips_command(app);
  presil::cli::add_train_command(app);
  presil::cli::add_estimate_command(app);
  presil::cli::add_compare_command(app);
  presil::cli::add_validate_command(app);
  presil::cli::add_collect_command(app);
  presil::cli::add_merge_command(app);
  presil::cli::add_completion_command(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    fmt::print(stderr, "presil: {}\n",
               presil::cli::usage_error(app, error, argc > 1 ? argv[1] : ""));
    return kUserError;
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
