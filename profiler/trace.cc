#include "profiler/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "hw/group_windows.h"
#include "hw/stalls.h"
#include "profiler/quantity_text.h"
#include "profiler/report.h"
#include "profiler/trace_events.h"

namespace presil {

namespace {

constexpr int kRunProcess = 1;
constexpr int kFirstCoreProcess = 2;

std::string_view word_of(Traffic traffic) {
  return traffic == Traffic::kSpill ? "activations" : name_of(traffic);
}

/// What a command does, in a few words: "load weights 24.0 KiB".
struct WorkName {
  std::string operator()(const Load& load) const { return moved("load", load.transfer); }
  std::string operator()(const Store& store) const { return moved("store", store.transfer); }
  std::string operator()(const Matrix& matrix) const {
    return fmt::format("{} tile {} outputs x {} positions",
                       matrix.op == MacOp::kDepthwise ? "depthwise" : "matrix",
                       matrix.groups * matrix.outputs, matrix.positions);
  }
  std::string operator()(const Vector& vector) const {
    return fmt::format("vector {} elements", vector.elements);
  }
  std::string operator()(const Host&) const { return "host operator"; }

  static std::string moved(std::string_view verb, const Transfer& transfer) {
    return fmt::format("{} {} {}", verb, word_of(transfer.traffic),
                       bytes_text(transfer.stored_bytes()));
  }
};

/// What else there is to know of a command, as members of a JSON object.
struct WorkArgs {
  const ChipSpec& chip;

  std::string operator()(const Load& load) const { return moved(load.transfer); }
  std::string operator()(const Store& store) const { return moved(store.transfer); }
  std::string operator()(const Matrix& matrix) const {
    const PrecisionMode& mode = chip.mac_array.modes[static_cast<std::size_t>(matrix.mode)];
    return fmt::format(
        R"(,"macs":{},"outputs":{},"positions":{},"channels":{},"taps":{},"groups":{},"precision":"{} x {}")",
        matrix.useful_macs().value, matrix.outputs, matrix.positions, matrix.channels, matrix.taps,
        matrix.groups, name_of(mode.weights), name_of(mode.activations));
  }
  std::string operator()(const Vector& vector) const {
    return fmt::format(R"(,"elements":{},"cycles_per_element":{})", vector.elements,
                       vector.cycles_per_element);
  }
  std::string operator()(const Host&) const { return ""; }

  std::string moved(const Transfer& transfer) const {
    return fmt::format(R"(,"memory":"{}","bytes":{},"sram_bytes":{})",
                       json_escaped(chip.memories[static_cast<std::size_t>(transfer.memory)].name),
                       transfer.stored_bytes(), transfer.bytes());
  }
};

/// Bytes a memory read and wrote in each part of the run.
class RateBins {
 public:
  explicit RateBins(std::int64_t total)
      : cycles_a_bin_(std::max<std::int64_t>(1, ceil_div(total, kTraceBins))),
        read_(static_cast<std::size_t>(ceil_div(total, cycles_a_bin_) + 1)),
        written_(read_.size()) {}

  /// `bytes` evenly over [begin, end).
  void add(bool write, std::int64_t begin, std::int64_t end, std::int64_t bytes) {
    std::vector<double>& bins = write ? written_ : read_;
    const double rate =
        static_cast<double>(bytes) / static_cast<double>(std::max<std::int64_t>(1, end - begin));
    end = std::max(end, begin + 1);
    for (std::int64_t bin = begin / cycles_a_bin_; begin < end; ++bin) {
      const std::int64_t until = std::min(end, (bin + 1) * cycles_a_bin_);
      bins[std::min(static_cast<std::size_t>(bin), bins.size() - 1)] +=
          rate * static_cast<double>(until - begin);
      begin = until;
    }
  }

  void write(TraceEvents& events, std::string_view memory, double clock_mhz) const {
    const double gb_per_s = clock_mhz / 1000 / static_cast<double>(cycles_a_bin_);
    for (std::size_t b = 0; b < read_.size(); ++b) {
      const bool same = b > 0 && read_[b] == read_[b - 1] && written_[b] == written_[b - 1];
      if (same && b + 1 < read_.size()) continue;
      events.counter(kRunProcess, fmt::format("{} GB/s", memory),
                     static_cast<std::int64_t>(b) * cycles_a_bin_,
                     fmt::format(R"("read":{:.3f},"write":{:.3f})", read_[b] * gb_per_s,
                                 written_[b] * gb_per_s));
    }
  }

