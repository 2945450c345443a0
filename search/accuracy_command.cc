#include "search/accuracy_command.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/output_file.h"
#include "models/onnx_export.h"

namespace presil {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kMostOutput = 1 << 20;

[[noreturn]] void become(const std::string& command, int out) {
  setpgid(0, 0);  // so that what it starts can be killed with it
  dup2(out, STDOUT_FILENO);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
  _exit(127);
}

/// Reads until the end or the deadline. False: the deadline came first.
bool read_until(int in, Clock::time_point deadline, std::string& output) {
  char buffer[4096];
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd poll_in{.fd = in, .events = POLLIN, .revents = 0};
    const int ready = poll(&poll_in, 1, static_cast<int>(std::min<long long>(left, 60'000)));
    if (ready <= 0) continue;
    const ssize_t n = read(in, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return true;
    if (output.size() < kMostOutput) output.append(buffer, static_cast<std::size_t>(n));
  }
}

/// Waits for the child to end. False: the deadline came first.
bool wait_until(pid_t child, Clock::time_point deadline, int& status) {
  for (;;) {
    const pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == child || (ended < 0 && errno != EINTR)) return true;
    if (Clock::now() >= deadline) return false;
    usleep(2000);
  }
}

std::optional<std::string> failure_of(int status) {
  if (WIFSIGNALED(status)) return fmt::format("was killed by signal {}", WTERMSIG(status));
  if (WEXITSTATUS(status) != 0) return fmt::format("left with exit code {}", WEXITSTATUS(status));
  return std::nullopt;
}

}  // namespace

CommandOutcome run_command(const std::string& command, double seconds) {
  int ends[2];
  if (pipe(ends) != 0) throw Error("'{}': no pipe: {}", command, std::strerror(errno));
  const pid_t child = fork();
  if (child < 0) throw Error("'{}': no process: {}", command, std::strerror(errno));
  if (child == 0) become(command, ends[1]);
  setpgid(child, child);  // whoever of the two comes first
  close(ends[1]);
  const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                           std::chrono::duration<double>(seconds));
  CommandOutcome outcome;
  int status = 0;
  const bool in_time =
      read_until(ends[0], deadline, outcome.output) && wait_until(child, deadline, status);
  close(ends[0]);
  kill(-child, SIGKILL);  // what is left of its group
  if (in_time) {
    outcome.failure = failure_of(status);
    return outcome;
  }
  waitpid(child, &status, 0);
  outcome.failure = fmt::format("took longer than {:.6g} s and was ended", seconds);
  return outcome;
}

namespace {

std::string last_line(const std::string& output) {
  const std::size_t end = output.find_last_not_of(" \t\r\n");
  if (end == std::string::npos) return "";
  const std::size_t start = output.find_last_of('\n', end);
  const std::size_t first = start == std::string::npos ? 0 : start + 1;
  return output.substr(first, end - first + 1);
}

/// The score, or the outcome's failure set.
std::optional<double> score_of(CommandOutcome& outcome) {
  if (outcome.failure) return std::nullopt;
  const std::string line = last_line(outcome.output);
  double value = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (error == std::errc() && end == line.data() + line.size() && std::isfinite(value))
    return value;
  outcome.failure =
      fmt::format("printed '{}' where a finite number must stand last", line.substr(0, 60));
  return std::nullopt;
}

std::string choices_json(const Candidate& candidate, const std::string& network) {
  nlohmann::ordered_json json{{"space", candidate.space.name()},
                              {"key", candidate.space.key(candidate.genome)},
                              {"network", network}};
  for (std::size_t i = 0; i < candidate.space.axes().size(); ++i) {
    const Axis& axis = candidate.space.axes()[i];
    json["genome"][axis.name] = axis.choices[candidate.genome.genes[i]];
  }
  return json.dump(2) + "\n";
}

/// The two files of one candidate, gone when it has been judged.
class CandidateFiles {
 public:
  CandidateFiles(const Candidate& candidate, std::uint64_t seed) {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "presil_candidate_XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr)
      throw Error("{}: no temporary folder: {}", pattern, std::strerror(errno));
    folder_ = pattern;
    write_file(network(), export_onnx(candidate.network.graph, {.seed = seed}));
    write_file(choices(), choices_json(candidate, network()));
  }
  ~CandidateFiles() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  CandidateFiles(const CandidateFiles&) = delete;
  CandidateFiles& operator=(const CandidateFiles&) = delete;

  std::string network() const { return (folder_ / "network.onnx").string(); }
  std::string choices() const { return (folder_ / "choices.json").string(); }

 private:
  std::filesystem::path folder_;
};

}  // namespace

CommandAccuracy::CommandAccuracy(CommandOptions options) : options_(std::move(options)) {
  if (options_.command.empty()) throw Error("the command for accuracies is empty");
  if (!(options_.seconds > 0)) throw Error("the time limit must be > 0, is {}", options_.seconds);
  if (options_.attempts < 1) throw Error("attempts must be >= 1, is {}", options_.attempts);
}

double CommandAccuracy::score(const Candidate& candidate) const {
  const CandidateFiles files(candidate, options_.weight_seed);
  const std::string command =
      fmt::format("{} '{}' '{}'", options_.command, files.network(), files.choices());
  std::string failure;
  for (int attempt = 1; attempt <= options_.attempts; ++attempt) {
    const auto start = Clock::now();
    CommandOutcome outcome = run_command(command, options_.seconds);
    const std::optional<double> score = score_of(outcome);
    if (!options_.log.empty()) {
      nlohmann::ordered_json line{{"key", candidate.space.key(candidate.genome)},
                                  {"attempt", attempt}};
      line["seconds"] = std::chrono::duration<double>(Clock::now() - start).count();
      if (score)
        line["score"] = *score;
      else
        line["failure"] = *outcome.failure;
      std::ofstream(options_.log, std::ios::app) << line.dump() + "\n";
    }
    if (score) return *score;
    failure = *outcome.failure;
  }
  throw Error("'{}' {} (attempt {} of {})", options_.command, failure, options_.attempts,
              options_.attempts);
}

}  // namespace presil
