// LSTM, GRU and RNN: Hochreiter and Schmidhuber (1997) with a forget gate, Cho et al. (2014), Elman
// (1990), with the gates in ONNX's order.

#include <cmath>

#include "core/error.h"
#include "hw/kernels.h"

namespace presil::kernels {

namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double weight(const RecurrentFunction::Weights& w, const std::byte* packed, std::int64_t index,
              std::int64_t row) {
  std::int32_t bits = 0;
  if (w.bits == 4) {
    bits = static_cast<std::int32_t>(packed[index / 2]) >> (index % 2 * 4) & 0xf;
    bits = bits >= 8 ? bits - 16 : bits;
  } else {
    bits = read_bits(w.element, packed + index * bytes_of(w.element));
  }
  const auto at = static_cast<std::size_t>(w.scale.size() == 1 ? 0 : row);
  return w.scale[at] * (real_of(w.element, bits) - static_cast<double>(w.zero[at]));
}

class Recurrence {
 public:
  Recurrence(const Context& context, const RecurrentFunction& f)
      : context_(context),
        c_(context.computation),
        part_(context.computation.recurrent),
        f_(f),
        rows_(f.gates * f.hidden),
        own_(context.state.recurrent[context.core][context.computation.function]) {}

  std::vector<Line> run() {
    using Phase = RecurrentPart::Phase;
    if (part_.phase == Phase::kInputSums) return input_sums(), std::vector<Line>{};
    if (part_.phase == Phase::kStateSums) return state_sums(), std::vector<Line>{};
    return cell();
  }

 private:
  static std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

  /// The time that a step of this direction works on.
  std::int64_t time(std::int64_t step) const {
    const bool backward = f_.reverse || part_.direction == 1;
    return backward ? f_.steps - 1 - step : step;
  }

  void input_sums() {
    const Dense x = gather(c_.input, context_.sram);
    const std::byte* biases = context_.sram + c_.weights;
    const std::byte* packed = biases + part_.rows * 4;
    own_.first_step = part_.step;
    own_.input_sums.resize(index(part_.steps * f_.batch * rows_));
    for (std::int64_t i = 0; i < part_.rows; ++i) {
      const std::int64_t row = part_.first_row + i;
      std::vector<double> w(index(f_.features));
      for (std::int64_t j = 0; j < f_.features; ++j)
        w[index(j)] = weight(f_.input_weights, packed, i * f_.features + j, row);
      const double bias = bias_of(biases + i * 4, row);
      for (std::int64_t s = 0; s < part_.steps; ++s)
        for (std::int64_t n = 0; n < f_.batch; ++n) {
          const std::int64_t t = time(part_.step + s);
          const std::int64_t line = f_.batch_first ? n * f_.steps + t : outer(n, f_.steps, t);
          double sum = bias;
          for (std::int64_t j = 0; j < f_.features; ++j)
            sum += w[index(j)] * f_.in.real(x.at(line, 0, j));
          own_.input_sums[index((s * f_.batch + n) * rows_ + row)] = sum;
        }
    }
  }

  /// Place of a sequence's step among as many `lines`, each of all sequences side by side.
  std::int64_t outer(std::int64_t n, std::int64_t lines, std::int64_t line) const {
    return (n / f_.beside * lines + line) * f_.beside + n % f_.beside;
  }

  double bias_of(const std::byte* at, std::int64_t row) const {
    const RecurrentFunction::Weights& b = f_.bias;
    const auto i = b.scale.size() == 1 ? 0 : index(part_.direction * rows_ + row);
    return b.scale[i] *
           (real_of(b.element, read_bits(b.element, at)) - static_cast<double>(b.zero[i]));
  }

  double& h(std::int64_t n, std::int64_t i) { return own_.h[state(n, i)]; }
  double& c(std::int64_t n, std::int64_t i) { return own_.c[state(n, i)]; }
  std::size_t state(std::int64_t n, std::int64_t i) const {
    return index((part_.direction * f_.batch + n) * f_.hidden + i);
  }
  double& state_sum(std::int64_t n, std::int64_t row) {
    return own_.state_sums[index(n * rows_ + row)];
  }
  double input_sum(std::int64_t n, std::int64_t row) const {
    return own_.input_sums[index(((part_.step - own_.first_step) * f_.batch + n) * rows_ + row)];
  }
  double gate(std::int64_t n, std::int64_t number, std::int64_t i) {
    return input_sum(n, number * f_.hidden + i) + state_sum(n, number * f_.hidden + i);
  }

  /// What the last product of a GRU that resets before it multiplies.
  std::vector<double> kept_state() {
    std::vector<double> kept;
    for (std::int64_t n = 0; n < f_.batch; ++n)
      for (std::int64_t i = 0; i < f_.hidden; ++i) kept.push_back(sigmoid(gate(n, 1, i)) * h(n, i));
    return kept;
  }
  std::vector<double> whole_state() {
    const auto first = own_.h.begin() + static_cast<std::ptrdiff_t>(state(0, 0));
    return {first, first + f_.batch * f_.hidden};
  }

