// The types of a network with synthetic parameters: calibration and quantisation.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/random.h"
#include "models/constant_values.h"
#include "models/tensor_values.h"
#include "sim/reference/reference.h"
#include "sim/reference/synthetic.h"

namespace presil {

namespace {

std::size_t at(TensorId id) { return static_cast<std::size_t>(id); }

/// Smallest and largest value that a tensor had, 0 included.
struct Extent {
  double low = 0, high = 0;

  void include(const Extent& other) {
    low = std::min(low, other.low);
    high = std::max(high, other.high);
  }
};

Extent extent_of(const std::vector<double>& values) {
  Extent extent;
  for (const double value : values)
    if (std::isfinite(value)) extent.include({value, value});
  return extent;
}

/// TFLite: int16 symmetric, 8 bits with the zero point that makes 0 exact.
Quantization quantization_of(const Extent& extent, DataType type) {
  const IntegerRange range = range_of(type);
  if (type == DataType::kInt16) {
    const double most = std::max({-extent.low, extent.high, 1e-6});
    return {.scale = {static_cast<float>(most / static_cast<double>(range.max))},
            .zero_point = {0}};
  }
  const double scale =
      std::max(extent.high - extent.low, 1e-6) / static_cast<double>(range.max - range.min);
  return {.scale = {static_cast<float>(scale)},
          .zero_point = {quantize(-extent.low, scale, range.min, range)}};
}

/// Results whose range is known beforehand, in 8 bits (TFLite's quantisation specification).
std::optional<Extent> fixed_extent(OpKind kind) {
  if (kind == OpKind::kSoftmax || kind == OpKind::kSigmoid) return Extent{0, 255.0 / 256};
  if (kind == OpKind::kTanh) return Extent{-1, 127.0 / 128};
  if (kind == OpKind::kLogSoftmax) return Extent{-255.0 / 16, 0};
  return std::nullopt;
}

/// Operators that hand elements through as they are.
bool hands_through(const Op& op) {
  const OpClass op_class = op_info(op.kind).op_class;
  return op_class == OpClass::kMove || op_class == OpClass::kFree || op.kind == OpKind::kMaxPool ||
         op.kind == OpKind::kAveragePool || op.kind == OpKind::kGlobalMaxPool ||
         op.kind == OpKind::kResizeNearest || op.kind == OpKind::kReduceMax ||
         op.kind == OpKind::kReduceMin || op.kind == OpKind::kWhere;
}

bool is_clamp(OpKind kind) {
  return kind == OpKind::kRelu || kind == OpKind::kRelu6 || kind == OpKind::kClip;
}

/// Tensors that share one quantisation.
class Sharing {
 public:
  explicit Sharing(std::size_t tensors) : parent_(tensors) {
    std::iota(parent_.begin(), parent_.end(), TensorId{0});
  }
  TensorId root(TensorId id) {
    while (parent_[at(id)] != id) id = parent_[at(id)] = parent_[at(parent_[at(id)])];
    return id;
  }
  void join(TensorId a, TensorId b) { parent_[at(root(a))] = root(b); }

 private:
  std::vector<TensorId> parent_;
};

/// Floats of `graph`, whose constants all have values, in the types of `options`.
class Converter {
 public:
  Converter(const Graph& graph, const SyntheticOptions& options)
      : graph_(graph), options_(options), builder_(GraphBuilder::from(graph)) {}

  Graph to_floats() {
    for (std::size_t i = 0; i < graph_.tensors().size(); ++i) {
      TensorDesc& tensor = builder_.mutable_tensor(static_cast<TensorId>(i));
      if (!is_float(tensor.type) || tensor.type == options_.activations) continue;
      const auto values = tensor.data ? presil::real_values(tensor) : std::nullopt;
      tensor.type = options_.activations;
      if (values) tensor = with_values(std::move(tensor), *values);
    }
    for (Op& op : builder_.ops())
      if (auto* cast = std::get_if<CastAttrs>(&op.attrs); cast != nullptr && is_float(cast->to))
        cast->to = options_.activations;
    return std::move(builder_).finish();
  }

