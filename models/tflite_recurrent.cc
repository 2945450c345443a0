// Recurrent operators.

#include <algorithm>
#include <array>
#include <cstring>

#include "models/tflite_operators.h"

namespace presil {
namespace {

using tflite_schema::ActivationFunctionType;
using tflite_schema::BuiltinOperator;

// Operands of UNIDIRECTIONAL_SEQUENCE_LSTM, in the order of TFLite's kernel: x; input weights,
// recurrent weights, peepholes and biases by gate; projection; states; layer norm.
constexpr std::size_t kInputWeights = 1, kRecurrentWeights = 5, kPeepholes = 9, kBiases = 12;
constexpr std::size_t kProjection = 16, kLayerNorm = 20, kOperands = 24;
// TFLite lists the gates as input, forget, cell, output; kLstm (like ONNX) as i, o, f, c.
constexpr std::array<std::size_t, 4> kGates = {0, 3, 1, 2};

void check_lstm(TfliteContext& context, const TfliteOp& op) {
  const auto* options = op.raw->builtin_options_as_UnidirectionalSequenceLSTMOptions();
  if (options == nullptr)
    throw Error("{}: its options are missing; the file is corrupt", context.file().place(op));
  const auto given = [&](std::size_t first, std::size_t past) {
    for (std::size_t i = first; i < past; ++i)
      if (TfliteContext::has_input(op, i)) return true;
    return false;
  };
  if (given(kPeepholes, kBiases)) throw TfliteUnsupported("peephole connections");
  if (given(kProjection, kProjection + 2)) throw TfliteUnsupported("a projection");
  if (given(kLayerNorm, kOperands)) throw TfliteUnsupported("layer normalisation");
  if (!TfliteContext::has_input(op, kInputWeights))
    throw TfliteUnsupported("coupled input and forget gates");
  if (options->diagonal_recurrent_tensors()) throw TfliteUnsupported("diagonal weights");
  if (options->fused_activation_function() != ActivationFunctionType::TANH)
    throw TfliteUnsupported("an activation other than TANH");
}

/// One scale for each row of a gate, so that gates of different scales can be one tensor.
void append_quantization(Quantization& all, const TensorDesc& part, std::int64_t rows) {
  if (!part.quantization) return;
  for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
    const std::size_t i = part.quantization->axis < 0 ? 0 : row;
    all.scale.push_back(part.quantization->scale[i]);
    all.zero_point.push_back(part.quantization->zero_point[i]);
  }
}

/// Constants of equal shape and type joined along their first axis, behind an axis of extent 1 (the
/// direction). `zeros` appends that many rows of zeros.
TensorId joined(TfliteContext& context, const TfliteOp& op, const std::vector<TensorId>& parts,
                std::int64_t zeros, std::string_view suffix) {
  const TensorDesc first = context.builder().tensor(parts.front());
  const std::int64_t rows = first.shape.front();
  TensorDesc all;
  all.name = fmt::format("{}/{}", first.name, suffix);
  all.type = first.type;
  all.constant = true;
  all.shape = first.shape;
  all.shape.front() = rows * static_cast<std::int64_t>(parts.size()) + zeros;
  Quantization quantization{.scale = {}, .zero_point = {}, .axis = 1};
  TensorData bytes;
  for (const TensorId id : parts) {
    const TensorDesc& part = context.builder().tensor(id);
    if (!part.constant || !part.data) throw TfliteUnsupported("{} that are no constants", suffix);
    if (part.shape != first.shape || part.type != first.type)
      throw Error("{}: {} of the gates differ in shape or type: {} and {}",
                  context.file().place(op), suffix, to_string(first.shape), to_string(part.shape));
    if (part.type == DataType::kInt4) throw TfliteUnsupported("int4 {}", suffix);
    bytes.insert(bytes.end(), part.data->begin(), part.data->end());
    append_quantization(quantization, part, rows);
  }
  if (zeros > 0) {
    bytes.resize(static_cast<std::size_t>(element_count(all.shape)) *
                 static_cast<std::size_t>(bits_of(all.type) / 8));
    if (!quantization.scale.empty()) {
      quantization.scale.resize(static_cast<std::size_t>(all.shape.front()), 1.0f);
      quantization.zero_point.resize(static_cast<std::size_t>(all.shape.front()), 0);
    }
  }
  all.shape.insert(all.shape.begin(), 1);
  if (static_cast<std::int64_t>(quantization.scale.size()) == all.shape[1])
    all.quantization = std::move(quantization);
  all.data = std::make_shared<const TensorData>(std::move(bytes));
  return context.builder().add_constant(std::move(all));
}

TensorId gates(TfliteContext& context, const TfliteOp& op, std::size_t first, std::size_t rank,
               std::int64_t zeros, std::string_view suffix) {
  std::vector<TensorId> parts;
  for (const std::size_t gate : kGates) {
    tflite_shape_of_rank(context, op, first + gate, rank);
    parts.push_back(context.weights(op, first + gate, TfliteLayout::kPlain));
  }
  return joined(context, op, parts, zeros, suffix);
}

/// Both states start as zeros in TFLite, so they are no operands here.
void convert_lstm(TfliteContext& context, const TfliteOp& op) {
  check_lstm(context, op);
  const auto* options = op.raw->builtin_options_as_UnidirectionalSequenceLSTMOptions();
  const Shape x = tflite_shape_of_rank(context, op, 0, 3);
  const Shape recurrent = tflite_shape_of_rank(context, op, kRecurrentWeights + 1, 2);
  const std::int64_t hidden = recurrent[0];
  std::vector<TensorId> inputs = {context.input(op, 0),
                                  gates(context, op, kInputWeights, 2, 0, "input weights"),
                                  gates(context, op, kRecurrentWeights, 2, 0, "recurrent weights")};
  if (TfliteContext::has_input(op, kBiases))  // behind the biases of x those of h: none in TFLite
    inputs.push_back(gates(context, op, kBiases, 1, 4 * hidden, "biases"));
  const RecurrentAttrs attrs{.hidden = hidden, .batch_first = !options->time_major()};
  // kLstm gives [T,directions,N,H] ([N,T,directions,H] if batch_first): one direction here.
  const TensorId all = context.step_like(op, OpKind::kLstm, attrs, std::move(inputs),
                                         context.output_index(op), "states");
  context.result(op, OpKind::kReshape, ReshapeAttrs{.shape = {x[0], x[1], hidden}}, {all});
}

constexpr std::array kRows = {
    TfliteOperator{BuiltinOperator::UNIDIRECTIONAL_SEQUENCE_LSTM, convert_lstm},
};

}  // namespace

std::span<const TfliteOperator> tflite_recurrent_operators() { return kRows; }

}  // namespace presil
