#include "profiler/timeline_overview.h"

#include <algorithm>
#include <map>

#include "profiler/report.h"

namespace presil {

namespace {

int state_of(const EngineInterval& interval) {
  return interval.busy ? 0 : 1 + static_cast<int>(interval.reason);
}

/// Joins what is too short to be seen.
class Thinner {
 public:
  Thinner(std::int64_t shortest, std::vector<OverviewInterval>& out)
      : shortest_(shortest), out_(out) {}

  void add(const OverviewInterval& interval) {
    if (interval.end - interval.begin >= shortest_) {
      flush();
      emit(interval);
      return;
    }
    if (pending_.empty()) begin_ = interval.begin;
    end_ = interval.end;
    pending_[{interval.group, interval.state}] += interval.end - interval.begin;
    if (end_ - begin_ >= shortest_) flush();
  }

  void flush() {
    if (pending_.empty()) return;
    const auto most =
        std::max_element(pending_.begin(), pending_.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    const auto [group, state] = most->first;
    emit({begin_, end_, group, state});
    pending_.clear();
  }

 private:
  void emit(const OverviewInterval& interval) {
    if (!out_.empty() && out_.back().group == interval.group && out_.back().state == interval.state)
      out_.back().end = interval.end;
    else
      out_.push_back(interval);
  }

  std::int64_t shortest_;
  std::vector<OverviewInterval>& out_;
  std::map<std::pair<int, int>, std::int64_t> pending_;  ///< cycles by group and state
  std::int64_t begin_ = 0, end_ = 0;
};

}  // namespace

std::vector<OverviewEngine> overview(const ChipSpec& chip, const RunResult& run, std::size_t most) {
  const std::int64_t shortest = run.timeline.total.value / static_cast<std::int64_t>(most) + 1;
  std::vector<OverviewEngine> engines;
  for (const EngineTimeline& timeline :
       engine_timelines(chip, run.compiled.program, run.timeline)) {
    OverviewEngine& engine = engines.emplace_back(
        OverviewEngine{.engine = timeline.engine, .core = timeline.core, .lane = timeline.lane});
    Thinner thinner(shortest, engine.intervals);
    for (const EngineInterval& interval : timeline.intervals)
      thinner.add(
          {interval.begin, interval.end,
           interval.command < 0
               ? -1
               : run.compiled.program.commands[static_cast<std::size_t>(interval.command)].group,
           state_of(interval)});
    thinner.flush();
  }
  return engines;
}

Json json_of(const std::vector<OverviewEngine>& engines) {
  Json states = Json::array({"busy"});
  for (int s = 0; s < kStallCount; ++s) states.push_back(name_of(static_cast<Stall>(s)));
  Json list = Json::array();
  for (const OverviewEngine& engine : engines) {
    Json intervals = Json::array();
    for (const OverviewInterval& i : engine.intervals)
      intervals.push_back(Json::array({i.begin, i.end, i.group, i.state}));
    list.push_back({{"engine", name_of(engine.engine)},
                    {"core", engine.core},
                    {"lane", engine.lane},
                    {"intervals", intervals}});
  }
  return {{"states", states}, {"engines", list}};
}

}  // namespace presil
