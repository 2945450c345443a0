// Random LSTM, GRU and RNN layers.

#include "tests/sim/operand_maker.h"

namespace presil::testing {

namespace {

using Maker = OperandMaker;
using enum OpKind;

TensorId recurrent(Maker& m, OpKind kind, std::int64_t gates) {
  RecurrentAttrs attrs{
      .hidden = m.of<std::int64_t>({1, 5, 8, 16, 24, 40}),
      .direction = m.of<Direction>({Direction::kForward, Direction::kForward, Direction::kReverse,
                                    Direction::kBidirectional}),
      .batch_first = m.chance(40),
      .linear_before_reset = m.chance(50)};
  const std::int64_t directions = attrs.direction == Direction::kBidirectional ? 2 : 1;
  const std::int64_t time = m.in(1, 7), batch = m.in(1, 2), features = m.in(1, 30);
  const std::int64_t sums = gates * attrs.hidden;
  std::vector<TensorId> operands{
      m.input(attrs.batch_first ? Shape{batch, time, features} : Shape{time, batch, features}),
      m.weights({directions, sums, features}, -1), m.weights({directions, sums, attrs.hidden}, -1)};
  if (m.chance(60)) operands.push_back(m.reals({directions, 2 * sums}, -0.5, 0.5));
  std::vector<TensorDesc> results{{.name = "states", .type = m.type()}};
  if (m.chance(40)) results.push_back({.name = "last", .type = m.type()});
  if (kind == kLstm && results.size() == 2 && m.chance(60))
    results.push_back({.name = "cells", .type = m.type()});
  for (TensorDesc& result : results)
    result.quantization = m.floats() ? std::nullopt : m.quantization(0.007, 0.01);
  if (results.size() > 1) results[1].quantization = results[0].quantization;
  const auto made = m.builder.add_op_into(kind, attrs, operands, results, "recurrent");
  for (std::size_t i = 1; i < made.size(); ++i) m.builder.mark_output(made[i]);
  return made[0];
}

TensorId lstm(Maker& m, TensorId) { return recurrent(m, kLstm, 4); }
TensorId gru(Maker& m, TensorId) { return recurrent(m, kGru, 3); }
TensorId rnn(Maker& m, TensorId) { return recurrent(m, kRnn, 1); }

}  // namespace

std::vector<RandomOp> random_recurrent_ops() {
  return {{"Lstm", true, lstm}, {"Gru", true, gru}, {"Rnn", true, rnn}};
}

}  // namespace presil::testing
