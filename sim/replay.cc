#include "sim/replay.h"

#include <algorithm>
#include <queue>

#include "hw/memory_port.h"
#include "hw/output_stage.h"
#include "sim/schedule.h"

namespace presil {

namespace {

/// Something that happens at a time; at the same time what is done comes first, then arrivals.
struct Event {
  enum class Kind : std::uint8_t { kDone, kArrival, kEngine };
  Ticks time;
  Kind kind;
  int index;  ///< step, or engine
  bool operator>(const Event& other) const {
    return std::tie(time, kind, index) > std::tie(other.time, other.kind, other.index);
  }
};

/// The commands that have reached an engine, lowest first; or, in order, all that will.
class Arrived {
 public:
  void expect(int step) { expected_.push(step); }
  void push(int step) { waiting_.push(step); }
  bool empty() const {
    return waiting_.empty() || (!expected_.empty() && expected_.front() != waiting_.top());
  }
  int pop() {
    const int step = waiting_.top();
    waiting_.pop();
    if (!expected_.empty()) expected_.pop();
    return step;
  }

 private:
  std::priority_queue<int, std::vector<int>, std::greater<>> waiting_;
  std::queue<int> expected_;
};

/// A DMA channel's place in a transfer.
struct Channel {
  std::vector<Ticks> window;  ///< when the bursts in flight are done
  std::size_t oldest = 0;
  Ticks next_request = 0, accepted = 0, last_done = 0;
  std::int64_t row = 0, block = 0, at = 0;  ///< run, and byte of the run
};

struct Engine {
  enum class Kind : std::uint8_t { kMac, kVector, kDma };
  Kind kind = Kind::kMac;
  std::size_t queue = 0;
  int step = -1;     ///< that it is at
  bool due = false;  ///< an event will wake it
  Channel channel;
};

class Replay {
 public:
  Replay(const ChipSpec& chip, const Schedule& schedule, std::int64_t cores, double limit)
      : chip_(chip),
        schedule_(schedule),
        limit_(limit * kTicksPerCycle),
        missing_(schedule.steps.size(), 0),
        arrival_(schedule.steps.size(), 0),
        first_dependent_(schedule.steps.size() + 1, 0),
        dependents_(schedule.before.size()),
        sequencer_free_(static_cast<std::size_t>(cores), 0) {
    for (const MemorySpec& memory : chip.memories) ports_.emplace_back(memory);
    streams_ = static_cast<std::size_t>(std::min<std::int64_t>(3, chip.dma.channels));
    for (std::int64_t core = 0; core < cores; ++core) add_core();
    link();
    count();
  }

  /// When all is done; empty when that is beyond the limit.
  std::optional<Ticks> run() {
    start();
    while (!events_.empty() && !hopeless_) {
      const Event event = events_.top();
      events_.pop();
      now_ = event.time;
      switch (event.kind) {
        case Event::Kind::kDone:
          done(event.index);
          break;
        case Event::Kind::kArrival:
          arrive(event.index);
          break;
        case Event::Kind::kEngine:
          engines_[static_cast<std::size_t>(event.index)].due = false;
          work(static_cast<std::size_t>(event.index));
          break;
      }
    }
    if (hopeless_) return {};
    return last_done_;
  }
  std::int64_t bursts() const { return bursts_; }

 private:
  // ---- the machine ----

  std::size_t queues_a_core() const { return 2 + streams_; }

  void add_core() {
    const std::size_t base = queues_.size();
    queues_.resize(base + queues_a_core());
    engines_.push_back({.kind = Engine::Kind::kMac, .queue = base});
    engines_.push_back({.kind = Engine::Kind::kVector, .queue = base + 1});
    outputs_.emplace_back(chip_);
    for (std::int64_t lane = 0; lane < chip_.dma.channels; ++lane) {
      Engine dma{.kind = Engine::Kind::kDma,
                 .queue = base + 2 + std::min(static_cast<std::size_t>(lane), streams_ - 1)};
      dma.channel.window.assign(static_cast<std::size_t>(chip_.dma.outstanding), 0);
      engines_.push_back(std::move(dma));
    }
  }

