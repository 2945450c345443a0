#include "hw/stalls.h"

#include <algorithm>

#include "core/error.h"
#include "hw/engine_order.h"

namespace presil {

namespace {

/// Walks through one engine's time and hands each interval to `sink(interval)`, in order.
template <typename Sink>
class Walk {
 public:
  Walk(const Program& program, const Timeline& timeline, const EngineOrder& order, Sink& sink)
      : program_(program),
        timeline_(timeline),
        spans_(timeline.spans),
        order_(order),
        critical_(program.commands.size(), kUnknown),
        sink_(sink) {}

  void engine(const std::vector<CommandId>& commands, const EngineUse& name, std::int64_t total) {
    waiter_ = &name;
    at_ = 0;
    std::int64_t in_flight = 0;  // a DMA channel's responses
    for (std::size_t i = 0; i < commands.size(); ++i) {
      const Span& span = span_of(commands[i]);
      if (name.engine == Engine::kDma && in_flight > at_)
        emit(std::min(in_flight, span.start.value), {.busy = true, .command = commands[i - 1]});
      gap(span);
      std::int64_t end = span.end.value;
      if (name.engine == Engine::kDma) {
        in_flight = std::max(in_flight, span.done.value);
        // The next transfer takes over as soon as it starts.
        if (i + 1 < commands.size()) end = std::min(end, span_of(commands[i + 1]).start.value);
      }
      run(span, end);
    }
    if (in_flight > at_) emit(in_flight, {.busy = true, .command = commands.back()});
    emit(total, {.reason = Stall::kIdle});
  }

 private:
  const Span& span_of(CommandId id) const { return spans_[static_cast<std::size_t>(id)]; }

  /// The interval from where the last one ended, if there is anything of it.
  void emit(std::int64_t end, EngineInterval interval) {
    if (end <= at_) return;
    interval.begin = at_;
    interval.end = at_ = end;
    sink_(interval);
  }

  void run(const Span& span, std::int64_t end) {
    const auto stall = [&](Stall reason, std::int64_t limit) {
      const std::int64_t cycles = span.stalled[static_cast<std::size_t>(reason)];
      emit(std::min(limit, at_ + cycles), {.reason = reason, .command = span.command});
    };
    for (const Stall reason : {Stall::kFillDrain, Stall::kWeightLoad, Stall::kBankConflict})
      stall(reason, end);
    const std::int64_t output = span.stalled[static_cast<std::size_t>(Stall::kOutputLimit)];
    emit(end - output, {.busy = true, .command = span.command});
    stall(Stall::kOutputLimit, end);
    emit(end, {.busy = true, .command = span.command});
  }

  CommandId critical(CommandId id) {
    CommandId& found = critical_[static_cast<std::size_t>(id)];
    if (found == kUnknown) found = last_dependency(program_, timeline_, id);
    return found;
  }

  Stall reason_of(const Span& root) const {
    return root.engine == Engine::kDma ? Stall::kDma : Stall::kDependency;
  }

  Stall tail_reason(const Span& root) const {
    const bool own =
        waiter_->engine == Engine::kMac && root.engine == Engine::kMac &&
        program_.commands[static_cast<std::size_t>(root.command)].core == waiter_->core;
    return own ? Stall::kOutputLimit : reason_of(root);
  }

  /// From where the engine is to the start of `next`: collected backwards, emitted forwards.
  void gap(const Span& next) {
    if (next.start.value <= at_) return;
    parts_.clear();
    parts_.push_back({.end = next.start.value, .reason = Stall::kIssue, .root = next.command});
    std::int64_t from = next.ready.value;
    CommandId id = critical(next.command);
    while (from > at_ && id >= 0) {
      const Span& root = span_of(id);
      parts_.push_back({.end = from, .reason = tail_reason(root), .root = id});
      parts_.push_back({.end = root.end.value, .reason = reason_of(root), .root = id});
      if (const CommandId ahead = order_.queued_behind(id); ahead >= 0) {
        from = root.start.value;
        id = ahead;
        continue;
      }
      parts_.push_back({.end = root.issued.value, .reason = Stall::kIssue, .root = id});
      from = root.ready.value;
      id = critical(id);
    }
    EngineInterval merged;
    std::int64_t merged_end = at_;
    for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
      if (part->end <= merged_end) continue;
      if (merged_end > at_ && part->reason != merged.reason) emit(merged_end, merged);
      merged = {.reason = part->reason, .command = next.command, .root = part->root};
      merged_end = std::min(part->end, next.start.value);
    }
    emit(merged_end, merged);
  }

