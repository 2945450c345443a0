#include "profiler/attribution.h"

#include <cmath>

#include "core/error.h"

namespace presil {

namespace {

std::size_t index(Stall reason) { return static_cast<std::size_t>(reason); }

LaneFill scaled(const LaneFill& fill, double by) {
  return {.offered = fill.offered * by,
          .useful = fill.useful * by,
          .depthwise = fill.depthwise * by,
          .positions = fill.positions * by,
          .channels = fill.channels * by,
          .taps = fill.taps * by,
          .outputs = fill.outputs * by};
}

void add(LaneFill& sum, const LaneFill& fill) {
  sum.offered += fill.offered;
  sum.useful += fill.useful;
  sum.depthwise += fill.depthwise;
  sum.positions += fill.positions;
  sum.channels += fill.channels;
  sum.taps += fill.taps;
  sum.outputs += fill.outputs;
}

void add(MacSlots& sum, const MacSlots& slots) {
  sum.peak += slots.peak;
  sum.done += slots.done;
  sum.recompute += slots.recompute;
  add(sum.lanes, slots.lanes);
  for (std::size_t s = 0; s < kStallCount; ++s) sum.stalled[s] += slots.stalled[s];
}

void add(EngineUse& sum, const EngineInterval& interval, std::int64_t cycles) {
  (interval.busy ? sum.busy : sum.stalled[index(interval.reason)]) += cycles;
}

/// Cuts the engines' time at the groups' windows.
class Attributor {
 public:
  Attributor(const ChipSpec& chip, const RunResult& run)
      : chip_(chip), run_(run), program_(run.compiled.program) {
    const std::vector<GroupWindow> windows = group_windows(program_, run.timeline);
    result_.groups.resize(run.compiled.network.groups.size());
    for (std::size_t g = 0; g < result_.groups.size(); ++g) {
      GroupAttribution& group = result_.groups[g];
      group.window = windows[g];
      for (std::size_t e = 0; e < kEngineCount; ++e)
        group.engines[e].engine = static_cast<Engine>(e);
    }
  }

  Attribution attribute() {
    for (const EngineTimeline& engine : engine_timelines(chip_, program_, run_.timeline))
      add_engine(engine);
    for (std::size_t g = 0; g < result_.groups.size(); ++g) {
      MacSlots& slots = result_.groups[g].slots;
      check(slots, run_.groups[g].name);
      slots.overlap = static_cast<double>(run_.groups[g].macs.value) - slots.done;
      add(result_.slots, slots);
    }
    return std::move(result_);
  }

 private:
  void add_engine(const EngineTimeline& engine) {
    std::size_t g = 0;
    for (const EngineInterval& interval : engine.intervals) {
      std::int64_t at = interval.begin;
      while (at < interval.end) {
        while (g < result_.groups.size() && result_.groups[g].window.end <= at) ++g;
        if (g == result_.groups.size()) return;  // later inferences
        const std::int64_t end = std::min(interval.end, result_.groups[g].window.end);
        GroupAttribution& group = result_.groups[g];
        add(group.engines[static_cast<std::size_t>(engine.engine)], interval, end - at);
        if (engine.engine == Engine::kMac) add_slots(group.slots, g, interval, end - at);
        at = end;
      }
    }
  }

  void add_slots(MacSlots& slots, std::size_t g, const EngineInterval& interval,
                 std::int64_t cycles) {
    const auto length = static_cast<double>(cycles);
    if (!interval.busy) {
      // Inside a command the array is in that command's mode.
      const double rate = runs(interval) ? rate_of(mode_of(interval.command)) : rate_of_group(g);
      slots.stalled[index(interval.reason)] += length * rate;
      slots.peak += length * rate;
      return;
    }
    const auto& command = program_.commands[static_cast<std::size_t>(interval.command)];
    const LaneFill& fill = fill_of(interval.command);
    const LaneFill part = scaled(fill, length / busy_cycles(interval.command));
    const double useful = useful_share(static_cast<std::size_t>(command.group));
    slots.done += part.useful * useful;
    slots.recompute += part.useful * (1 - useful);
    add(slots.lanes, part);
    const double given = length * rate_of(mode_of(interval.command));
    slots.peak += given;
    // Where the SRAM slowed the command down, its whole cycles are counted one up or down.
    slots.stalled[index(Stall::kBankConflict)] += given - part.offered;
  }

  /// Does a stalled interval lie inside its command, not before it?
  bool runs(const EngineInterval& interval) const {
    return interval.command >= 0 && interval.root < 0;
  }

  int mode_of(CommandId id) const {
    return std::get<Matrix>(program_.commands[static_cast<std::size_t>(id)].work).mode;
  }
  /// Of one core.
  double rate_of(int mode) const {
    return peak_macs_per_cycle(chip_, mode) / static_cast<double>(chip_.cores);
  }
  double rate_of_group(std::size_t g) const {
    for (const Stage& stage : run_.compiled.network.groups[g].stages)
      if (stage.kind == StageKind::kMac || stage.kind == StageKind::kRecurrent)
        return rate_of(stage.mode);
    return rate_of(0);
  }

  /// Commands come in the order of their intervals, each several times at most.
  const LaneFill& fill_of(CommandId id) {
    if (id != filled_) {
      fill_ =
          lane_fill(chip_, std::get<Matrix>(program_.commands[static_cast<std::size_t>(id)].work));
      filled_ = id;
    }
    return fill_;
  }

  double busy_cycles(CommandId id) const {
    const Span& span = run_.timeline.spans[static_cast<std::size_t>(id)];
    std::int64_t cycles = (span.end - span.start).value;
    for (const std::int64_t stalled : span.stalled) cycles -= stalled;
    return static_cast<double>(cycles);
  }

  double useful_share(std::size_t g) const {
    if (g >= run_.groups.size() || run_.groups[g].macs_executed.value == 0) return 1;
    return static_cast<double>(run_.groups[g].macs.value) /
           static_cast<double>(run_.groups[g].macs_executed.value);
  }

  static void check(const MacSlots& slots, const std::string& name) {
    double sum = slots.done + slots.recompute + slots.lanes.lost();
    for (const double stalled : slots.stalled) sum += stalled;
    PRESIL_CHECK(std::abs(sum - slots.peak) <= 1e-9 * slots.peak + 1e-6,
                 "{}: {} multiply-accumulate slots are accounted for of {}", name, sum, slots.peak);
  }

  const ChipSpec& chip_;
  const RunResult& run_;
  const Program& program_;
  CommandId filled_ = -1;
  LaneFill fill_;
  Attribution result_;
};

}  // namespace

double MacSlots::pipeline() const {
  double sum = 0;
  for (std::size_t s = 0; s < kStallCount; ++s) sum += stalled[s];
  return sum - memory() - idle();
}

UtilisationFactors factors_of(const MacSlots& slots) {
  double left = slots.peak;
  const auto factor = [&](double loss) {
    if (left <= 0) return 1.0;
    const double before = left;
    left -= loss;
    return left / before;
  };
  UtilisationFactors factors;
  factors.memory = factor(slots.memory());
  factors.idle = factor(slots.idle());
  factors.pipeline = factor(slots.pipeline());
  factors.lanes = factor(slots.lanes.lost());
  factors.recompute = factor(slots.recompute);
  return factors;
}

Attribution attribute(const ChipSpec& chip, const RunResult& run) {
  return Attributor(chip, run).attribute();
}

}  // namespace presil
