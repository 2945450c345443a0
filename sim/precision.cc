#include "sim/precision.h"

#include <algorithm>

#include "core/error.h"
#include "core/yaml_reader.h"
#include "sim/layer_pattern.h"

namespace presil {

namespace {

bool is_float(Precision p) {
  return p == Precision::kFp16 || p == Precision::kBf16 || p == Precision::kFp32;
}

/// A stored type in the machine's words; float ones only when `fallback` does not replace them.
Precision stored(DataType type, Precision fallback) {
  switch (type) {
    case DataType::kInt4:
      return Precision::kInt4;
    case DataType::kInt8:
    case DataType::kUint8:
    case DataType::kBool:
      return Precision::kInt8;
    case DataType::kInt16:
      return Precision::kInt16;
    case DataType::kInt32:
    case DataType::kInt64:
      return Precision::kInt32;
    case DataType::kFloat16:
      return Precision::kFp16;
    case DataType::kBfloat16:
      return Precision::kBf16;
    case DataType::kFloat32:
    case DataType::kFloat64:
      return fallback;
  }
  return fallback;
}

std::string modes_of(const ChipSpec& chip) {
  std::vector<std::string> modes;
  for (const PrecisionMode& mode : chip.mac_array.modes)
    modes.push_back(fmt::format("{} weights x {} activations", name_of(mode.weights),
                                name_of(mode.activations)));
  return fmt::format("{}", fmt::join(modes, ", "));
}

std::optional<int> find_mode(const ChipSpec& chip, PrecisionPair pair) {
  std::optional<int> best;
  int best_bits = 0;
  for (std::size_t i = 0; i < chip.mac_array.modes.size(); ++i) {
    const PrecisionMode& mode = chip.mac_array.modes[i];
    if (mode.weights == pair.weights && mode.activations == pair.activations)
      return static_cast<int>(i);
    if (is_float(mode.weights) != is_float(pair.weights) ||
        is_float(mode.activations) != is_float(pair.activations) ||
        bits_of(mode.weights) < bits_of(pair.weights) ||
        bits_of(mode.activations) < bits_of(pair.activations))
      continue;
    const int bits = bits_of(mode.weights) + bits_of(mode.activations);
    if (!best || bits < best_bits) best = static_cast<int>(i), best_bits = bits;
  }
  return best;
}

/// Bias and tables stay what they are; the weights operand is the second one.
bool is_weight(const Graph& graph, const Op& op, std::size_t operand) {
  return operand >= 1 && op.inputs[operand] != kNoTensor &&
         graph.tensor(op.inputs[operand]).constant &&
         graph.tensor(op.inputs[operand]).shape.size() >= 2;
}

class Planner {
 public:
  Planner(const Graph& graph, const ChipSpec& chip, const PrecisionOptions& options)
      : graph_(graph), chip_(chip), options_(options) {}

  PrecisionPlan plan() && {
    const PrecisionMode& first = chip_.mac_array.modes.front();
    default_ = options_.network.value_or(PrecisionPair{first.weights, first.activations});
    for (const TensorDesc& tensor : graph_.tensors())
      plan_.tensor.push_back(tensor_precision(tensor, default_));
    keep_floats();
    check_patterns();
    for (const Op& op : graph_.ops()) apply_layer(op);
    for (const Op& op : graph_.ops())
      plan_.mode.push_back(op_info(op.kind).op_class == OpClass::kMac ? mode_of(op) : -1);
    return std::move(plan_);
  }

 private:
  /// Where a quantised network leaves its integers (dequantised outputs, float post-processing),
  /// the vector unit has floats, which no narrower type stands for.
  void keep_floats() {
    bool quantised = false;
    for (const TensorDesc& tensor : graph_.tensors())
      quantised |= !tensor.constant && tensor.quantization.has_value();
    if (!quantised || options_.network) return;
    std::vector<bool> multiplied(graph_.tensors().size(), false);
    for (const Op& op : graph_.ops()) {
      if (op_info(op.kind).op_class != OpClass::kMac) continue;
      for (const TensorId id : op.inputs)
        if (id != kNoTensor) multiplied[static_cast<std::size_t>(id)] = true;
      for (const TensorId id : op.outputs) multiplied[static_cast<std::size_t>(id)] = true;
    }
    for (std::size_t id = 0; id < multiplied.size(); ++id)
      if (graph_.tensors()[id].type == DataType::kFloat32 && !multiplied[id])
        plan_.tensor[id] = Precision::kFp32;
  }

