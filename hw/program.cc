#include "hw/program.h"

#include <cmath>

namespace presil {

CommandId Program::add(Command command) {
  commands.push_back(std::move(command));
  return static_cast<CommandId>(commands.size() - 1);
}

std::int64_t Transfer::stored_run_bytes() const {
  return stored_ratio == 1 ? run_bytes
                           : static_cast<std::int64_t>(
                                 std::ceil(static_cast<double>(run_bytes) * stored_ratio - 1e-9));
}

}  // namespace presil
