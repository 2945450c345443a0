#pragma once
// Issues commands when their dependencies are met.

#include <functional>
#include <queue>
#include <vector>

#include "hw/chip_spec.h"
#include "hw/program.h"
#include "hw/sc/clock.h"
#include "hw/timeline.h"

namespace presil::sc {

/// One SC_METHOD and a queue of what will happen when: commands done (which may make others ready)
/// and commands that reach their engine. A sequencer a core is busy `issue_cycles` with
/// each command; `issue_latency_cycles` more pass before the engine sees it. Ready first: it
/// handles a command when it is ready. In order: it decodes ahead, in the order of the program.
class Sequencer final : public sc_core::sc_module {
 public:
  /// Hands a command to its engine; or tells that it is done, before anything that waits for it
  /// becomes ready.
  using Dispatch = std::function<void(CommandId)>;

  SC_HAS_PROCESS(Sequencer);
  Sequencer(const sc_core::sc_module_name& name, const ChipSpec& chip, const Program& program,
            Timeline& timeline, Dispatch dispatch, Dispatch finished = {});

  /// To be called by an engine, not later than `done`.
  void complete_at(CommandId command, Ticks done);
  /// Commands that have not completed, ascending; empty after a good run.
  std::vector<CommandId> waiting() const;
  Ticks last_done() const { return last_done_; }
  std::int64_t activations() const { return activations_; }

 private:
  struct Happening {
    Ticks time;
    bool arrival;  ///< at the engine; else: done
    CommandId command;
    bool operator>(const Happening& other) const {
      return std::tie(time, arrival, command) > std::tie(other.time, other.arrival, other.command);
    }
  };

  void step();
  void make_ready(CommandId command);
  /// The core's sequencer is busy with a command, from `since` at the earliest; gives until when.
  Ticks handle(CommandId command, Ticks since);
  void plan(const Happening& happening);

  const ChipSpec& chip_;
  const Program& program_;
  Timeline& timeline_;
  Dispatch dispatch_, finished_;
  std::vector<std::vector<CommandId>> dependents_;
  std::vector<int> missing_;  ///< dependencies not yet done; -1: done itself
  std::vector<char> group_started_;
  std::vector<Ticks> free_;     ///< each core's sequencer
  std::vector<Ticks> decoded_;  ///< in order: when each command has been handled
  std::priority_queue<Happening, std::vector<Happening>, std::greater<>> happenings_;
  sc_core::sc_event event_;
  Ticks last_done_ = 0;
  std::int64_t activations_ = 0;
};

}  // namespace presil::sc