 private:
  std::int64_t cycles_a_bin_;
  std::vector<double> read_, written_;  ///< bytes
};

class TraceWriter {
 public:
  TraceWriter(std::ostream& out, const TraceSource& source)
      : source_(source),
        events_(out, source.chip.clock_mhz),
        longest_without_arrow_(source.timeline.total.value / kTraceArrows) {
    PRESIL_CHECK(source.group_names.size() == source.program.group_names.size(),
                 "{} names for {} groups", source.group_names.size(),
                 source.program.group_names.size());
    for (const std::string& name : source.group_names) groups_.push_back(json_escaped(name));
  }

  void write() {
    events_.name_process(kRunProcess, json_escaped(source_.title));
    write_groups();
    write_sram();
    write_rates();
    visit_engines(
        source_.chip, source_.program, source_.timeline,
        [&](const EngineUse& engine) { begin_engine(engine); },
        [&](const EngineInterval& interval) { add(interval); });
    end_command();
    events_.finish(fmt::format(R"("run":"{}","clock_mhz":{},"total_cycles":{},"commands":{})",
                               json_escaped(source_.title), source_.chip.clock_mhz,
                               source_.timeline.total.value, source_.program.commands.size()));
  }

 private:
  const Command& command(CommandId id) const {
    return source_.program.commands[static_cast<std::size_t>(id)];
  }
  const Span& span(CommandId id) const {
    return source_.timeline.spans[static_cast<std::size_t>(id)];
  }
  const std::string& group_of(CommandId id) const {
    return groups_[static_cast<std::size_t>(command(id).group)];
  }

  void write_groups() {
    const TraceTrack track{kRunProcess, 1};
    events_.name_thread(track, "fusion groups");
    const std::vector<GroupWindow> windows = group_windows(source_.program, source_.timeline);
    for (std::size_t g = 0; g < windows.size(); ++g)
      events_.slice(track, "group", groups_[g], windows[g].begin, windows[g].end,
                    fmt::format(R"("group":{},"cycles":{})", g + 1, windows[g].length()));
  }

  void write_sram() {
    for (const SramLevel& level : source_.sram)
      events_.counter(kRunProcess, "SRAM in use KiB", level.cycle,
                      fmt::format(R"("KiB":{:.3f})", static_cast<double>(level.bytes) / 1024));
  }

  void write_rates() {
    std::vector<RateBins> rates(source_.chip.memories.size(),
                                RateBins(source_.timeline.total.value));
    for (const Span& each : source_.timeline.spans) {
      const Work& work = command(each.command).work;
      const auto* load = std::get_if<Load>(&work);
      const auto* store = std::get_if<Store>(&work);
      if (load == nullptr && store == nullptr) continue;
      const Transfer& transfer = load != nullptr ? load->transfer : store->transfer;
      rates[static_cast<std::size_t>(transfer.memory)].add(store != nullptr, each.start.value,
                                                           each.end.value, transfer.stored_bytes());
    }
    for (std::size_t m = 0; m < rates.size(); ++m)
      rates[m].write(events_, json_escaped(source_.chip.memories[m].name), source_.chip.clock_mhz);
  }

  TraceTrack track_of(Engine engine, int core, int lane) const {
    const auto channels = static_cast<int>(source_.chip.dma.channels);
    if (engine == Engine::kHost)
      return {kFirstCoreProcess + static_cast<int>(source_.chip.cores), 1};
    const int place = engine == Engine::kMac ? 0 : engine == Engine::kVector ? 1 : 2 + lane;
    PRESIL_CHECK(place < 2 + channels, "DMA channel {} of {}", lane, channels);
    return {kFirstCoreProcess + core, 1 + 2 * place};
  }
  TraceTrack track_of(CommandId id) const {
    return track_of(span(id).engine, command(id).core, span(id).lane);
  }

  void begin_engine(const EngineUse& engine) {
    end_command();
    track_ = track_of(engine.engine, engine.core, engine.lane);
    waits_ = {track_.process, track_.thread + 1};
    standing_ = 0;
    std::string name;
    if (engine.engine == Engine::kHost) {
      if (std::none_of(source_.timeline.spans.begin(), source_.timeline.spans.end(),
                       [](const Span& each) { return each.engine == Engine::kHost; }))
        return;
      events_.name_process(track_.process, "host");
      name = "host CPU";
    } else if (engine.engine == Engine::kMac) {
      events_.name_process(track_.process, fmt::format("core {}", engine.core));
      name = "MAC array";
    } else if (engine.engine == Engine::kVector) {
      name = "vector unit";
    } else {
      name = fmt::format("DMA {}", engine.lane);
    }
    events_.name_thread(track_, name);
    events_.name_thread(waits_, name + " waits");
  }