  Graph to_integers() {
    calibrate();
    for (std::size_t i = 0; i < graph_.tensors().size(); ++i)
      if (becomes_integer(static_cast<TensorId>(i))) quantize_activation(static_cast<TensorId>(i));
    for (Op& op : builder_.ops()) convert_op(op);
    return std::move(builder_).finish();
  }

 private:
  const TensorDesc& before(TensorId id) const { return graph_.tensor(id); }
  bool becomes_integer(TensorId id) const {
    return is_float(before(id).type) && !before(id).constant;
  }

  /// Runs the float network once; what shares a quantisation has the extent of all.
  void calibrate() {
    const std::vector<Tensor> all = execute_all(graph_, calibration_inputs());
    extents_.resize(all.size());
    for (std::size_t i = 0; i < all.size(); ++i)
      if (becomes_integer(static_cast<TensorId>(i))) extents_[i] = extent_of(real_values(all[i]));
    Sharing sharing(all.size());
    for (const Op& op : graph_.ops()) {
      if (const auto fixed = fixed_extent(op.kind);
          fixed && options_.activations != DataType::kInt16)
        extents_[at(op.outputs.front())] = *fixed;
      share(op, sharing);
    }
    std::vector<Extent> joint(all.size());
    for (std::size_t i = 0; i < all.size(); ++i)
      joint[at(sharing.root(static_cast<TensorId>(i)))].include(extents_[i]);
    for (std::size_t i = 0; i < all.size(); ++i)
      extents_[i] = joint[at(sharing.root(static_cast<TensorId>(i)))];
  }

  /// Floats evenly over +-sqrt(3), which has deviation 1: quantised, that is the whole range of the
  /// type, as random inputs of an integer network are.
  std::vector<Tensor> calibration_inputs() const {
    std::vector<Tensor> inputs = random_inputs(graph_, options_.seed);
    Random random(options_.seed);
    for (Tensor& input : inputs) {
      if (!is_float(input.type)) continue;
      std::vector<double> values(static_cast<std::size_t>(input.elements()));
      for (double& value : values) value = std::sqrt(3.0) * (2 * random.uniform() - 1);
      store_reals(input, values);
    }
    return inputs;
  }

  void share(const Op& op, Sharing& sharing) {
    const TensorId x = op.inputs.front(), y = op.outputs.front();
    if (is_clamp(op.kind)) {  // as if fused: the layer saturates where the clamp does
      const auto producer = graph_.producer(x);
      if (!producer || graph_.consumers(x).size() != 1 || graph_.is_output(x)) return;
      extents_[at(x)] = {};
      sharing.join(x, y);
    } else if (hands_through(op)) {
      for (const TensorId id : op.inputs)
        if (id != kNoTensor && becomes_integer(id)) sharing.join(id, y);
      for (const TensorId id : op.outputs) sharing.join(id, y);
    }
  }

  void quantize_activation(TensorId id) {
    TensorDesc& tensor = builder_.mutable_tensor(id);
    tensor.type = options_.activations;
    tensor.quantization = quantization_of(extents_[at(id)], options_.activations);
  }

  /// A constant of its own for this operand: its type depends on who reads it.
  void replace_constant(Op& op, std::size_t operand, DataType type, Quantization quantization) {
    TensorDesc tensor = before(op.inputs[operand]);
    const std::vector<double> values = presil::real_values(tensor).value();
    tensor.type = type;
    tensor.quantization = std::move(quantization);
    tensor.data = nullptr;
    op.inputs[operand] = builder_.add_constant(with_values(std::move(tensor), values));
  }

  bool is_float_constant(const Op& op, std::size_t operand) const {
    return operand < op.inputs.size() && op.inputs[operand] != kNoTensor &&
           at(op.inputs[operand]) < graph_.tensors().size() &&
           before(op.inputs[operand]).constant && is_float(before(op.inputs[operand]).type);
  }

