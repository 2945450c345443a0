#include "sim/process_pool.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <vector>

#include "core/error.h"
#include "hw/simulate.h"

namespace presil {
namespace {

using Status = JobOutcome::Status;
using Job = std::function<std::string(std::size_t)>;

/// The outcomes, after checking that they came in order and that no process is left behind.
std::vector<JobOutcome> outcomes_of(std::size_t count, const Job& job, PoolOptions options = {}) {
  std::vector<JobOutcome> outcomes;
  run_jobs(
      count, job,
      [&](std::size_t index, const JobOutcome& outcome) {
        CHECK(index == outcomes.size());
        outcomes.push_back(outcome);
      },
      options);
  CHECK(outcomes.size() == count);
  CHECK(waitpid(-1, nullptr, WNOHANG) == -1);
  CHECK(errno == ECHILD);
  return outcomes;
}

TEST_CASE("many jobs come back in their order, whatever the number of workers") {
  const Job job = [](std::size_t i) {
    if (i % 7 == 0) usleep(3000);  // later ones overtake it
    return "job " + std::to_string(i * i);
  };
  for (const int workers : {1, 2, 5}) {
    const auto outcomes = outcomes_of(300, job, {.workers = workers});
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      CHECK(outcomes[i].status == Status::kDone);
      CHECK(outcomes[i].text == "job " + std::to_string(i * i));
    }
  }
}

TEST_CASE("a job that throws Error has failed with its message, the others are done") {
  const auto outcomes = outcomes_of(5,
                                    [](std::size_t i) -> std::string {
                                      if (i == 2) throw Error("model {}: no such file", i);
                                      return "ok";
                                    },
                                    {.workers = 2});
  CHECK(outcomes[2].status == Status::kFailed);
  CHECK(outcomes[2].text == "model 2: no such file");
  for (const std::size_t i : {0, 1, 3, 4}) CHECK(outcomes[i].text == "ok");
}

TEST_CASE("a broken promise is a crash that says which") {
  const auto outcomes = outcomes_of(1, [](std::size_t) -> std::string {
    PRESIL_CHECK(1 + 1 == 3, "sums are off");
    return "";
  });
  CHECK(outcomes[0].status == Status::kCrashed);
  CHECK(outcomes[0].text.find("sums are off") != std::string::npos);
}

TEST_CASE("jobs that abort, crash or leave cost only themselves") {
  const Job job = [](std::size_t i) -> std::string {
    if (i == 1) std::abort();
    if (i == 4) raise(SIGKILL);
    if (i == 6) _exit(3);
    return std::to_string(i);
  };
  for (const int workers : {1, 3}) {
    const auto outcomes = outcomes_of(9, job, {.workers = workers});
    CHECK(outcomes[1].status == Status::kCrashed);
    CHECK(outcomes[1].text == "the worker was killed by signal 6 (Aborted)");
    CHECK(outcomes[4].text == "the worker was killed by signal 9 (Killed)");
    CHECK(outcomes[6].text == "the worker left with exit code 3");
    for (const std::size_t i : {0, 2, 3, 5, 7, 8}) CHECK(outcomes[i].text == std::to_string(i));
  }
}

TEST_CASE("every job may crash") {
  const auto outcomes =
      outcomes_of(20, [](std::size_t) -> std::string { std::abort(); }, {.workers = 3});
  for (const JobOutcome& outcome : outcomes) CHECK(outcome.status == Status::kCrashed);
}

TEST_CASE("a job that takes too long is ended") {
  const auto outcomes = outcomes_of(3,
                                    [](std::size_t i) -> std::string {
                                      while (i == 1) pause();
                                      return "ok";
                                    },
                                    {.workers = 1, .seconds_a_job = 0.5});
  CHECK(outcomes[0].text == "ok");
  CHECK(outcomes[1].status == Status::kCrashed);
  CHECK(outcomes[1].text == "took longer than 0.5 s");
  CHECK(outcomes[2].text == "ok");
}

TEST_CASE("large and empty results arrive whole, bytes of any value") {
  const auto outcomes =
      outcomes_of(4,
                  [](std::size_t i) {
                    return i == 0 ? std::string() : std::string(i * 5'000'000, i == 3 ? '\0' : 'x');
                  },
                  {.workers = 2});
  CHECK(outcomes[0].text.empty());
  CHECK(outcomes[1].text == std::string(5'000'000, 'x'));
  CHECK(outcomes[3].text == std::string(15'000'000, '\0'));
}

TEST_CASE("progress counts every job once, and no jobs are no work") {
  std::vector<std::size_t> seen;
  outcomes_of(10, [](std::size_t) -> std::string { throw Error("no"); },
              {.workers = 4, .progress = [&](std::size_t done, std::size_t total) {
                 CHECK(total == 10);
                 seen.push_back(done);
               }});
  CHECK(seen == std::vector<std::size_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  outcomes_of(0, [](std::size_t) { return std::string(); }, {.workers = 4});
}

TEST_CASE("what the receiver throws ends the workers") {
  CHECK_THROWS_WITH_AS(run_jobs(
                           50, [](std::size_t) { return std::string("x"); },
                           [](std::size_t index, const JobOutcome&) {
                             if (index == 3) throw Error("disk full");
                           },
                           {.workers = 3}),
                       "disk full", Error);
  CHECK(waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("workers simulate beside each other") {
  const ChipSpec chip = load_chip(std::string(PRESIL_SOURCE_DIR) + "/chips/unit.yaml");
  const Job job = [&](std::size_t i) {
    Program program{.group_names = {"g"}};
    program.add({.work = Vector{.elements = static_cast<std::int64_t>(i + 1)}});
    return std::to_string(simulate(chip, program).total.value);
  };
  const auto outcomes = outcomes_of(30, job, {.workers = 3});
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    CHECK(outcomes[i].status == Status::kDone);
    CHECK(outcomes[i].text == job(i));
  }
}

}  // namespace
}  // namespace presil