  void state_sums() {
    if (part_.direction == 0 && part_.step == 0 && part_.first_row == 0) start();
    own_.state_sums.resize(index(f_.batch * rows_));
    const bool resets = f_.cell == RecurrentFunction::Cell::kGru && !f_.linear_before_reset;
    const std::byte* packed = context_.sram + c_.weights;
    std::vector<double> moving = whole_state(), w(index(f_.hidden));
    bool reset = false;
    for (std::int64_t i = 0; i < part_.rows; ++i) {
      const std::int64_t row = part_.first_row + i;
      if (resets && !reset && row >= 2 * f_.hidden) moving = kept_state(), reset = true;
      for (std::int64_t j = 0; j < f_.hidden; ++j)
        w[index(j)] = weight(f_.state_weights, packed, i * f_.hidden + j, row);
      for (std::int64_t n = 0; n < f_.batch; ++n) {
        double sum = state_bias(row);
        for (std::int64_t j = 0; j < f_.hidden; ++j)
          sum += w[index(j)] * moving[index(n * f_.hidden + j)];
        state_sum(n, row) = sum;
      }
    }
  }
  double state_bias(std::int64_t row) const {
    return f_.state_bias.empty() ? 0 : f_.state_bias[index(part_.direction * rows_ + row)];
  }
  void start() {
    const auto states = index(f_.directions * f_.batch * f_.hidden);
    own_.h = f_.first_h.empty() ? std::vector<double>(states) : f_.first_h;
    own_.c = f_.first_c.empty() ? std::vector<double>(states) : f_.first_c;
  }

  std::vector<Line> cell() {
    for (std::int64_t n = 0; n < f_.batch; ++n)
      for (std::int64_t i = 0; i < f_.hidden; ++i) {
        update(n, i);
        h(n, i) = f_.state.real(f_.state.stored(h(n, i)));
      }
    using Result = RecurrentFunction::Result;
    if (f_.result != Result::kSteps && part_.step + 1 != f_.steps) return {};
    std::vector<Line> lines;
    for (std::int64_t n = 0; n < f_.batch; ++n) {
      Line line{line_of(row_of_result(n)), {}};
      for (std::int64_t i = 0; i < f_.hidden; ++i)
        line.values.push_back(f_.out.stored(f_.result == Result::kLastC ? c(n, i) : h(n, i)));
      lines.push_back(std::move(line));
    }
    return lines;
  }

  void update(std::int64_t n, std::int64_t i) {
    using Cell = RecurrentFunction::Cell;
    switch (f_.cell) {
      case Cell::kLstm: {  // input, output, forget, cell
        c(n, i) =
            sigmoid(gate(n, 2, i)) * c(n, i) + sigmoid(gate(n, 0, i)) * std::tanh(gate(n, 3, i));
        h(n, i) = sigmoid(gate(n, 1, i)) * std::tanh(c(n, i));
        return;
      }
      case Cell::kRnn:
        h(n, i) = std::tanh(gate(n, 0, i));
        return;
      case Cell::kGru: {  // update, reset, hidden
        const double keep = sigmoid(gate(n, 0, i));
        const double share = f_.linear_before_reset ? sigmoid(gate(n, 1, i)) : 1;
        const std::int64_t row = 2 * f_.hidden + i;
        const double candidate = std::tanh(input_sum(n, row) + share * state_sum(n, row));
        h(n, i) = (1 - keep) * candidate + keep * h(n, i);
        return;
      }
    }
  }

  /// The result is [time][direction][sequence] or, batch first, [sequence][time][direction];
  /// without the time for a last state.
  std::int64_t row_of_result(std::int64_t n) const {
    const bool steps = f_.result == RecurrentFunction::Result::kSteps;
    const std::int64_t t = steps ? time(part_.step) : 0, times = steps ? f_.steps : 1;
    return f_.batch_first ? (n * times + t) * f_.directions + part_.direction
                          : outer(n, times * f_.directions, t * f_.directions + part_.direction);
  }
  SramView line_of(std::int64_t row) const {
    SramView view = c_.output;
    view.address = c_.output.row_address(row);
    view.box.row = row;
    view.box.rows = 1;
    return view;
  }

  const Context& context_;
  const Computation& c_;
  const RecurrentPart& part_;
  const RecurrentFunction& f_;
  const std::int64_t rows_;
  MachineState::Recurrent& own_;
};

}  // namespace

std::vector<Line> compute_lines(const Context& context, const RecurrentFunction& f) {
  return Recurrence(context, f).run();
}

Dense compute(const Context& context, const CellStateFunction& f) {
  const MachineState::Recurrent& own = context.state.recurrent[context.core][f.of];
  Dense result = dense(context.computation.output.box);
  const std::int64_t first = context.computation.image * context.function.out.rows;
  for_each(result, [&](std::int64_t r, std::int64_t, std::int64_t k, std::int32_t& v) {
    const std::int64_t row = first + r;
    const std::int64_t line = row / f.beside;  // where the steps are the outer axis
    const std::int64_t n =
        f.batch_first ? row / f.directions : line / f.directions * f.beside + row % f.beside;
    const std::int64_t d = (f.batch_first ? row : line) % f.directions;
    v = f.out.stored(own.c.at(static_cast<std::size_t>((d * f.batch + n) * f.hidden + k)));
  });
  return result;
}

}  // namespace presil::kernels
