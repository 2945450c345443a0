#pragma once
// The cross-field rules of a chip, with the key that a broken one belongs to.

#include <optional>
#include <string>

#include "hw/chip_spec.h"

namespace presil {

struct ChipProblem {
  std::string key;   ///< dotted, as in the file: "dma.burst_bytes", "memories.0.row_bytes"
  std::string text;  ///< rule, value, remedy
};

/// The first broken rule in the order of the file, if any.
std::optional<ChipProblem> first_chip_problem(const ChipSpec& chip);

}  // namespace presil
