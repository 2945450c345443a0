#pragma once
// Which engine ran what, in which order, and what a command waited for: shared by the stalls and
// by the critical path, so that both tell the same story.

#include <cstddef>
#include <vector>

#include "hw/chip_spec.h"
#include "hw/program.h"
#include "hw/timeline.h"

namespace presil {

/// The commands of each engine in the order in which they started. All arguments outlive it.
class EngineOrder {
 public:
  EngineOrder(const ChipSpec& chip, const Program& program, const Timeline& timeline);

  /// Engines: of each core the MAC array, the vector unit and the DMA channels; the host last.
  std::size_t count() const { return commands_.size(); }
  const std::vector<CommandId>& commands(std::size_t engine) const { return commands_[engine]; }
  /// Which one it is, with nothing counted.
  EngineUse name(std::size_t engine) const;

  /// The command that the same engine ran before, or -1.
  CommandId before(CommandId id) const { return before_[static_cast<std::size_t>(id)]; }
  /// The command ahead of `id` on its engine if `id` had arrived and had to wait for it; else -1.
  CommandId queued_behind(CommandId id) const;

 private:
  std::size_t index(const Program& program, const Span& span) const;

  const std::vector<Span>& spans_;
  std::size_t channels_;
  std::vector<std::vector<CommandId>> commands_;
  std::vector<CommandId> before_;
};

/// Of what `id` depends on, the command that was done last (the lowest of equals), or -1.
CommandId last_dependency(const Program& program, const Timeline& timeline, CommandId id);

}  // namespace presil
