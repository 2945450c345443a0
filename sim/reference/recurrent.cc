// LSTM, GRU and RNN on real numbers: gates in double; h is rounded to its stored form after every
// step (it is what the next step reads), c stays in double.

#include <Eigen/Core>
#include <cmath>

#include "sim/reference/op_call.h"

namespace presil::reference {

namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Eigen::ArrayXXd;

ArrayXXd sigmoid(const ArrayXXd& x) { return 1 / (1 + (-x).exp()); }

/// Extents, and where an element of x, y or a state lies.
struct Layout {
  std::int64_t time, batch, features, hidden, directions;
  bool batch_first;

  std::size_t x(std::int64_t t, std::int64_t n) const {
    return static_cast<std::size_t>((batch_first ? n * time + t : t * batch + n) * features);
  }
  std::size_t y(std::int64_t t, std::int64_t d, std::int64_t n) const {
    return static_cast<std::size_t>(
        (batch_first ? (n * time + t) * directions + d : (t * directions + d) * batch + n) *
        hidden);
  }
  std::size_t state(std::int64_t d, std::int64_t n) const {
    return static_cast<std::size_t>((batch_first ? n * directions + d : d * batch + n) * hidden);
  }
};

Layout layout_of(const OpCall& call) {
  const RecurrentAttrs& attrs = call.op.as<RecurrentAttrs>();
  const Shape& x = call.in().shape;
  return {.time = x[attrs.batch_first ? 1 : 0],
          .batch = x[attrs.batch_first ? 0 : 1],
          .features = x[2],
          .hidden = attrs.hidden,
          .directions = attrs.direction == Direction::kBidirectional ? 2 : 1,
          .batch_first = attrs.batch_first};
}

/// Weights of one direction, and its state [batch, hidden].
struct Cell {
  OpKind kind;
  bool linear_before_reset;
  std::int64_t hidden;
  Matrix w, r;                ///< [gates * hidden, .]
  Eigen::RowVectorXd wb, rb;  ///< [gates * hidden]
  ArrayXXd h, c;

  /// One step: x [batch, features].
  void step(const Matrix& x) {
    const Matrix from_x = (x * w.transpose()).rowwise() + wb;
    const Matrix from_h = (h.matrix() * r.transpose()).rowwise() + rb;
    const auto gate = [&](std::int64_t i) -> ArrayXXd {
      return (from_x + from_h).middleCols(i * hidden, hidden).array();
    };
    if (kind == OpKind::kLstm) {  // input, output, forget, cell
      c = sigmoid(gate(2)) * c + sigmoid(gate(0)) * gate(3).tanh();
      h = sigmoid(gate(1)) * c.tanh();
    } else if (kind == OpKind::kRnn) {
      h = gate(0).tanh();
    } else {  // update, reset, hidden
      const ArrayXXd z = sigmoid(gate(0)), reset = sigmoid(gate(1));
      ArrayXXd candidate = from_x.middleCols(2 * hidden, hidden).array();
      if (linear_before_reset) {
        candidate += reset * from_h.middleCols(2 * hidden, hidden).array();
      } else {
        const Matrix kept = (reset * h).matrix() * r.middleRows(2 * hidden, hidden).transpose();
        candidate += (kept.rowwise() + rb.middleCols(2 * hidden, hidden)).array();
      }
      h = (1 - z) * candidate.tanh() + z * h;
    }
  }
};

Matrix slice(const std::vector<double>& values, std::int64_t index, std::int64_t rows,
             std::int64_t columns) {
  return Eigen::Map<const Matrix>(&values[static_cast<std::size_t>(index * rows * columns)], rows,
                                  columns);
}

ArrayXXd initial_state(const OpCall& call, const Layout& at, std::size_t operand, std::int64_t d) {
  ArrayXXd state = ArrayXXd::Zero(at.batch, at.hidden);
  if (!call.has(operand)) return state;
  const std::vector<double> values = real_values(call.in(operand));
  for (std::int64_t n = 0; n < at.batch; ++n)
    for (std::int64_t i = 0; i < at.hidden; ++i)
      state(n, i) = values[at.state(d, n) + static_cast<std::size_t>(i)];
  return state;
}

Cell cell_of(const OpCall& call, const Layout& at, std::int64_t d) {
  const std::vector<double> w = real_values(call.in(1)), r = real_values(call.in(2));
  const std::int64_t rows = call.in(1).shape[1];
  Cell cell{.kind = call.op.kind,
            .linear_before_reset = call.op.as<RecurrentAttrs>().linear_before_reset,
            .hidden = at.hidden,
            .w = slice(w, d, rows, at.features),
            .r = slice(r, d, rows, at.hidden),
            .wb = Eigen::RowVectorXd::Zero(rows),
            .rb = Eigen::RowVectorXd::Zero(rows),
            .h = initial_state(call, at, 4, d),
            .c = initial_state(call, at, 5, d)};
  if (!call.has(3)) return cell;
  const Matrix bias = slice(real_values(call.in(3)), d, 1, 2 * rows);
  cell.wb = bias.leftCols(rows);
  cell.rb = bias.rightCols(rows);
  return cell;
}

/// To the values that are stored, and read by the next step.
void round_to(const Tensor& result, ArrayXXd& h) {
  Tensor stored = empty_tensor(
      {.type = result.type, .shape = {h.rows(), h.cols()}, .quantization = result.quantization});
  Matrix values = h.matrix();
  store_reals(stored, std::span<const double>(values.data(), static_cast<std::size_t>(h.size())));
  h = slice(real_values(stored), 0, h.rows(), h.cols()).array();
}

void put(std::vector<double>& values, std::size_t at, const ArrayXXd& state, std::int64_t n) {
  for (std::int64_t i = 0; i < state.cols(); ++i)
    values[at + static_cast<std::size_t>(i)] = state(n, i);
}

}  // namespace

void run_recurrent(const OpCall& call) {
  const Layout at = layout_of(call);
  const Direction direction = call.op.as<RecurrentAttrs>().direction;
  const std::vector<double> x = real_values(call.in());
  std::vector<std::vector<double>> results;
  for (const Tensor& result : call.results)
    results.emplace_back(static_cast<std::size_t>(result.elements()));
  for (std::int64_t d = 0; d < at.directions; ++d) {
    Cell cell = cell_of(call, at, d);
    const bool backward = direction == Direction::kReverse || d == 1;
    for (std::int64_t step = 0; step < at.time; ++step) {
      const std::int64_t t = backward ? at.time - 1 - step : step;
      Matrix now(at.batch, at.features);
      for (std::int64_t n = 0; n < at.batch; ++n)
        for (std::int64_t i = 0; i < at.features; ++i)
          now(n, i) = x[at.x(t, n) + static_cast<std::size_t>(i)];
      cell.step(now);
      round_to(call.out(), cell.h);
      for (std::int64_t n = 0; n < at.batch; ++n) put(results[0], at.y(t, d, n), cell.h, n);
    }
    for (std::int64_t n = 0; n < at.batch; ++n) {
      if (results.size() > 1) put(results[1], at.state(d, n), cell.h, n);
      if (results.size() > 2) put(results[2], at.state(d, n), cell.c, n);
    }
  }
  for (std::size_t i = 0; i < results.size(); ++i) store_reals(call.out(i), results[i]);
}

}  // namespace presil::reference
