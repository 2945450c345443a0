// What a trace needs beside the run it tells of: a made-up run of many commands (10 million unless
// the first argument says otherwise) is written to nowhere, and the growth of the peak of the
// process's memory is printed. docs/profiling.md has the figures.

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <streambuf>
#include <string>
#include <systemc>

#include "profiler/trace.h"

// libsystemc expects one in every program.
int sc_main(int, char**) { return 0; }

namespace {

using namespace presil;

/// Counts the bytes and drops them.
class Nowhere final : public std::streambuf {
 public:
  std::int64_t bytes = 0;

 private:
  std::streamsize xsputn(const char*, std::streamsize n) override {
    bytes += n;
    return n;
  }
  int overflow(int letter) override {
    ++bytes;
    return letter;
  }
};

/// Of /proc/self/status, in MiB.
double status_mib(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == key + ":") {
      double kib = 0;
      status >> kib;
      return kib / 1024;
    }
  return 0;
}

/// Loads of 4 KiB on two channels, and a matrix after each, every 100 cycles.
void make_run(std::int64_t commands, Program& program, Timeline& timeline) {
  program.group_names = {"first half", "second half"};
  program.commands.reserve(static_cast<std::size_t>(commands));
  timeline.spans.reserve(static_cast<std::size_t>(commands));
  for (std::int64_t i = 0; i < commands; ++i) {
    const bool load = i % 2 == 0;
    const std::int64_t begin = 100 * (i / 2) + (load ? 0 : 150), length = load ? 140 : 90;
    Command command;
    command.group = i < commands / 2 ? 0 : 1;
    if (load)
      command.work = Load{{.run_bytes = 4096, .traffic = Traffic::kWeights}};
    else
      command.work = Matrix{.outputs = 32, .positions = 90, .channels = 64};
    if (!load) command.dependencies = {static_cast<CommandId>(i - 1)};
    program.add(std::move(command));
    Span span{.command = static_cast<CommandId>(i),
              .engine = load ? Engine::kDma : Engine::kMac,
              .lane = load ? static_cast<int>(i / 2 % 2) : 0,
              .ready = Cycles(begin),
              .issued = Cycles(begin),
              .start = Cycles(begin),
              .end = Cycles(begin + length),
              .done = Cycles(begin + length)};
    if (!load) span.stalled[static_cast<std::size_t>(Stall::kWeightLoad)] = 10;
    timeline.total = Cycles(begin + length);
    timeline.spans.push_back(span);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t commands = argc > 1 ? std::atoll(argv[1]) : 10'000'000;
  if (commands < 2 || commands > 100'000'000) {
    fmt::print(stderr, "trace_memory [COMMANDS]: 2 to 100,000,000\n");
    return 2;
  }
  const ChipSpec chip = load_chip(PRESIL_SOURCE_DIR "/chips/ne-base.yaml");
  Program program;
  Timeline timeline;
  make_run(commands, program, timeline);
  const double before = status_mib("VmRSS");
  Nowhere nowhere;
  std::ostream out(&nowhere);
  const auto start = std::chrono::steady_clock::now();
  write_trace(out, {.chip = chip,
                    .program = program,
                    .timeline = timeline,
                    .title = "made up",
                    .group_names = program.group_names,
                    .sram = {}});
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print(
      "{} commands: {:.1f} s, {:.1f} MB of JSON; memory {:.0f} MiB before, {:.0f} MiB more at "
      "most\n",
      commands, seconds, static_cast<double>(nowhere.bytes) * 1e-6, before,
      status_mib("VmHWM") - before);
  return 0;
}