  /// As the machine's channels are kept (hw/sc/machine.cc).
  std::size_t queue_of(const Step& step) const {
    const std::size_t base = static_cast<std::size_t>(step.core) * queues_a_core();
    switch (step.kind) {
      case Step::Kind::kMatrix:
        return base;
      case Step::Kind::kVector:
        return base + 1;
      case Step::Kind::kStore:
        return base + 2 + (streams_ == 1 ? 0 : streams_ - 1);
      case Step::Kind::kLoad:
        break;
    }
    const bool weights = transfer_of(step).traffic == Traffic::kWeights;
    return base + 2 + (streams_ >= 3 && weights ? 1 : 0);
  }

  const Step& step_at(int id) const { return schedule_.steps[static_cast<std::size_t>(id)]; }
  const Transfer& transfer_of(const Step& step) const {
    return schedule_.transfers[static_cast<std::size_t>(step.work)];
  }

  // ---- the sequencer ----

  void link() {
    int from = 0;
    for (std::size_t id = 0; id < missing_.size(); ++id) {
      const int to = schedule_.steps[id].before;
      missing_[id] = to - from;
      for (; from < to; ++from)
        ++first_dependent_[static_cast<std::size_t>(
                               schedule_.before[static_cast<std::size_t>(from)]) +
                           1];
    }
    for (std::size_t id = 0; id < missing_.size(); ++id)
      first_dependent_[id + 1] += first_dependent_[id];
    std::vector<int> next(first_dependent_.begin(), first_dependent_.end() - 1);
    from = 0;
    for (std::size_t id = 0; id < missing_.size(); ++id)
      for (; from < schedule_.steps[id].before; ++from)
        dependents_[static_cast<std::size_t>(
            next[static_cast<std::size_t>(schedule_.before[static_cast<std::size_t>(from)])]++)] =
            static_cast<int>(id);
  }

  // ---- what is to come at least ----

  struct Left {
    std::vector<double> ports, streams, arrays;  ///< ticks of each port, queue, core
  };

  void count() {
    left_.ports.assign(ports_.size(), 0);
    left_.streams.assign(queues_.size(), 0);
    left_.arrays.assign(outputs_.size(), 0);
    for (const Step& step : schedule_.steps) count(step, 1);
    total_ = left_;
    for (const auto* some : {&left_.ports, &left_.streams, &left_.arrays})
      for (const double ticks : *some) give_up(ticks);
    for (std::size_t core = 0; core < sequencer_free_.size(); ++core) {
      const auto steps = std::count_if(
          schedule_.steps.begin(), schedule_.steps.end(),
          [&](const Step& step) { return static_cast<std::size_t>(step.core) == core; });
      give_up(static_cast<double>(steps * chip_.control.issue_cycles * kTicksPerCycle));
    }
  }

  void count(const Step& step, double times) {
    switch (step.kind) {
      case Step::Kind::kLoad:
      case Step::Kind::kStore: {
        const Transfer& t = transfer_of(step);
        const MemorySpec& memory = chip_.memories[static_cast<std::size_t>(t.memory)];
        const double bytes =
            static_cast<double>(t.stored_bytes()) * kTicksPerCycle / memory.bytes_per_cycle;
        const double requests =
            static_cast<double>(t.runs() * ceil_div(t.stored_run_bytes(), chip_.dma.burst_bytes)) *
            std::max(t.beat_cycles, memory.request_every_cycles) * kTicksPerCycle;
        // Duplex, reads and writes come at once.
        left_.ports[static_cast<std::size_t>(t.memory)] += times * bytes / (memory.duplex ? 2 : 1);
        if (chip_.dma.channels <= 3)  // each stream has one channel
          left_.streams[queue_of(step)] += times * std::max(bytes, requests);
        break;
      }
      case Step::Kind::kMatrix:
        left_.arrays[static_cast<std::size_t>(step.core)] +=
            times * kTicksPerCycle *
            static_cast<double>(
                schedule_.matrices[static_cast<std::size_t>(step.work)].timing.compute.value);
        break;
      case Step::Kind::kVector:
        break;
    }
  }

  void give_up(double least) { hopeless_ = hopeless_ || least > limit_; }

