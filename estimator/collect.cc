#include "estimator/collect.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <sstream>

#include "core/error.h"
#include "estimator/sample_bytes.h"
#include "sim/process_pool.h"
#include "sim/simulator_version.h"

namespace presil {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kJobsAtOnce = 2048;  ///< workers start anew now and then
constexpr std::size_t kBatch = 256;
constexpr std::chrono::seconds kBatchAge{1};
/// Refinement round r draws from index r * kRound on.
constexpr std::size_t kRound = 10'000'000;

StoredCase failed_case(const CaseSource& source, std::size_t index, std::string reason) {
  const CaseFamily& family = source.family_of(index);
  StoredCase stored{.case_id = source.id(index), .failed = true, .reason = std::move(reason)};
  stored.sample.simulator_version = kSimulatorVersion;
  stored.sample.family = std::string(family.name);
  stored.sample.level = family.level;
  return stored;
}

/// In a worker.
StoredCase simulate_case(const CaseSource& source, std::size_t index) {
  const DrawnCase drawn = source.draw(index);
  if (!drawn.graph)
    return failed_case(source, index, "no case of the family within the plan's ranges was found");
  StoredCase stored;
  try {
    stored.sample = sample_case(*drawn.graph, *drawn.chip, drawn.options, drawn.family->level,
                                std::string(drawn.family->name));
    stored.case_id = source.id(index);
  } catch (const Error& error) {
    stored = failed_case(source, index, error.what());
    stored.sample.graph_hash = drawn.graph->hash();
    stored.sample.chip_hash = drawn.chip->hash();
    stored.sample.chip = drawn.chip->name;
  }
  stored.pair = drawn.pair;
  stored.options = drawn.options_text;
  return stored;
}

/// Runs cases and adds them to the store by and by.
class Collector {
 public:
  Collector(const CaseSource& source, SampleStore& store, const CollectOptions& options)
      : source_(source), store_(store), options_(options) {}

  Collected run(const std::vector<std::size_t>& indices) {
    const std::vector<std::size_t> missing = without_known(indices);
    result_.there = indices.size() - missing.size();
    total_ = missing.size();
    for (std::size_t at = 0; at < missing.size(); at += kJobsAtOnce) {
      const auto first = missing.begin() + static_cast<std::ptrdiff_t>(at);
      const auto count = static_cast<std::ptrdiff_t>(std::min(kJobsAtOnce, missing.size() - at));
      // Another collector may have been at this file meanwhile.
      run_batch(without_known({first, first + count}), false);
    }
    flush();
    return result_;
  }

 private:
  std::vector<std::size_t> without_known(const std::vector<std::size_t>& indices) const {
    const std::set<std::string> known = store_.case_ids(source_.prefix());
    std::vector<std::size_t> missing;
    for (const std::size_t index : indices)
      if (!known.contains(source_.id(index))) missing.push_back(index);
    return missing;
  }

  void run_batch(const std::vector<std::size_t>& indices, bool again) {
    std::vector<std::size_t> crashed;
    run_jobs(
        indices.size(),
        [&](std::size_t job) { return to_bytes(simulate_case(source_, indices[job])); },
        [&](std::size_t job, const JobOutcome& outcome) {
          if (outcome.status == JobOutcome::Status::kDone)
            take(from_bytes(outcome.text));
          else if (outcome.status == JobOutcome::Status::kCrashed && !again)
            crashed.push_back(indices[job]);
          else
            take(failed_case(source_, indices[job], outcome.text));
        },
        {.workers = options_.workers,
         .seconds_a_job = options_.seconds_a_case,
         .progress = [&](std::size_t, std::size_t) {
           if (!again && options_.progress) options_.progress(++over_, total_);
         }});
    if (!crashed.empty()) run_batch(crashed, true);
  }

  void take(StoredCase stored) {
    ++(stored.failed ? result_.failed : result_.done);
    result_.rows += stored.sample.groups.size();
    batch_.push_back(std::move(stored));
    if (batch_.size() >= kBatch || Clock::now() - flushed_ > kBatchAge) flush();
  }

  void flush() {
    store_.add(batch_);
    batch_.clear();
    flushed_ = Clock::now();
  }

  const CaseSource& source_;
  SampleStore& store_;
  const CollectOptions& options_;
  Collected result_;
  std::vector<StoredCase> batch_;
  Clock::time_point flushed_ = Clock::now();
  std::size_t over_ = 0, total_ = 0;
};

std::string joined(const std::vector<std::size_t>& indices) {
  std::string text;
  for (const std::size_t index : indices) text += fmt::format("{} ", index);
  return text;
}

std::vector<std::size_t> parsed(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::size_t> indices;
  for (std::size_t index = 0; in >> index;) indices.push_back(index);
  return indices;
}

}  // namespace

Collected collect_cases(const CaseSource& source, SampleStore& store,
                        const std::vector<std::size_t>& indices, const CollectOptions& options) {
  return Collector(source, store, options).run(indices);
}

Collected collect(const CaseSource& source, SampleStore& store, const CollectOptions& options) {
  PRESIL_CHECK(options.shard >= 1 && options.shard <= options.shards, "shard {} of {}",
               options.shard, options.shards);
  std::vector<std::size_t> indices;
  for (std::size_t i = options.shard - 1; i < options.cases; i += options.shards)
    indices.push_back(i);
  return collect_cases(source, store, indices, options);
}

std::vector<std::size_t> choose_cases(const CaseSource& source, SampleStore& store,
                                      std::int64_t round, const CaseTeacher& teacher,
                                      const CasePlanner& planner) {
  const std::string key = fmt::format("round {} of {}", round, source.prefix());
  if (const std::string kept = store.note(key); !kept.empty()) return parsed(kept);
  const CaseJudge judge = teacher(store);
  if (!judge) return {};
  const Refinement& refine = source.plan().refine;
  const auto wanted = static_cast<std::size_t>(refine.cases),
             drawn = wanted * static_cast<std::size_t>(refine.candidates);
  std::vector<std::pair<double, std::size_t>> candidates;
  for (std::size_t i = 0; i < drawn; ++i) {
    const std::size_t index = static_cast<std::size_t>(round) * kRound + i;
    const DrawnCase one = source.draw(index);
    if (!one.graph) continue;
    try {
      candidates.emplace_back(judge(planner(*one.graph, *one.chip, one.options)), index);
    } catch (const Error&) {
      // One that cannot be compiled teaches nothing.
    }
  }
  std::vector<std::size_t> chosen;
  const std::size_t at_random = wanted / 3;
  for (std::size_t i = 0; i < std::min(at_random, candidates.size()); ++i)
    chosen.push_back(candidates[i].second);
  std::vector rest(candidates.begin() + static_cast<std::ptrdiff_t>(chosen.size()),
                   candidates.end());
  std::stable_sort(rest.begin(), rest.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  for (std::size_t i = 0; i < rest.size() && chosen.size() < wanted; ++i)
    chosen.push_back(rest[i].second);
  std::sort(chosen.begin(), chosen.end());
  return parsed(store.keep_note(key, joined(chosen)));
}

}  // namespace presil
