#pragma once
// Many jobs in worker processes: libsystemc is global state, so runs are parallel in processes, and
// a job that crashes costs its own result only.

#include <cstdint>
#include <functional>
#include <string>

namespace presil {

/// What became of a job.
struct JobOutcome {
  enum class Status : std::uint8_t {
    kDone,     ///< `text` is what the job gave
    kFailed,   ///< threw Error; `text` is its message
    kCrashed,  ///< broke a promise, was killed, or took too long; `text` says how
  };
  Status status = Status::kDone;
  std::string text;
};

struct PoolOptions {
  int workers = 1;           ///< at least 1
  double seconds_a_job = 0;  ///< a job that takes longer is killed and has crashed; 0: no limit
  /// Called in this process when a job is over, in any order: jobs over, jobs in all.
  std::function<void(std::size_t, std::size_t)> progress;
};

/// Runs job(0) ... job(count - 1), each in one of the worker processes (forked from this one, so it
/// sees what this one has in memory), and gives every outcome to `deliver` in this process, in the
/// order of the jobs, as soon as all before it are there: the same calls for any number of workers.
/// A job gives bytes; what else it changes is lost. An exception of `deliver` or `progress` ends
/// the workers and is passed on. Throws Error if the system gives no process. Do not call with
/// other threads running.
void run_jobs(std::size_t count, const std::function<std::string(std::size_t)>& job,
              const std::function<void(std::size_t, const JobOutcome&)>& deliver,
              const PoolOptions& options = {});

/// Processors that this process may use; at least 1.
int processor_count();

}  // namespace presil
