#pragma once
// Which precision every tensor is stored in and every multiply-accumulate operator runs in.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hw/chip_spec.h"
#include "models/graph.h"

namespace presil {

/// Types of weights and activations, as `--precision w4a8` or `fp16` says them.
struct PrecisionPair {
  Precision weights = Precision::kInt8, activations = Precision::kInt8;
};

/// "w4a8", "w8a16" (integers), or one name for both: "int8", "int16", "fp16", "bf16". Throws Error
/// with the known spellings.
PrecisionPair parse_precision(const std::string& text);

/// What the user asked for; where nothing is said, integer networks keep their own types and float
/// ones run in the chip's first mode.
struct PrecisionOptions {
  std::optional<PrecisionPair> network;
  /// Layer name patterns (`*` matches any run of characters); the last match wins.
  std::vector<std::pair<std::string, PrecisionPair>> layers;
};

/// Reads a YAML map of layer name patterns: `block3*: w4a8`. Throws Error (file:line).
std::vector<std::pair<std::string, PrecisionPair>> load_precision_map(const std::string& file);

struct PrecisionPlan {
  std::vector<Precision> tensor;  ///< how each tensor is stored
  std::vector<int> mode;          ///< of each op, index in mac_array.modes; -1: no MAC operator

  int bits(TensorId id) const { return bits_of(tensor[static_cast<std::size_t>(id)]); }
};

/// A MAC operator whose pair the chip lacks runs in the narrowest mode of the same kind (integer or
/// float) that holds both operands. Throws Error naming the layer and the chip's modes if there is
/// none, and for a pattern that matches no layer.
PrecisionPlan plan_precision(const Graph& graph, const ChipSpec& chip,
                             const PrecisionOptions& options);

}  // namespace presil
