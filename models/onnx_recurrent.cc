// LSTM, GRU and RNN: their weights are laid out as kLstm, kGru and kRnn want them.

#include <algorithm>
#include <array>
#include <cctype>

#include "models/onnx_operators.h"

namespace presil {
namespace {

enum Operand : std::size_t { kX, kW, kR, kBias, kLengths, kInitialH, kInitialC, kPeepholes };

Direction direction_of(const OnnxNode& node) {
  const std::string direction = node.text("direction", "forward");
  if (direction == "forward") return Direction::kForward;
  if (direction == "reverse") return Direction::kReverse;
  if (direction == "bidirectional") return Direction::kBidirectional;
  throw Error("{}: direction must be forward, reverse or bidirectional, is \"{}\"", node.place(),
              printable(direction));
}

/// `usual`: the activations of one direction that the operator has by default, in lower case.
void check_activations(const OnnxNode& node, const std::vector<std::string>& usual) {
  std::vector<std::string> given = node.texts("activations");
  for (std::string& name : given)
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (std::size_t i = 0; i < given.size(); ++i)
    if (given[i] != usual[i % usual.size()])
      throw OnnxUnsupported("activation {} (only the default ones are)", printable(given[i]));
  if (node.real("clip", 0) != 0) throw OnnxUnsupported("clip");
  if (node.integer("input_forget", 0) != 0) throw OnnxUnsupported("input_forget");
}

/// Sequences that are all as long as the tensor say nothing new; shorter ones would.
void check_lengths(OnnxContext& context, const OnnxNode& node, std::int64_t time) {
  if (!node.has_input(kLengths)) return;
  const OnnxConstant* lengths = context.constant(node, kLengths);
  if (lengths == nullptr || !lengths->data) return;  // at most `time`: the most there is to do
  for (const std::int64_t length : integers_of(*lengths))
    if (length != time)
      throw OnnxUnsupported("a sequence of {} steps in a tensor with {}", length, time);
}

void convert_recurrent(OnnxContext& context, const OnnxNode& node, OpKind kind) {
  require_onnx_operands(node, 3, kind == OpKind::kLstm ? 8 : 6);
  if (node.has_input(kPeepholes)) throw OnnxUnsupported("peephole connections");
  const Shape x = context.shape(node, kX), r = context.shape(node, kR);
  if (x.size() != 3 || r.size() != 3)
    throw Error("{}: x {} and recurrent weights {} must have 3 dimensions", node.place(),
                to_string(x), to_string(r));
  RecurrentAttrs attrs{.hidden = node.integer("hidden_size", r[2]),
                       .direction = direction_of(node),
                       .batch_first = node.integer("layout", 0) != 0,
                       .linear_before_reset = node.integer("linear_before_reset", 0) != 0};
  check_lengths(context, node, x[attrs.batch_first ? 1 : 0]);
  std::vector<TensorId> inputs{context.input(node, kX), context.input(node, kW),
                               context.input(node, kR), context.optional_input(node, kBias),
                               context.optional_input(node, kInitialH)};
  if (kind == OpKind::kLstm) inputs.push_back(context.optional_input(node, kInitialC));
  // As many results as the node names; a left-out one in front of another is made and not used.
  std::size_t results = std::min<std::size_t>(node.output_count(), kind == OpKind::kLstm ? 3 : 2);
  while (results > 1 && !node.has_output(results - 1)) --results;
  context.results(node, kind, attrs, std::move(inputs), std::vector<Shape>(results));
}

void convert_lstm(OnnxContext& context, const OnnxNode& node) {
  check_activations(node, {"sigmoid", "tanh", "tanh"});
  convert_recurrent(context, node, OpKind::kLstm);
}

void convert_gru(OnnxContext& context, const OnnxNode& node) {
  check_activations(node, {"sigmoid", "tanh"});
  convert_recurrent(context, node, OpKind::kGru);
}

void convert_rnn(OnnxContext& context, const OnnxNode& node) {
  check_activations(node, {"tanh"});
  convert_recurrent(context, node, OpKind::kRnn);
}

constexpr std::array kRows = {
    OnnxOperator{"LSTM", convert_lstm},
    OnnxOperator{"GRU", convert_gru},
    OnnxOperator{"RNN", convert_rnn},
};

}  // namespace

std::span<const OnnxOperator> onnx_recurrent_operators() { return kRows; }

}  // namespace presil
