#include "hw/critical_path.h"

#include <algorithm>

#include "core/error.h"
#include "hw/engine_order.h"

namespace presil {

namespace {

/// Collects the steps from the end of the run to its start.
class BackwardPath {
 public:
  BackwardPath(const Program& program, const Timeline& timeline)
      : program_(program), spans_(timeline.spans), at_(timeline.total.value) {}

  std::int64_t at() const { return at_; }

  /// The time from `from` to where the path is, if there is any of it.
  void add(std::int64_t from, CommandId command, bool busy, Stall reason = Stall::kIssue) {
    from = std::max<std::int64_t>(from, 0);
    if (from >= at_) return;
    PathStep step{.begin = from, .end = at_, .command = command, .busy = busy, .reason = reason};
    if (command >= 0) {
      step.engine = spans_[static_cast<std::size_t>(command)].engine;
      step.core = program_.commands[static_cast<std::size_t>(command)].core;
    }
    steps_.push_back(step);
    at_ = from;
  }

  /// A command's results on their way, then its own time.
  void add_command(const Span& span) {
    if (span.engine == Engine::kDma)
      add(span.end.value, span.command, true);
    else
      add(span.end.value, span.command, false, Stall::kOutputLimit);
    std::int64_t ahead = span.start.value;
    for (const Stall reason : kBefore) ahead += stalled(span, reason);
    add(span.end.value - stalled(span, Stall::kOutputLimit), span.command, false,
        Stall::kOutputLimit);
    add(ahead, span.command, true);
    for (auto reason = std::rbegin(kBefore); reason != std::rend(kBefore); ++reason) {
      ahead -= stalled(span, *reason);
      add(ahead, span.command, false, *reason);
    }
  }

  std::vector<PathStep> forwards() {
    std::reverse(steps_.begin(), steps_.end());
    return std::move(steps_);
  }

 private:
  static constexpr Stall kBefore[] = {Stall::kFillDrain, Stall::kWeightLoad, Stall::kBankConflict};

  static std::int64_t stalled(const Span& span, Stall reason) {
    return span.stalled[static_cast<std::size_t>(reason)];
  }

  const Program& program_;
  const std::vector<Span>& spans_;
  std::int64_t at_;
  std::vector<PathStep> steps_;
};

CommandId done_last(const Timeline& timeline) {
  const auto last = std::max_element(timeline.spans.begin(), timeline.spans.end(),
                                     [](const Span& a, const Span& b) { return a.done < b.done; });
  return last == timeline.spans.end() ? -1 : last->command;
}

}  // namespace

std::vector<PathStep> critical_path(const ChipSpec& chip, const Program& program,
                                    const Timeline& timeline) {
  const EngineOrder order(chip, program, timeline);
  BackwardPath path(program, timeline);
  CommandId id = done_last(timeline);
  if (id >= 0)
    path.add(timeline.spans[static_cast<std::size_t>(id)].done.value, -1, false, Stall::kIssue);
  while (id >= 0 && path.at() > 0) {
    const Span& span = timeline.spans[static_cast<std::size_t>(id)];
    path.add_command(span);
    if (const CommandId ahead = order.queued_behind(id); ahead >= 0) {
      id = ahead;
      continue;
    }
    path.add(span.ready.value, id, false, Stall::kIssue);
    const CommandId before = last_dependency(program, timeline, id);
    // Times are whole cycles: a dependency's end and this one's readiness may be rounded apart.
    if (before >= 0)
      path.add(timeline.spans[static_cast<std::size_t>(before)].done.value, id, false,
               Stall::kIssue);
    id = before;
  }
  path.add(0, -1, false, Stall::kIssue);
  std::vector<PathStep> steps = path.forwards();
  std::int64_t at = 0;
  for (const PathStep& step : steps) {
    PRESIL_CHECK(step.begin == at, "the critical path has a gap from {} to {}", at, step.begin);
    at = step.end;
  }
  PRESIL_CHECK(at == timeline.total.value, "the critical path ends at {} of {}", at,
               timeline.total.value);
  return steps;
}

}  // namespace presil
