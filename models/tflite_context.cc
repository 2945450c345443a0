#include "models/tflite_context.h"

#include <algorithm>
#include <cstring>

namespace presil {
namespace {

using tflite_schema::ActivationFunctionType;

/// Copies of constants may take this much: ten times the file, for tensors that share a buffer.
std::int64_t copy_budget(const TfliteFile& file) { return 10 * file.size() + (1 << 20); }

template <typename T>
std::vector<std::int64_t> widened(std::span<const std::byte> data) {
  std::vector<std::int64_t> values;
  for (std::size_t at = 0; at + sizeof(T) <= data.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, &data[at], sizeof(T));
    values.push_back(static_cast<std::int64_t>(value));
  }
  return values;
}

std::optional<std::vector<std::int64_t>> integers_of(const TfliteTensor& tensor) {
  if (tensor.type == DataType::kInt32) return widened<std::int32_t>(tensor.data);
  if (tensor.type == DataType::kInt64) return widened<std::int64_t>(tensor.data);
  return std::nullopt;
}

std::optional<float> raw_scalar(const TfliteTensor& tensor) {
  if (tensor.type == DataType::kFloat32) {
    float value;
    std::memcpy(&value, tensor.data.data(), sizeof(value));
    return value;
  }
  std::vector<std::int64_t> values;
  if (tensor.type == DataType::kInt8) values = widened<std::int8_t>(tensor.data);
  if (tensor.type == DataType::kUint8) values = widened<std::uint8_t>(tensor.data);
  if (tensor.type == DataType::kInt16) values = widened<std::int16_t>(tensor.data);
  if (tensor.type == DataType::kInt32) values = widened<std::int32_t>(tensor.data);
  if (values.empty()) return std::nullopt;
  return static_cast<float>(values.front());
}

}  // namespace

std::int64_t normalized_axis(std::int64_t axis, std::size_t rank, const std::string& where) {
  const auto limit = static_cast<std::int64_t>(rank);
  if (axis < -limit || axis >= limit)
    throw Error("{}: axis {} is outside of a tensor of {} dimensions", where, axis, rank);
  return axis < 0 ? axis + limit : axis;
}

TfliteContext::TfliteContext(const TfliteFile& file, const ImportOptions& options)
    : file_(file),
      builder_(std::filesystem::path(file.path()).stem().string()),
      infer_shapes_(!options.input_shapes.empty()),
      budget_(copy_budget(file)),
      values_(file.tensors().size(), kNoTensor) {
  for (const std::int32_t index : file.inputs()) add_graph_input(index, options);
  for (const auto& [name, shape] : options.input_shapes) {
    const auto is_named = [&, &wanted = name](std::int32_t index) {
      return tensor_name(index) == wanted;
    };
    if (std::none_of(file.inputs().begin(), file.inputs().end(), is_named)) {
      std::string known;
      for (const std::int32_t index : file.inputs()) known += " \"" + tensor_name(index) + "\"";
      throw Error("{}: no input is named \"{}\"; the inputs are{}", file.path(), name, known);
    }
  }
}

void TfliteContext::add_graph_input(std::int32_t index, const ImportOptions& options) {
  if (values_[static_cast<std::size_t>(index)] != kNoTensor || is_constant(index)) return;
  const std::string where = fmt::format("{}: input \"{}\"", file_.path(), tensor_name(index));
  if (file_.producers()[static_cast<std::size_t>(index)] >= 0)
    throw Error("{}: an operator writes it as well", where);
  TensorDesc tensor = described(index, false);
  const auto given = options.input_shapes.find(tensor.name);
  if (given != options.input_shapes.end()) {
    if (given->second.size() != tensor.shape.size())
      throw Error("{}: shape {} given, but the file has {} (in the file's order, channels last)",
                  where, to_string(given->second), to_string(tensor.shape));
    tensor.shape = given->second;
  }
  for (const std::int64_t extent : tensor.shape)
    if (extent < 1)
      throw Error("{}: extents must be >= 1, are {}; give them with --input", where,
                  to_string(tensor.shape));
  tensor = laid_out(std::move(tensor), TfliteLayout::kPlain, where);
  names_.insert(tensor.name);
  bind(index, builder_.add_input(tensor.name, tensor.type, tensor.shape, tensor.quantization));
}

