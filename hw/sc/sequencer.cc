#include "hw/sc/sequencer.h"

#include <algorithm>

namespace presil::sc {

Sequencer::Sequencer(const sc_core::sc_module_name& name, const ChipSpec& chip,
                     const Program& program, Timeline& timeline, Dispatch dispatch,
                     Dispatch finished)
    : sc_module(name),
      chip_(chip),
      program_(program),
      timeline_(timeline),
      dispatch_(std::move(dispatch)),
      finished_(std::move(finished)),
      dependents_(program.commands.size()),
      missing_(program.commands.size()),
      group_started_(program.group_names.size(), 0),
      free_(static_cast<std::size_t>(chip.cores), 0) {
  for (std::size_t id = 0; id < program.commands.size(); ++id) {
    missing_[id] = static_cast<int>(program.commands[id].dependencies.size());
    for (const CommandId before : program.commands[id].dependencies)
      dependents_[static_cast<std::size_t>(before)].push_back(static_cast<CommandId>(id));
  }
  if (chip.control.order == IssueOrder::kInOrder)
    for (std::size_t id = 0; id < program.commands.size(); ++id)
      decoded_.push_back(handle(static_cast<CommandId>(id), 0));
  SC_METHOD(step);
  sensitive << event_;
}

void Sequencer::complete_at(CommandId command, Ticks done) { plan({done, false, command}); }

void Sequencer::plan(const Happening& happening) {
  happenings_.push(happening);
  event_.notify(sc_ticks(std::max<Ticks>(0, happenings_.top().time - now())));
}

void Sequencer::step() {
  ++activations_;
  if (activations_ == 1)  // the kernel's initial activation: what depends on nothing starts
    for (std::size_t id = 0; id < missing_.size(); ++id)
      if (missing_[id] == 0) make_ready(static_cast<CommandId>(id));
  while (!happenings_.empty() && happenings_.top().time <= now()) {
    const Happening happening = happenings_.top();
    happenings_.pop();
    if (happening.arrival) {
      dispatch_(happening.command);
      continue;
    }
    const auto id = static_cast<std::size_t>(happening.command);
    missing_[id] = -1;
    if (finished_) finished_(happening.command);
    last_done_ = std::max(last_done_, happening.time);
    for (const CommandId next : dependents_[id])
      if (--missing_[static_cast<std::size_t>(next)] == 0) make_ready(next);
  }
  if (!happenings_.empty()) event_.notify(sc_ticks(happenings_.top().time - now()));
}

void Sequencer::make_ready(CommandId command) {
  const Ticks handled = chip_.control.order == IssueOrder::kInOrder
                            ? std::max(decoded_[static_cast<std::size_t>(command)], now())
                            : handle(command, now());
  const Ticks arrival = handled + chip_.control.issue_latency_cycles * kTicksPerCycle;
  Span& span = timeline_.spans[static_cast<std::size_t>(command)];
  span.ready = Cycles(to_cycles_up(now()));
  span.issued = Cycles(to_cycles_up(arrival));
  plan({arrival, true, command});
}

Ticks Sequencer::handle(CommandId command, Ticks since) {
  const Command& c = program_.commands[static_cast<std::size_t>(command)];
  Ticks& free = free_[static_cast<std::size_t>(c.core)];
  char& started = group_started_[static_cast<std::size_t>(c.group)];
  const std::int64_t setup = started ? 0 : chip_.control.layer_setup_cycles;
  started = 1;
  return free = std::max(free, since) + (chip_.control.issue_cycles + setup) * kTicksPerCycle;
}

std::vector<CommandId> Sequencer::waiting() const {
  std::vector<CommandId> result;
  for (std::size_t id = 0; id < missing_.size(); ++id)
    if (missing_[id] >= 0) result.push_back(static_cast<CommandId>(id));
  return result;
}

}  // namespace presil::sc