  static constexpr CommandId kUnknown = -2;

  const Program& program_;
  const Timeline& timeline_;
  const std::vector<Span>& spans_;
  const EngineOrder& order_;
  std::vector<CommandId> critical_;  ///< by command: kUnknown until asked for
  Sink& sink_;
  const EngineUse* waiter_ = nullptr;
  std::int64_t at_ = 0;
  std::vector<EngineInterval> parts_;
};

template <typename Start, typename Sink>
void walk_engines(const ChipSpec& chip, const Program& program, const Timeline& timeline,
                  Start&& start, Sink&& sink) {
  const EngineOrder order(chip, program, timeline);
  Walk<std::remove_reference_t<Sink>> walk(program, timeline, order, sink);
  for (std::size_t e = 0; e < order.count(); ++e) {
    const EngineUse name = order.name(e);
    start(name);
    walk.engine(order.commands(e), name, timeline.total.value);
  }
}

void add(EngineUse& use, const EngineInterval& interval, std::int64_t cycles) {
  (interval.busy ? use.busy : use.stalled[static_cast<std::size_t>(interval.reason)]) += cycles;
}

}  // namespace

std::vector<EngineTimeline> engine_timelines(const ChipSpec& chip, const Program& program,
                                             const Timeline& timeline) {
  std::vector<EngineTimeline> engines;
  walk_engines(
      chip, program, timeline,
      [&](const EngineUse& name) {
        engines.push_back({.engine = name.engine, .core = name.core, .lane = name.lane});
      },
      [&](const EngineInterval& interval) { engines.back().intervals.push_back(interval); });
  return engines;
}

void visit_engines(const ChipSpec& chip, const Program& program, const Timeline& timeline,
                   const std::function<void(const EngineUse&)>& start,
                   const std::function<void(const EngineInterval&)>& interval) {
  walk_engines(chip, program, timeline, start, interval);
}

EngineUse use_of(const EngineTimeline& engine, std::int64_t from, std::int64_t to) {
  EngineUse use{.engine = engine.engine, .core = engine.core, .lane = engine.lane};
  auto at =
      std::upper_bound(engine.intervals.begin(), engine.intervals.end(), from,
                       [](std::int64_t cycle, const EngineInterval& i) { return cycle < i.end; });
  for (; at != engine.intervals.end() && at->begin < to; ++at)
    add(use, *at, std::min(at->end, to) - std::max(at->begin, from));
  return use;
}

std::vector<EngineUse> engine_uses(const ChipSpec& chip, const Program& program,
                                   const Timeline& timeline) {
  std::vector<EngineUse> uses;
  std::int64_t end = 0;
  walk_engines(
      chip, program, timeline,
      [&](const EngineUse& name) {
        uses.push_back(name);
        end = 0;
      },
      [&](const EngineInterval& interval) {
        PRESIL_CHECK(interval.begin == end && interval.end > interval.begin,
                     "an engine's time goes from {} to {}..{}", end, interval.begin, interval.end);
        end = interval.end;
        add(uses.back(), interval, interval.length());
      });
  for (const EngineUse& use : uses)
    PRESIL_CHECK(use.sum() == timeline.total.value,
                 "engine {} of core {}: busy and stalled cycles are {}, the run took {}",
                 static_cast<int>(use.engine), use.core, use.sum(), timeline.total.value);
  return uses;
}

}  // namespace presil