bool TfliteContext::has_input(const TfliteOp& op, std::size_t position) {
  return position < op.inputs.size() && op.inputs[position] >= 0;
}

std::int32_t TfliteContext::input_index(const TfliteOp& op, std::size_t position) const {
  if (!has_input(op, position))
    throw Error("{}: operand {} is missing; the file is corrupt", file_.place(op), position);
  return op.inputs[position];
}

std::int32_t TfliteContext::output_index(const TfliteOp& op, std::size_t position) const {
  if (position >= op.outputs.size())
    throw Error("{}: result {} is missing; the file is corrupt", file_.place(op), position);
  return op.outputs[position];
}

TensorId TfliteContext::value(std::int32_t index) {
  const TensorId id = values_[static_cast<std::size_t>(index)];
  if (id != kNoTensor) return id;
  return folded_.contains(index) ? folded_constant(index) : constant(index, TfliteLayout::kPlain);
}

TensorId TfliteContext::input(const TfliteOp& op, std::size_t position) {
  return value(input_index(op, position));
}

TensorId TfliteContext::optional_input(const TfliteOp& op, std::size_t position) {
  return has_input(op, position) ? value(op.inputs[position]) : kNoTensor;
}

TensorId TfliteContext::weights(const TfliteOp& op, std::size_t position, TfliteLayout layout) {
  std::int32_t index = input_index(op, position);
  const std::int32_t producer = file_.producers()[static_cast<std::size_t>(index)];
  if (producer >= 0) {
    const TfliteOp& maker = file_.ops()[static_cast<std::size_t>(producer)];
    if (maker.code == tflite_schema::BuiltinOperator::DEQUANTIZE && has_input(maker, 0) &&
        is_constant(maker.inputs[0]))
      index = maker.inputs[0];
  }
  if (is_constant(index)) return constant(index, layout);
  const TensorId id = value(index);
  if (layout == TfliteLayout::kPlain) return id;
  throw TfliteUnsupported("weights (operand {}) that are no constant", position);
}

TensorId TfliteContext::broadcast_input(const TfliteOp& op, std::size_t position,
                                        std::size_t rank) {
  const std::int32_t index = input_index(op, position);
  const Shape shape = file_shape(index);
  if (rank != 4 || shape.size() == 4 || element_count(shape) == 1) return value(index);
  if (is_constant(index)) return constant(index, TfliteLayout::kLifted);
  Shape lifted = shape;
  lifted.insert(lifted.begin(), 4 - shape.size(), 1);
  return reshaped(op, value(index), lifted, "lifted");
}

Shape TfliteContext::file_shape(std::int32_t index) const {
  const TensorId id = values_[static_cast<std::size_t>(index)];
  if (id != kNoTensor) return to_channels_last(builder_.tensor(id).shape);
  const auto folded = folded_.find(index);
  return folded != folded_.end() ? folded->second.shape : file_.tensor(index).shape;
}

bool TfliteContext::is_constant(std::int32_t index) const {
  return !file_.tensor(index).data.empty();
}

std::optional<TfliteIntegers> TfliteContext::integers(std::int32_t index) const {
  const auto folded = folded_.find(index);
  if (folded != folded_.end()) return folded->second;
  const TfliteTensor& tensor = file_.tensor(index);
  const bool produced = file_.producers()[static_cast<std::size_t>(index)] >= 0;
  const bool no_elements =
      std::find(tensor.shape.begin(), tensor.shape.end(), 0) != tensor.shape.end();
  if (!is_constant(index) && (produced || !no_elements)) return std::nullopt;
  constexpr std::size_t kMostBytes = 1 << 16;  // shapes, axes, pads: never weights
  if (tensor.sparse || tensor.data.size() > kMostBytes) return std::nullopt;
  auto values = integers_of(tensor);
  if (!values) return std::nullopt;
  return TfliteIntegers{tensor.shape, std::move(*values)};
}

