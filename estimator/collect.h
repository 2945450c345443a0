#pragma once
// Simulates the cases of a plan in worker processes and keeps what came out.

#include <cstddef>
#include <functional>
#include <vector>

#include "estimator/case_source.h"
#include "estimator/sample_store.h"

namespace presil {

struct CollectOptions {
  int workers = 1;
  double seconds_a_case = 120;        ///< a case that takes longer is killed and has failed
  std::size_t shard = 1, shards = 1;  ///< those with index % shards == shard - 1
  std::size_t cases = 0;              ///< the first so many of the plan
  /// Called when a case is over: cases over, cases in all, of those that were missing.
  std::function<void(std::size_t, std::size_t)> progress = {};
};

struct Collected {
  std::size_t there = 0;                       ///< already, of those asked for
  std::size_t done = 0, failed = 0, rows = 0;  ///< new ones
};

/// How wrong the current model is expected to be on a case, as a share of its latency.
using CaseJudge = std::function<double(const std::vector<GroupFeatures>&)>;
/// Learns from what the store holds. A null judge: good enough, no further round.
using CaseTeacher = std::function<CaseJudge(const SampleStore&)>;
/// Features without a run (the planner's).
using CasePlanner =
    std::function<std::vector<GroupFeatures>(const Graph&, const ChipSpec&, const CompileOptions&)>;

/// Adds the cases that the store does not hold yet, a transaction every second or so. The store's
/// rows depend on the plan alone: not on workers, interruptions or other collectors. A case whose
/// worker dies is tried once more, then kept as failed with its reason. Throws Error as the store
/// does.
Collected collect(const CaseSource& source, SampleStore& store, const CollectOptions& options);

/// One round of refinement (from 1): of `candidates` times as many draws, those on which the judge
/// expects most error, a third of them at random. The choice is kept in the store before the first
/// is run, so that a round that was interrupted goes on with it. Empty when the teacher is content.
std::vector<std::size_t> choose_cases(const CaseSource& source, SampleStore& store,
                                      std::int64_t round, const CaseTeacher& teacher,
                                      const CasePlanner& planner);
/// collect() for given cases.
Collected collect_cases(const CaseSource& source, SampleStore& store,
                        const std::vector<std::size_t>& indices, const CollectOptions& options);

}  // namespace presil