  /// Symmetric, one scale a slice along `axis` (-1: one at all).
  Quantization weight_quantization(const TensorDesc& tensor, int axis) const {
    const std::vector<double> values = presil::real_values(tensor).value();
    std::size_t extent = 1, inner = values.size();
    if (axis >= 0) {
      extent = static_cast<std::size_t>(tensor.shape[static_cast<std::size_t>(axis)]);
      inner = 1;
      for (auto i = static_cast<std::size_t>(axis) + 1; i < tensor.shape.size(); ++i)
        inner *= static_cast<std::size_t>(tensor.shape[i]);
    }
    std::vector<double> most(extent, 1e-6);
    for (std::size_t i = 0; i < values.size(); ++i) {
      double& largest = most[i / inner % extent];
      largest = std::max(largest, std::fabs(values[i]));
    }
    const auto top = static_cast<double>(range_of(options_.weights).max);
    Quantization q{.scale = {}, .zero_point = std::vector<std::int64_t>(extent, 0), .axis = axis};
    for (const double largest : most) q.scale.push_back(static_cast<float>(largest / top));
    return q;
  }

  void convert_layer(Op& op, int axis) {
    if (is_float_constant(op, 1))
      replace_constant(op, 1, options_.weights, weight_quantization(before(op.inputs[1]), axis));
    if (op.kind == OpKind::kMatMul || !is_float_constant(op, 2)) return;
    const Quantization& w = *builder_.tensor(op.inputs[1]).quantization;
    const float x_scale = builder_.tensor(op.inputs[0]).quantization->scale.front();
    const auto outputs = static_cast<std::size_t>(before(op.inputs[2]).shape.front());
    Quantization bias{.scale = {}, .zero_point = std::vector<std::int64_t>(outputs, 0), .axis = 0};
    for (std::size_t k = 0; k < outputs; ++k)
      bias.scale.push_back(x_scale * w.scale[k % w.scale.size()]);
    replace_constant(op, 2, DataType::kInt32, std::move(bias));
  }

  /// Constants that meet activations element by element have their type.
  void convert_partners(Op& op) {
    for (std::size_t i = 0; i < op.inputs.size(); ++i)
      if (is_float_constant(op, i)) {
        const auto values = presil::real_values(before(op.inputs[i])).value();
        replace_constant(op, i, options_.activations,
                         quantization_of(extent_of(values), options_.activations));
      }
  }

  void convert_op(Op& op) {
    switch (op.kind) {
      case OpKind::kConv:
      case OpKind::kDepthwiseConv:
      case OpKind::kFullyConnected:
        return convert_layer(op, 0);
      case OpKind::kTransposedConv:
        return convert_layer(op, 1);
      case OpKind::kMatMul:
        convert_layer(op, -1);
        return convert_partners(op);
      case OpKind::kLstm:
      case OpKind::kGru:
      case OpKind::kRnn:
        for (const std::size_t operand : {std::size_t{1}, std::size_t{2}})
          if (is_float_constant(op, operand))
            replace_constant(op, operand, options_.weights,
                             weight_quantization(before(op.inputs[operand]), -1));
        return;
      case OpKind::kCast:  // a number that becomes real is quantised instead
        if (builder_.tensor(op.outputs.front()).type == options_.activations &&
            is_float(op.as<CastAttrs>().to)) {
          op.kind = OpKind::kQuantize;
          op.attrs = CastAttrs{.to = options_.activations};
        }
        return;
      case OpKind::kLayerNorm:
      case OpKind::kBatchNorm:
      case OpKind::kInstanceNorm:
      case OpKind::kPRelu:
      case OpKind::kPow:
        return;
      default:
        return convert_partners(op);
    }
  }

  const Graph& graph_;
  const SyntheticOptions& options_;
  GraphBuilder builder_;
  std::vector<Extent> extents_;
};

bool has_quantized_activations(const Graph& graph) {
  return std::any_of(graph.tensors().begin(), graph.tensors().end(), [](const TensorDesc& t) {
    return !t.constant && t.quantization && !is_float(t.type);
  });
}

}  // namespace

Graph synthetic(const Graph& graph, const SyntheticOptions& options) {
  const DataType type = options.activations;
  const bool integer =
      type == DataType::kInt8 || type == DataType::kUint8 || type == DataType::kInt16;
  if (!integer && !is_float(type))
    throw Error("activations cannot be {}; known: int8, uint8, int16, fp16, bf16, fp32, fp64",
                name_of(type));
  Graph valued = with_synthetic_values(graph, options.seed);
  if (has_quantized_activations(valued)) return valued;
  Converter converter(valued, options);
  return integer ? converter.to_integers() : converter.to_floats();
}

}  // namespace presil