  /// Constants of one dim (biases, scales) are stored in 32 bits beside integers.
  Precision tensor_precision(const TensorDesc& tensor, PrecisionPair pair) const {
    if (!tensor.constant) {
      const Precision own = stored(tensor.type, pair.activations);
      // An explicit --precision also narrows or widens 8- and 16-bit activations.
      const bool arithmetic = own == Precision::kInt8 || own == Precision::kInt16;
      return options_.network && arithmetic && tensor.type != DataType::kBool ? pair.activations
                                                                              : own;
    }
    if (tensor.shape.size() < 2) return stored(tensor.type, Precision::kInt32);
    const Precision own = stored(tensor.type, pair.weights);
    const bool arithmetic = own == Precision::kInt4 || own == Precision::kInt8;
    return options_.network && arithmetic ? pair.weights : own;
  }

  /// A pattern that no layer's name fits is a slip, and would silently change nothing.
  void check_patterns() const {
    for (const auto& [pattern, pair] : options_.layers) {
      const bool used = std::any_of(graph_.ops().begin(), graph_.ops().end(),
                                    [&](const Op& op) { return layer_matches(pattern, op.name); });
      if (used) continue;
      std::vector<std::string> names;
      for (const Op& op : graph_.ops()) names.push_back(op.name);
      const std::string near = nearest(pattern, names);
      throw Error(
          "precision map: '{}' matches no layer of network '{}'{}; `*` stands for any run of "
          "characters",
          pattern, graph_.name(), near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
    }
  }

  void apply_layer(const Op& op) {
    for (const auto& [pattern, pair] : options_.layers) {
      if (!layer_matches(pattern, op.name)) continue;
      for (const TensorId out : op.outputs)
        plan_.tensor[static_cast<std::size_t>(out)] = pair.activations;
      for (std::size_t i = 0; i < op.inputs.size(); ++i)
        if (is_weight(graph_, op, i))
          plan_.tensor[static_cast<std::size_t>(op.inputs[i])] = pair.weights;
    }
  }

  int mode_of(const Op& op) const {
    const auto of = [&](std::size_t operand) {
      return plan_.tensor[static_cast<std::size_t>(op.inputs[operand])];
    };
    const PrecisionPair pair{of(1), of(0)};
    const std::optional<int> mode = find_mode(chip_, pair);
    if (!mode)
      throw Error(
          "{}: chip '{}' multiplies no {} weights with {} activations; it has {}; choose "
          "with --precision",
          op.name, chip_.name, name_of(pair.weights), name_of(pair.activations), modes_of(chip_));
    return *mode;
  }

  const Graph& graph_;
  const ChipSpec& chip_;
  const PrecisionOptions& options_;
  PrecisionPair default_;
  PrecisionPlan plan_;
};

std::optional<Precision> integer_of(std::string_view bits) {
  return precision_from_name(fmt::format("int{}", bits));
}

}  // namespace

PrecisionPair parse_precision(const std::string& text) {
  if (const auto both = precision_from_name(text)) return {*both, *both};
  const std::size_t a = text.find('a');
  if (text.starts_with('w') && a != std::string::npos) {
    const auto weights = integer_of(std::string_view(text).substr(1, a - 1));
    const auto activations = integer_of(std::string_view(text).substr(a + 1));
    if (weights && activations) return {*weights, *activations};
  }
  throw Error(
      "precision '{}' is unknown; known: int4, int8, int16, fp16, bf16, fp32, or "
      "w<bits>a<bits> such as w4a8",
      text);
}

std::vector<std::pair<std::string, PrecisionPair>> load_precision_map(const std::string& file) {
  const YAML::Node node = load_yaml_file(file);
  if (!node.IsMap()) throw Error("{}:1: must be a map of layer name patterns to precisions", file);
  std::vector<std::pair<std::string, PrecisionPair>> map;
  for (const auto& entry : node) {
    const int line = entry.first.Mark().line + 1;
    if (!entry.second.IsScalar())
      throw Error("{}:{}: {}: must be a precision such as w4a8", file, line,
                  entry.first.as<std::string>());
    try {
      map.emplace_back(entry.first.as<std::string>(),
                       parse_precision(entry.second.as<std::string>()));
    } catch (const Error& error) {
      throw Error("{}:{}: {}", file, line, error.what());
    }
  }
  return map;
}

PrecisionPlan plan_precision(const Graph& graph, const ChipSpec& chip,
                             const PrecisionOptions& options) {
  return Planner(graph, chip, options).plan();
}

}  // namespace presil