std::vector<std::int64_t> TfliteContext::integer_input(const TfliteOp& op, std::size_t position,
                                                       std::string_view what) const {
  auto known = integers(input_index(op, position));
  if (!known)
    throw TfliteUnsupported("{} (operand {}) must be an int32 or int64 constant", what, position);
  // Indices far behind the end mean "to the end"; with this bound no sum of them overflows.
  for (std::int64_t& value : known->values)
    value = std::clamp(value, -kMaxTfliteElements, kMaxTfliteElements);
  return std::move(known->values);
}

float TfliteContext::scalar_input(const TfliteOp& op, std::size_t position) const {
  const std::int32_t index = input_index(op, position);
  const TfliteTensor& tensor = file_.tensor(index);
  const auto raw = is_constant(index) && element_count(tensor.shape) == 1 && !tensor.sparse
                       ? raw_scalar(tensor)
                       : std::nullopt;
  if (!raw) throw TfliteUnsupported("operand {} must be a constant of one element", position);
  const auto* q = tensor.quantization;
  if (q == nullptr || q->scale() == nullptr || q->scale()->size() == 0) return *raw;
  const bool has_zero = q->zero_point() != nullptr && q->zero_point()->size() > 0;
  return q->scale()->Get(0) *
         (*raw - (has_zero ? static_cast<float>(tflite_zero_point(*q, 0)) : 0.0f));
}

TensorDesc TfliteContext::declaration(std::int32_t index) {
  TensorDesc tensor = described(index, false);
  for (const std::int64_t extent : tensor.shape)
    if (extent < 1 && !file_.tensor(index).open_extents && !infer_shapes_)
      throw Error("{}: tensor \"{}\": extents must be >= 1, are {}", file_.path(), tensor.name,
                  to_string(tensor.shape));
  tensor = laid_out(std::move(tensor), TfliteLayout::kPlain, file_.path());
  if (infer_shapes_ || file_.tensor(index).open_extents) tensor.shape.clear();
  return tensor;
}

TensorId TfliteContext::step(const TfliteOp& op, OpKind kind, OpAttrs attrs,
                             std::vector<TensorId> inputs, DataType type,
                             std::optional<Quantization> quantization, std::string_view suffix) {
  if (quantization && quantization->axis >= 0) quantization.reset();
  const std::string name = unique_name(op, suffix);
  TensorDesc output;
  output.name = name;
  output.type = type;
  output.quantization = std::move(quantization);
  return builder_.add_op_into(kind, std::move(attrs), std::move(inputs), {std::move(output)}, name)
      .front();
}

TensorId TfliteContext::step_like(const TfliteOp& op, OpKind kind, OpAttrs attrs,
                                  std::vector<TensorId> inputs, std::int32_t like,
                                  std::string_view suffix) {
  const TensorDesc model = described(like, false);
  return step(op, kind, std::move(attrs), std::move(inputs), model.type, model.quantization,
              suffix);
}

void TfliteContext::result(const TfliteOp& op, OpKind kind, OpAttrs attrs,
                           std::vector<TensorId> inputs, ActivationFunctionType activation) {
  const std::int32_t index = output_index(op);
  if (activation != ActivationFunctionType::NONE) {
    inputs = {step_like(op, kind, std::move(attrs), std::move(inputs), index, "linear")};
    attrs = {};
    switch (activation) {
      case ActivationFunctionType::RELU:
        kind = OpKind::kRelu;
        break;
      case ActivationFunctionType::RELU6:
        kind = OpKind::kRelu6;
        break;
      case ActivationFunctionType::TANH:
        kind = OpKind::kTanh;
        break;
      case ActivationFunctionType::RELU_N1_TO_1:
        kind = OpKind::kClip;
        attrs = UnaryAttrs{.alpha = -1, .beta = 1};
        break;
      case ActivationFunctionType::NONE:
      case ActivationFunctionType::SIGN_BIT:
        throw TfliteUnsupported("the fused activation SIGN_BIT");
    }
  }
  const auto made = builder_.add_op_into(kind, std::move(attrs), std::move(inputs),
                                         {declaration(index)}, unique_name(op, ""));
  bind(index, made.front());
}

