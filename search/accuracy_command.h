#pragma once
// Accuracies from a command of the user's: a training script, a lookup, a proxy of their own.

#include <filesystem>
#include <optional>

#include "search/accuracy_model.h"

namespace presil {

struct CommandOptions {
  /// Given to `/bin/sh -c` with two more arguments: the network as ONNX with random weights, and
  /// its choices as JSON. The last line of its stdout is the score, a finite number.
  std::string command;
  double seconds = 3600;  ///< then it and what it started are killed
  int attempts = 2;       ///< in all
  /// A line of JSON an attempt: network, attempt, seconds, score or what went wrong. "": none.
  std::filesystem::path log;
  std::uint64_t weight_seed = 1;
};

class CommandAccuracy final : public AccuracyModel {
 public:
  explicit CommandAccuracy(CommandOptions options);
  /// Throws Error with the command, how often it was tried and what went wrong last: exit code,
  /// signal, time limit, rubbish. May run in several processes at once.
  double score(const Candidate& candidate) const override;

 private:
  CommandOptions options_;
};

/// What one process did. Private to this and its test.
struct CommandOutcome {
  std::string output;
  std::optional<std::string> failure;  ///< "left with exit code 3"
};
/// Runs `/bin/sh -c` on `command`, its stdin empty, its stderr ours; at most 1 MiB of output kept.
CommandOutcome run_command(const std::string& command, double seconds);

}  // namespace presil
