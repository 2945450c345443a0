#pragma once
// Executes the commands of a Program on a MachineState: what they compute, while hw/sc says when.

#include <exception>
#include <map>
#include <vector>

#include "hw/machine_state.h"
#include "hw/program.h"

namespace presil {

namespace kernels {
struct Dense;
}

/// Calls begin(id) when a command's engine starts it, and finish(id) when it is done. What is read
/// is what lies there at begin; what is written appears at finish: a command that does not wait for
/// what it needs, or whose place somebody else takes, gives a wrong result.
class DataPath {
 public:
  /// All outlive it. The program has a Computation for every Matrix and Vector command.
  DataPath(const Program& program, MachineState& state);

  /// It is a failure if the command touches bytes outside the regions that it declares.
  void begin(CommandId id);
  void finish(CommandId id);
  /// Exceptions do not survive the kernel: the first failure is kept (what follows does nothing)
  /// and thrown here, after the run.
  void check_no_failure() const;

 private:
  /// Bytes on their way.
  struct Run {
    std::int64_t address;
    std::int64_t offset, bytes;  ///< in Pending::bytes
  };
  struct Pending {
    std::vector<Run> runs;
    std::vector<std::byte> bytes;
  };

  void start(CommandId id);
  void commit(CommandId id);
  void begin_transfer(const Transfer& transfer, int core, bool store, Pending& pending);
  void begin_computation(CommandId id, Pending& pending);
  static void put_results(const SramView& view, const kernels::Dense& results, Pending& pending);

  const Program& program_;
  MachineState& state_;
  std::map<CommandId, Pending> pending_;
  std::exception_ptr failure_;
  std::vector<std::int64_t> to_do_;  ///< commands of each group that are not done
};

}  // namespace presil
