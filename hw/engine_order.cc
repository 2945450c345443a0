#include "hw/engine_order.h"

#include <algorithm>

namespace presil {

EngineOrder::EngineOrder(const ChipSpec& chip, const Program& program, const Timeline& timeline)
    : spans_(timeline.spans),
      channels_(static_cast<std::size_t>(chip.dma.channels)),
      commands_(static_cast<std::size_t>(chip.cores) * (2 + channels_) + 1) {
  std::vector<std::size_t> counts(commands_.size(), 0);
  for (const Span& span : spans_) ++counts[index(program, span)];
  for (std::size_t e = 0; e < counts.size(); ++e) commands_[e].reserve(counts[e]);
  for (const Span& span : spans_) commands_[index(program, span)].push_back(span.command);
  const auto earlier = [&](CommandId a, CommandId b) {
    const Cycles start_a = spans_[static_cast<std::size_t>(a)].start;
    const Cycles start_b = spans_[static_cast<std::size_t>(b)].start;
    return start_a != start_b ? start_a < start_b : a < b;
  };
  for (std::vector<CommandId>& list : commands_)
    if (!std::is_sorted(list.begin(), list.end(), earlier))
      std::sort(list.begin(), list.end(), earlier);
  before_.assign(spans_.size(), -1);
  for (const std::vector<CommandId>& list : commands_)
    for (std::size_t i = 1; i < list.size(); ++i)
      before_[static_cast<std::size_t>(list[i])] = list[i - 1];
}

EngineUse EngineOrder::name(std::size_t engine) const {
  if (engine + 1 == commands_.size()) return {.engine = Engine::kHost};
  const int core = static_cast<int>(engine / (2 + channels_));
  const std::size_t place = engine % (2 + channels_);
  if (place == 0) return {.engine = Engine::kMac, .core = core};
  if (place == 1) return {.engine = Engine::kVector, .core = core};
  return {.engine = Engine::kDma, .core = core, .lane = static_cast<int>(place - 2)};
}

CommandId EngineOrder::queued_behind(CommandId id) const {
  const Span& span = spans_[static_cast<std::size_t>(id)];
  const CommandId ahead = before(id);
  if (ahead < 0 || span.start <= span.issued) return -1;
  const Span& other = spans_[static_cast<std::size_t>(ahead)];
  return other.start < span.start && other.end >= span.start ? ahead : -1;
}

std::size_t EngineOrder::index(const Program& program, const Span& span) const {
  const auto core =
      static_cast<std::size_t>(program.commands[static_cast<std::size_t>(span.command)].core);
  switch (span.engine) {
    case Engine::kMac:
      return core * (2 + channels_);
    case Engine::kVector:
      return core * (2 + channels_) + 1;
    case Engine::kDma:
      return core * (2 + channels_) + 2 + static_cast<std::size_t>(span.lane);
    case Engine::kHost:
      return commands_.size() - 1;
  }
  return 0;
}

CommandId last_dependency(const Program& program, const Timeline& timeline, CommandId id) {
  CommandId found = -1;
  Cycles done;
  for (const CommandId before : program.commands[static_cast<std::size_t>(id)].dependencies) {
    const Cycles its = timeline.spans[static_cast<std::size_t>(before)].done;
    if (found < 0 || its > done) {
      found = before;
      done = its;
    }
  }
  return found;
}

}  // namespace presil
