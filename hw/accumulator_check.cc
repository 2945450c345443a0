#include "hw/accumulator_check.h"

#include <algorithm>
#include <vector>

#include "core/error.h"

namespace presil {

namespace {

/// Is `later` ordered after `earlier`, directly or through others?
bool is_ordered(const Program& program, CommandId later, CommandId earlier) {
  std::vector<CommandId> frontier{later};
  std::vector<bool> seen(static_cast<std::size_t>(later - earlier) + 1, false);
  while (!frontier.empty()) {
    const CommandId at = frontier.back();
    frontier.pop_back();
    for (const CommandId before : program.commands[static_cast<std::size_t>(at)].dependencies) {
      if (before == earlier) return true;
      if (before < earlier || seen[static_cast<std::size_t>(before - earlier)]) continue;
      seen[static_cast<std::size_t>(before - earlier)] = true;
      frontier.push_back(before);
    }
  }
  return false;
}

struct Sum {
  CommandId last;
  double sums;  ///< results that wait
};

/// One core's sums in the order of its commands.
class CoreSums {
 public:
  CoreSums(const Program& program, double room) : program_(program), room_(room) {}

  void visit(const Matrix& matrix, CommandId id) {
    const bool last = matrix.drained_per_position > 0;
    if (open_ >= 0) {
      PRESIL_CHECK(is_ordered(program_, id, open_),
                   "command {}: goes on with the sum of command {} without waiting for it", id,
                   open_);
    } else if (!last) {
      start(matrix, id);
    }
    if (!last) {
      open_ = id;
    } else if (open_ >= 0) {
      done_.push_back({id, sums_of(matrix)});
      open_ = -1;
    }
  }

 private:
  static double sums_of(const Matrix& m) {
    return static_cast<double>(m.positions * m.outputs * m.groups);
  }

  void start(const Matrix& matrix, CommandId id) {
    double used = sums_of(matrix);
    for (auto sum = done_.rbegin(); sum != done_.rend(); ++sum) {
      used += sum->sums;
      if (used <= room_) continue;
      for (auto old = done_.begin(); old != sum.base(); ++old)
        PRESIL_CHECK(is_ordered(program_, id, old->last),
                     "command {}: its sums take the place of those of command {} in the "
                     "accumulators without waiting for it",
                     id, old->last);
      done_.erase(done_.begin(), sum.base());
      return;
    }
  }

  const Program& program_;
  double room_;
  CommandId open_ = -1;    ///< the last command of a sum that is not finished
  std::vector<Sum> done_;  ///< sums that may still be in the accumulators
};

}  // namespace

void check_accumulators(const Program& program, const ChipSpec& chip) {
  const double room = chip.mac_array.accumulators_kib * 1024 * 8 /
                      static_cast<double>(chip.mac_array.accumulator_bits);
  std::vector<CoreSums> cores(static_cast<std::size_t>(std::max<std::int64_t>(1, chip.cores)),
                              CoreSums(program, room));
  for (std::size_t i = 0; i < program.commands.size(); ++i)
    if (const auto* matrix = std::get_if<Matrix>(&program.commands[i].work))
      cores[static_cast<std::size_t>(program.commands[i].core)].visit(*matrix,
                                                                      static_cast<CommandId>(i));
}

}  // namespace presil
