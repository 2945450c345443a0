#include "sim/process_pool.h"

#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <vector>

#include "core/error.h"

namespace presil {

namespace {

using Clock = std::chrono::steady_clock;
using Status = JobOutcome::Status;

/// Precedes the text of an outcome on the wire; the job's number precedes nothing.
struct Header {
  std::uint64_t bytes = 0;
  Status status = Status::kDone;
};

// ---- In the worker ----

bool send_all(int socket, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t n = send(socket, data, size, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

bool receive_all(int socket, char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t n = recv(socket, data, size, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

JobOutcome outcome_of(const std::function<std::string(std::size_t)>& job, std::size_t index) {
  try {
    return {Status::kDone, job(index)};
  } catch (const Error& error) {
    return {Status::kFailed, error.what()};
  } catch (const std::exception& error) {
    return {Status::kCrashed, fmt::format("internal error: {}", error.what())};
  }
}

/// A worker dies of what would kill a program, whatever its parent catches, and with its parent.
void be_a_plain_process() {
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGINT, SIGTERM})
    std::signal(number, SIG_DFL);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
}

[[noreturn]] void work(int socket, const std::function<std::string(std::size_t)>& job) {
  be_a_plain_process();
  std::uint64_t index = 0;
  while (receive_all(socket, reinterpret_cast<char*>(&index), sizeof index)) {
    const JobOutcome outcome = outcome_of(job, static_cast<std::size_t>(index));
    Header header;
    std::memset(static_cast<void*>(&header), 0, sizeof header);  // padding too
    header.bytes = outcome.text.size();
    header.status = outcome.status;
    if (!send_all(socket, reinterpret_cast<const char*>(&header), sizeof header) ||
        !send_all(socket, outcome.text.data(), outcome.text.size()))
      break;
  }
  std::fflush(nullptr);
  _exit(0);  // the parent's exit handlers and destructors are not ours
}

// ---- In the parent ----

std::string death_of(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("the worker was killed by signal {} ({})", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
  return fmt::format("the worker left with exit code {}", WEXITSTATUS(status));
}

class Pool {
 public:
  Pool(std::size_t count, const std::function<std::string(std::size_t)>& job,
       const std::function<void(std::size_t, const JobOutcome&)>& deliver,
       const PoolOptions& options)
      : count_(count), job_(job), deliver_(deliver), options_(options) {}

  ~Pool() {
    for (Worker& worker : workers_) end(worker, SIGKILL);
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  void run() {
    const auto wanted = std::min(count_, static_cast<std::size_t>(options_.workers));
    while (workers_.size() < wanted) workers_.push_back(start());
    for (Worker& worker : workers_) give_work(worker);
    while (over_ < count_) {
      wait_for_news();
      end_late_workers();
    }
  }

 private:
  struct Worker {
    pid_t pid = -1;
    int socket = -1;
    std::optional<std::size_t> job;
    Clock::time_point since;
    std::string received;
  };

  Worker start() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
      throw Error("no worker process: {}; use fewer --workers", std::strerror(errno));
    std::fflush(nullptr);  // or the worker writes it again
    const pid_t pid = fork();
    if (pid < 0) {
      const int reason = errno;
      close(ends[0]);
      close(ends[1]);
      throw Error("no worker process: {}; use fewer --workers", std::strerror(reason));
    }
    if (pid == 0) {
      close(ends[0]);
      for (const Worker& other : workers_)
        if (other.socket >= 0) close(other.socket);
      work(ends[1], job_);
    }
    close(ends[1]);
    return {.pid = pid, .socket = ends[0]};
  }

  /// The exit status, by `number` if it is not 0.
  static int end(Worker& worker, int number) {
    if (worker.pid < 0) return 0;
    close(worker.socket);
    if (number != 0) kill(worker.pid, number);
    int status = 0;
    while (waitpid(worker.pid, &status, 0) < 0 && errno == EINTR) {
    }
    worker = Worker{};
    return status;
  }

  void give_work(Worker& worker) {
    if (next_ == count_) {
      end(worker, 0);
      return;
    }
    worker.job = next_++;
    worker.since = Clock::now();
    const std::uint64_t index = *worker.job;
    // If the worker is dead already, the next poll tells.
    send_all(worker.socket, reinterpret_cast<const char*>(&index), sizeof index);
  }

  /// Milliseconds until the first job is late; -1: none ever is.
  int patience() const {
    if (options_.seconds_a_job <= 0) return -1;
    double left = options_.seconds_a_job;
    for (const Worker& worker : workers_)
      if (worker.job) left = std::min(left, options_.seconds_a_job - seconds_of(worker));
    return std::max(1, static_cast<int>(1000 * left) + 1);
  }

  static double seconds_of(const Worker& worker) {
    return std::chrono::duration<double>(Clock::now() - worker.since).count();
  }

  void wait_for_news() {
    std::vector<pollfd> sockets;
    for (const Worker& worker : workers_) sockets.push_back({worker.socket, POLLIN, 0});
    if (poll(sockets.data(), sockets.size(), patience()) <= 0) return;
    for (std::size_t i = 0; i < sockets.size(); ++i)
      if (sockets[i].revents != 0) read_from(workers_[i]);
  }

  void read_from(Worker& worker) {
    char buffer[65536];
    const ssize_t n = recv(worker.socket, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n <= 0) {
      bury(worker, 0, "");
      return;
    }
    worker.received.append(buffer, static_cast<std::size_t>(n));
    Header header;
    if (worker.received.size() < sizeof header) return;
    std::memcpy(static_cast<void*>(&header), worker.received.data(), sizeof header);
    if (worker.received.size() < sizeof header + header.bytes) return;
    JobOutcome outcome{header.status, worker.received.substr(sizeof header)};
    worker.received.clear();
    const std::size_t job = *worker.job;
    worker.job.reset();
    give_work(worker);
    take(job, std::move(outcome));
  }

  void end_late_workers() {
    if (options_.seconds_a_job <= 0) return;
    for (Worker& worker : workers_)
      if (worker.job && seconds_of(worker) > options_.seconds_a_job)
        bury(worker, SIGKILL, fmt::format("took longer than {} s", options_.seconds_a_job));
  }

  /// The worker's job has crashed; another worker takes its place.
  void bury(Worker& worker, int number, std::string reason) {
    const std::optional<std::size_t> job = worker.job;
    const int status = end(worker, number);
    if (next_ < count_) {
      worker = start();
      give_work(worker);
    }
    if (job) take(*job, {Status::kCrashed, reason.empty() ? death_of(status) : std::move(reason)});
  }

  void take(std::size_t job, JobOutcome outcome) {
    ++over_;
    waiting_.emplace(job, std::move(outcome));
    if (options_.progress) options_.progress(over_, count_);
    for (auto first = waiting_.begin(); first != waiting_.end() && first->first == delivered_;
         first = waiting_.erase(first), ++delivered_)
      deliver_(first->first, first->second);
  }

  const std::size_t count_;
  const std::function<std::string(std::size_t)>& job_;
  const std::function<void(std::size_t, const JobOutcome&)>& deliver_;
  const PoolOptions& options_;
  std::vector<Worker> workers_;
  std::map<std::size_t, JobOutcome> waiting_;  ///< over, but one before them is not
  std::size_t next_ = 0, over_ = 0, delivered_ = 0;
};

}  // namespace

void run_jobs(std::size_t count, const std::function<std::string(std::size_t)>& job,
              const std::function<void(std::size_t, const JobOutcome&)>& deliver,
              const PoolOptions& options) {
  PRESIL_CHECK(options.workers >= 1, "{} workers", options.workers);
  Pool(count, job, deliver, options).run();
}

int processor_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

}  // namespace presil