void TfliteContext::results(const TfliteOp& op, OpKind kind, OpAttrs attrs,
                            std::vector<TensorId> inputs, const std::vector<Shape>& open) {
  std::vector<TensorDesc> outputs;
  for (const std::int32_t index : op.outputs) {
    TensorDesc output = declaration(index);
    if (output.shape.empty() && outputs.size() < open.size()) output.shape = open[outputs.size()];
    outputs.push_back(std::move(output));
  }
  const auto made = builder_.add_op_into(kind, std::move(attrs), std::move(inputs),
                                         std::move(outputs), unique_name(op, ""));
  for (std::size_t i = 0; i < made.size(); ++i) bind(op.outputs[i], made[i]);
}

void TfliteContext::bind(std::int32_t index, TensorId id) {
  values_[static_cast<std::size_t>(index)] = id;
}

void TfliteContext::fold(std::int32_t index, TfliteIntegers integers) {
  folded_[index] = std::move(integers);
}

TensorId TfliteContext::reshaped(const TfliteOp& op, TensorId id, const Shape& shape,
                                 std::string_view suffix) {
  const TensorDesc& from = builder_.tensor(id);
  const bool maps = from.shape.size() == 4 || shape.size() == 4;
  return step(op, OpKind::kReshape,
              ReshapeAttrs{.shape = to_channels_first(shape), .channels_last = maps}, {id},
              from.type, from.quantization, suffix);
}

void TfliteContext::host(const TfliteOp& op) {
  std::vector<TensorId> inputs;
  for (const std::int32_t index : op.inputs) {
    const bool state = index >= 0 && file_.tensor(index).variable;
    if (index >= 0 && !state) inputs.push_back(value(index));
  }
  HostAttrs attrs{.type = op.code_name, .output_shapes = {}, .output_types = {}};
  std::vector<TensorDesc> outputs;
  for (const std::int32_t index : op.outputs) {
    TensorDesc output = laid_out(described(index, false), TfliteLayout::kPlain, file_.place(op));
    for (std::int64_t& extent : output.shape) extent = std::max<std::int64_t>(extent, 1);
    attrs.output_shapes.push_back(output.shape);
    attrs.output_types.push_back(output.type);
    outputs.push_back(std::move(output));
  }
  const auto made = builder_.add_op_into(OpKind::kHost, std::move(attrs), std::move(inputs),
                                         std::move(outputs), unique_name(op, ""));
  for (std::size_t i = 0; i < made.size(); ++i) bind(op.outputs[i], made[i]);
}

TensorId TfliteContext::add_float(float value, std::string name) {
  TensorData bytes(sizeof(value));
  std::memcpy(bytes.data(), &value, sizeof(value));
  return builder_.add_constant({.name = std::move(name),
                                .type = DataType::kFloat32,
                                .shape = {},
                                .constant = true,
                                .quantization = {},
                                .data = std::make_shared<const TensorData>(std::move(bytes))});
}

Graph TfliteContext::finish() {
  for (const std::int32_t index : file_.outputs()) builder_.mark_output(value(index));
  return std::move(builder_).finish();
}

std::string TfliteContext::tensor_name(std::int32_t index) const {
  const std::string_view name = file_.tensor(index).name;
  return name.empty() ? fmt::format("tensor {}", index) : std::string(name);
}

std::string TfliteContext::unique_name(const TfliteOp& op, std::string_view suffix) {
  std::string name = op.outputs.empty() ? op.code_name : tensor_name(op.outputs[0]);
  if (!suffix.empty()) name += fmt::format("/{}", suffix);
  std::string unique = name;
  for (int copy = 2; !names_.insert(unique).second; ++copy)
    unique = fmt::format("{} #{}.{}", name, op.index, copy);
  return unique;
}

}  // namespace presil