  void add(const EngineInterval& interval) {
    const bool runs = interval.busy || (interval.root < 0 && interval.command >= 0);
    if (!runs) {
      end_command();
      standing_ += interval.length();
      if (interval.root >= 0) write_wait(interval);
      return;
    }
    if (interval.command != running_) {
      end_command();
      running_ = interval.command;
      begin_ = interval.begin;
    }
    end_ = interval.end;
    if (!interval.busy) stalls_.push_back(interval);
  }

  void write_wait(const EngineInterval& wait) {
    if (!events_.visible(wait.begin, wait.end)) return;
    const Stall reason = wait.reason;
    // Issuing is a wait for the sequencer, not for the command that is being issued.
    const std::string name = reason == Stall::kIssue
                                 ? "issue"
                                 : fmt::format("{}: {}: {}", name_of(reason), group_of(wait.root),
                                               std::visit(WorkName{}, command(wait.root).work));
    events_.slice(waits_, "wait", name, wait.begin, wait.end,
                  fmt::format(R"("reason":"{}","for_command":{},"before_command":{},"cycles":{})",
                              name_of(reason), wait.root, wait.command, wait.length()));
  }

  /// The command that runs is over: its slice, its stalls inside, the arrow to it.
  void end_command() {
    if (running_ < 0) return;
    const CommandId id = running_;
    running_ = -1;
    const std::int64_t stood = std::exchange(standing_, 0);
    if (events_.visible(begin_, end_)) {
      const Command& what = command(id);
      events_.slice(track_, "command",
                    fmt::format("{}: {}", group_of(id), std::visit(WorkName{}, what.work)), begin_,
                    end_,
                    fmt::format(R"("command":{},"group":{},"begin_cycle":{},"cycles":{}{})", id,
                                what.group + 1, begin_, end_ - begin_,
                                std::visit(WorkArgs{source_.chip}, what.work)));
      if (stood > 0 && stood >= longest_without_arrow_) write_arrow(id);
      for (const EngineInterval& stall : stalls_)
        events_.slice(track_, "stall", name_of(stall.reason), stall.begin, stall.end,
                      fmt::format(R"("cycles":{})", stall.length()));
    }
    stalls_.clear();
  }

  void write_arrow(CommandId id) {
    CommandId last = -1;  // of its dependencies
    for (const CommandId before : command(id).dependencies)
      if (last < 0 || span(before).done > span(last).done) last = before;
    if (last < 0 || !events_.visible(span(last).start.value, span(last).end.value)) return;
    const TraceTrack from = track_of(last);
    if (from.process == track_.process && from.thread == track_.thread) return;
    events_.arrow(from, span(last).start.value, track_, begin_);
  }

  const TraceSource& source_;
  TraceEvents events_;
  std::vector<std::string> groups_;  ///< escaped
  std::int64_t longest_without_arrow_;

  // The engine that is being written.
  TraceTrack track_, waits_;
  CommandId running_ = -1;
  std::int64_t begin_ = 0, end_ = 0;    ///< of its slice
  std::vector<EngineInterval> stalls_;  ///< inside
  std::int64_t standing_ = 0;           ///< cycles since the last command
};

}  // namespace

void write_trace(std::ostream& out, const TraceSource& source) { TraceWriter(out, source).write(); }

void write_trace(std::ostream& out, const Report& report) {
  const RunResult& run = report.run;
  TraceSource source{.chip = report.chip,
                     .program = run.compiled.program,
                     .timeline = run.timeline,
                     .title = fmt::format("{} on {}", report.model, run.chip),
                     .group_names = {},
                     .sram = {}};
  const std::vector<std::string> names = short_names(run);
  const std::size_t groups = run.compiled.network.groups.size();
  for (std::size_t g = 0; g < source.program.group_names.size(); ++g)
    source.group_names.push_back(
        g < groups ? names[g]
                   : fmt::format("{} (inference {})", names[g % groups], g / groups + 1));
  source.sram = thinned(memory_profile(report.graph, report.chip, run).levels,
                        static_cast<std::size_t>(kTraceBins));
  write_trace(out, source);
}

}  // namespace presil