  /// Gives up when what is left takes too long even alone, or when so far it has gone so slowly
  /// that the rest would have to be much faster.
  void judge(double left, double total) {
    const auto now = static_cast<double>(now_);
    give_up(now + left);
    constexpr double kEnough = 0.2, kMuchFaster = 1.25;
    furthest_ = std::max(furthest_, total > 0 ? 1 - left / total : 0);
    if (furthest_ > kEnough) give_up(now / furthest_ / kMuchFaster);
  }

  bool in_order() const { return chip_.control.order == IssueOrder::kInOrder; }

  void start() {
    if (in_order())
      for (std::size_t id = 0; id < missing_.size(); ++id) {
        arrival_[id] = handle(static_cast<int>(id), 0);
        queues_[queue_of(schedule_.steps[id])].expect(static_cast<int>(id));
      }
    for (std::size_t id = 0; id < missing_.size(); ++id)
      if (missing_[id] == 0) make_ready(static_cast<int>(id));
  }

  Ticks handle(int id, Ticks since) {
    Ticks& free = sequencer_free_[static_cast<std::size_t>(step_at(id).core)];
    const std::int64_t setup = started_ ? 0 : chip_.control.layer_setup_cycles;
    started_ = true;
    return free = std::max(free, since) + (chip_.control.issue_cycles + setup) * kTicksPerCycle;
  }

  void make_ready(int id) {
    Ticks& arrival = arrival_[static_cast<std::size_t>(id)];
    arrival = (in_order() ? std::max(arrival, now_) : handle(id, now_)) +
              chip_.control.issue_latency_cycles * kTicksPerCycle;
    events_.push({arrival, Event::Kind::kArrival, id});
  }

  void done(int id) {
    last_done_ = std::max(last_done_, now_);
    const auto i = static_cast<std::size_t>(id);
    for (int d = first_dependent_[i]; d < first_dependent_[i + 1]; ++d) {
      const int next = dependents_[static_cast<std::size_t>(d)];
      if (--missing_[static_cast<std::size_t>(next)] == 0) make_ready(next);
    }
  }

  void arrive(int id) {
    const std::size_t queue = queue_of(step_at(id));
    queues_[queue].push(id);
    for (std::size_t e = 0; e < engines_.size(); ++e)
      if (engines_[e].queue == queue && engines_[e].step < 0 && !engines_[e].due) {
        wake(e, now_);
        break;
      }
  }

  // ---- the engines ----

  void wake(std::size_t engine, Ticks time) {
    engines_[engine].due = true;
    events_.push({time, Event::Kind::kEngine, static_cast<int>(engine)});
  }

  void work(std::size_t index) {
    Engine& engine = engines_[index];
    switch (engine.kind) {
      case Engine::Kind::kMac:
      case Engine::Kind::kVector:
        compute(index);
        break;
      case Engine::Kind::kDma:
        transfer(index);
        break;
    }
  }

  void compute(std::size_t index) {
    Engine& engine = engines_[index];
    engine.step = -1;
    if (queues_[engine.queue].empty()) return;
    const int id = engine.step = queues_[engine.queue].pop();
    const Step& step = step_at(id);
    const Ticks start = round_up_to_cycle(now_);
    if (engine.kind == Engine::Kind::kVector) {
      const Ticks end = start + step.work * kTicksPerCycle;
      events_.push({end, Event::Kind::kDone, id});
      wake(index, end);
      return;
    }
    const auto core = static_cast<std::size_t>(step.core);
    judge(left_.arrays[core], total_.arrays[core]);
    count(step, -1);
    const auto& [matrix, timing] = schedule_.matrices[static_cast<std::size_t>(step.work)];
    const auto [end, done] = outputs_[core].course(start, matrix, timing);
    events_.push({done, Event::Kind::kDone, id});
    wake(index, end);
  }

  void transfer(std::size_t index) {
    Engine& engine = engines_[index];
    Channel& channel = engine.channel;
    while (true) {
      if (engine.step < 0) {
        if (queues_[engine.queue].empty()) return;
        begin(engine);
      }
      const Ticks sent = std::max({channel.next_request, channel.window[channel.oldest], now_});
      if (sent > now_) {
        // What happens before may change what this burst meets.
        if (!events_.empty() && events_.top().time <= sent) {
          wake(index, sent);
          return;
        }
        now_ = sent;
      }
      if (send(engine)) continue;
      events_.push({round_up_to_cycle(channel.last_done), Event::Kind::kDone, engine.step});
      engine.step = -1;
    }
  }

