#pragma once
// What the three kinds of engine share: a queue of issued commands, lowest id first.

#include <functional>
#include <queue>
#include <vector>

#include "hw/data_path.h"
#include "hw/program.h"
#include "hw/sc/clock.h"
#include "hw/sc/sequencer.h"
#include "hw/timeline.h"

namespace presil::sc {

/// What an engine works with; all outlive it.
struct Surroundings {
  const ChipSpec& chip;
  const Program& program;
  Timeline& timeline;
  Sequencer& sequencer;
  DataPath* data = nullptr;  ///< executes the commands; null: they are only timed

  /// To be called when an engine starts a command. (The sequencer says when it is done.)
  void begin(CommandId id) const {
    if (data != nullptr) data->begin(id);
  }
};

/// A queue that an SC_THREAD can wait on. Gives the lowest of the commands that have arrived; in
/// order, only when it is the next of those that will come.
class CommandQueue {
 public:
  /// Makes the queue an ordered one: every command that will be pushed, ascending.
  void expect(CommandId command) { expected_.push(command); }

  void push(CommandId command) {
    queue_.push(command);
    event_.notify(sc_core::SC_ZERO_TIME);
  }
  /// No more commands will come: lets the threads that wait return, so that none is left in the
  /// middle of a function when the kernel is taken down.
  void close() {
    closed_ = true;
    event_.notify(sc_core::SC_ZERO_TIME);
  }
  bool closed() const { return closed_; }
  /// Waits, in an SC_THREAD, for a command that can be taken; false when there will be none.
  bool wait_for_command() const {
    while (empty()) {
      if (closed_) return false;
      sc_core::wait(event_);
    }
    return true;
  }
  /// Nothing can be taken now.
  bool empty() const {
    return queue_.empty() || (!expected_.empty() && expected_.front() != queue_.top());
  }
  CommandId pop() {
    const CommandId command = queue_.top();
    queue_.pop();
    if (!expected_.empty()) expected_.pop();
    return command;
  }
  const sc_core::sc_event& event() const { return event_; }

 private:
  std::priority_queue<CommandId, std::vector<CommandId>, std::greater<>> queue_;
  std::queue<CommandId> expected_;  ///< empty: no order is kept
  sc_core::sc_event event_;
  bool closed_ = false;
};

}  // namespace presil::sc