  void begin(Engine& engine) {
    Channel& channel = engine.channel;
    engine.step = queues_[engine.queue].pop();
    const Step& step = step_at(engine.step);
    // Other transfers may be under way: theirs are left out.
    const auto port = static_cast<std::size_t>(transfer_of(step).memory);
    judge(left_.ports[port], total_.ports[port]);
    judge(left_.streams[engine.queue], total_.streams[engine.queue]);
    count(step, -1);
    channel.next_request = std::max({channel.next_request, now_,
                                     arrival_[static_cast<std::size_t>(engine.step)] +
                                         chip_.dma.setup_cycles * kTicksPerCycle});
    channel.last_done = now_;
    channel.row = channel.block = channel.at = 0;
  }

  /// One burst; false when it was the transfer's last.
  bool send(Engine& engine) {
    Channel& channel = engine.channel;
    const Step& step = step_at(engine.step);
    const Transfer& t = transfer_of(step);
    const std::int64_t run = t.stored_run_bytes(), burst = chip_.dma.burst_bytes;
    const std::int64_t address = t.memory_address + channel.row * t.dims[0].memory_stride +
                                 channel.block * t.dims[1].memory_stride + channel.at;
    const std::int64_t bytes = std::min(burst - address % burst, run - channel.at);
    const bool write = step.kind == Step::Kind::kStore;
    BurstTimes times =
        ports_[static_cast<std::size_t>(t.memory)].burst(now_, write, address, bytes);
    ++bursts_;
    // As DmaChannel::send() paces them.
    const MemorySpec& memory = chip_.memories[static_cast<std::size_t>(t.memory)];
    const Ticks beats = memory.beats(address, bytes) * to_ticks(t.beat_cycles);
    channel.next_request = std::max(channel.next_request, times.granted);
    if (write)
      channel.next_request = std::max(channel.next_request, now_ + beats);
    else if (beats > 0)
      times.done = channel.accepted = std::max(times.done, channel.accepted + beats);
    const Ticks done = times.done;
    channel.window[channel.oldest] = done;
    if (++channel.oldest == channel.window.size()) channel.oldest = 0;
    channel.last_done = std::max(channel.last_done, done);
    channel.at += bytes;
    if (channel.at < run) return true;
    channel.at = 0;
    if (++channel.block < t.dims[1].count) return true;
    channel.block = 0;
    return ++channel.row < t.dims[0].count;
  }

  const ChipSpec& chip_;
  const Schedule& schedule_;
  double limit_;                ///< ticks
  std::vector<int> missing_;    ///< of each step: dependencies not yet done
  std::vector<Ticks> arrival_;  ///< of each step at its engine; in order, first when it is decoded
  std::vector<int> first_dependent_, dependents_;
  std::vector<Ticks> sequencer_free_;
  bool started_ = false;
  std::vector<MemoryPort> ports_;
  std::size_t streams_ = 1;
  std::vector<Arrived> queues_;
  std::vector<Engine> engines_;
  std::vector<OutputStage> outputs_;  ///< of each core
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  Ticks now_ = 0, last_done_ = 0;
  bool hopeless_ = false;
  Left left_, total_;
  double furthest_ = 0;  ///< the largest part of any of them that has begun
  std::int64_t bursts_ = 0;
};

}  // namespace

Replayed replay(const Surroundings& around, const FusionGroup& group, const Mapping& mapping,
                const ReplayLimits& limits) {
  const std::optional<Schedule> schedule =
      schedule_of(around, group, mapping, static_cast<std::size_t>(limits.commands));
  if (!schedule) return {{}, limits.commands};
  const auto commands = static_cast<std::int64_t>(schedule->steps.size());
  Replay replay(around.chip, *schedule, mapping.split == CoreSplit::kNone ? 1 : around.chip.cores,
                limits.cycles);
  const std::optional<Ticks> total = replay.run();
  const std::int64_t work = commands + replay.bursts();
  if (!total) return {{}, work};
  return {Price{static_cast<double>(to_cycles_up(*total)), schedule->bytes, commands}, work};
}

}  // namespace presil
