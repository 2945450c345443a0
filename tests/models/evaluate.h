#pragma once
// Computes small graphs in doubles, as plainly as possible: enough to tell whether two graphs are
// the same function. Integers with a quantisation are rounded to it and handed on as reals.

#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <vector>

#include "models/constant_values.h"
#include "models/simplify.h"
#include "tests/models/graph_fixture.h"

namespace presil::test {

/// A tensor's values with its shape.
struct Reals {
  Shape shape;
  std::vector<double> values;

  double& at(const Shape& index) { return values[offset(index)]; }
  double at(const Shape& index) const { return values[offset(index)]; }
  /// NumPy broadcasting: `index` may be longer, extents of 1 stand for all.
  double broadcast(const Shape& index) const {
    std::size_t result = 0;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      const std::int64_t at = shape[i] == 1 ? 0 : index[index.size() - shape.size() + i];
      result = result * static_cast<std::size_t>(shape[i]) + static_cast<std::size_t>(at);
    }
    return values[result];
  }

 private:
  std::size_t offset(const Shape& index) const {
    std::int64_t result = 0;
    for (std::size_t i = 0; i < shape.size(); ++i) result = result * shape[i] + index[i];
    return static_cast<std::size_t>(result);
  }
};

/// Calls `act` with each index of `shape`, the last axis fastest.
inline void for_each_index(const Shape& shape, const std::function<void(const Shape&)>& act) {
  Shape index(shape.size(), 0);
  for (std::int64_t i = element_count(shape); i > 0; --i) {
    act(index);
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
}

class Evaluator {
 public:
  explicit Evaluator(const Graph& graph) : graph_(graph) {}

  /// The values of an output, for inputs of -3, -2.9, ..., 3 in a scattered order.
  std::vector<double> run(std::size_t output) {
    int next = 41;
    for (const TensorId id : graph_.inputs()) {
      std::vector<double> values(static_cast<std::size_t>(element_count(graph_.tensor(id).shape)));
      for (double& value : values) {
        value = (next - 30) / 10.0;
        next = (next + 37) % 61;
      }
      put(id, std::move(values));
    }
    for (std::size_t i = 0; i < graph_.tensors().size(); ++i)
      if (graph_.tensors()[i].constant)
        reals_[static_cast<TensorId>(i)] = {graph_.tensors()[i].shape,
                                            real_values(graph_.tensors()[i]).value()};
    for (const Op& op : graph_.ops()) compute(op);
    return reals_.at(graph_.outputs()[output]).values;
  }

 private:
  const Reals& in(const Op& op, std::size_t i) const { return reals_.at(op.inputs[i]); }
  static bool has(const Op& op, std::size_t i) {
    return i < op.inputs.size() && op.inputs[i] != kNoTensor;
  }

  /// Rounds to the tensor's type.
  void put(TensorId id, std::vector<double> values) {
    TensorDesc tensor = graph_.tensor(id);
    if (!is_float(tensor.type)) values = *real_values(with_values(tensor, values));
    reals_[id] = {tensor.shape, std::move(values)};
  }

  void by_index(const Op& op, const std::function<double(const Shape&)>& value) {
    std::vector<double> values;
    for_each_index(graph_.tensor(op.outputs[0]).shape,
                   [&](const Shape& index) { values.push_back(value(index)); });
    put(op.outputs[0], std::move(values));
  }
  void unary(const Op& op, const std::function<double(double)>& f) {
    by_index(op, [&](const Shape& i) { return f(in(op, 0).at(i)); });
  }
  void binary(const Op& op, const std::function<double(double, double)>& f) {
    by_index(op, [&](const Shape& i) { return f(in(op, 0).broadcast(i), in(op, 1).broadcast(i)); });
  }

  void compute(const Op& op) {
    const auto clamp = [](double x, double low, double high) {
      return std::min(std::max(x, low), high);
    };
    switch (op.kind) {
      case OpKind::kConv:
      case OpKind::kDepthwiseConv:
        return conv(op);
      case OpKind::kTransposedConv:
        return transposed_conv(op);
      case OpKind::kFullyConnected:
        return fully_connected(op);
      case OpKind::kMatMul:
        return matmul(op);
      case OpKind::kAdd:
        return binary(op, std::plus<>());
      case OpKind::kSub:
        return binary(op, std::minus<>());
      case OpKind::kMul:
        return binary(op, std::multiplies<>());
      case OpKind::kDiv:
        return binary(op, std::divides<>());
      case OpKind::kPow:
        return binary(op, [](double x, double y) { return std::pow(x, y); });
      case OpKind::kRelu:
        return unary(op, [&](double x) { return std::max(x, 0.0); });
      case OpKind::kRelu6:
        return unary(op, [&](double x) { return clamp(x, 0, 6); });
      case OpKind::kClip: {
        const UnaryAttrs attrs = op.as<UnaryAttrs>();
        return unary(op, [&](double x) { return clamp(x, attrs.alpha, attrs.beta); });
      }
      case OpKind::kSigmoid:
        return unary(op, [](double x) { return 1 / (1 + std::exp(-x)); });
      case OpKind::kHardSigmoid: {
        const UnaryAttrs attrs = op.as<UnaryAttrs>();
        return unary(op, [&](double x) { return clamp(attrs.alpha * x + attrs.beta, 0, 1); });
      }
      case OpKind::kHardSwish:
        return unary(op, [&](double x) { return x * clamp(x + 3, 0, 6) / 6; });
      case OpKind::kSilu:
        return unary(op, [](double x) { return x / (1 + std::exp(-x)); });
      case OpKind::kGelu:
        return unary(op, [](double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2))); });
      case OpKind::kErf:
        return unary(op, [](double x) { return std::erf(x); });
      case OpKind::kExp:
        return unary(op, [](double x) { return std::exp(x); });
      case OpKind::kSqrt:
        return unary(op, [](double x) { return std::sqrt(x); });
      case OpKind::kRsqrt:
        return unary(op, [](double x) { return 1 / std::sqrt(x); });
      case OpKind::kSquare:
        return unary(op, [](double x) { return x * x; });
      case OpKind::kIdentity:
      case OpKind::kQuantize:
      case OpKind::kDequantize:
        return unary(op, [](double x) { return x; });
      case OpKind::kReduceMean:
        return reduce_mean(op);
      case OpKind::kLayerNorm:
        return layer_norm(op);
      case OpKind::kBatchNorm:
        return by_index(op, [&](const Shape& i) {
          const auto p = [&](std::size_t k) { return in(op, k).at({i[1]}); };
          return (in(op, 0).at(i) - p(3)) / std::sqrt(p(4) + op.as<NormAttrs>().epsilon) * p(1) +
                 p(2);
        });
      case OpKind::kMaxPool:
      case OpKind::kAveragePool:
        return pool(op);
      case OpKind::kSplit:
        return split(op);
      case OpKind::kPad:
        return pad(op);
      case OpKind::kReshape:
        return reshape(op);
      case OpKind::kTranspose:
        return by_index(op, [&](const Shape& i) {
          Shape from(i.size());
          for (std::size_t axis = 0; axis < i.size(); ++axis)
            from[static_cast<std::size_t>(op.as<TransposeAttrs>().perm[axis])] = i[axis];
          return in(op, 0).at(from);
        });
      case OpKind::kChannelShuffle: {
        const std::int64_t groups = op.as<BlockAttrs>().block;
        const std::int64_t each = in(op, 0).shape[1] / groups;
        return by_index(
            op, [&](Shape i) {  // channel c of the result is row c % groups, column c / groups
              i[1] = i[1] % groups * each + i[1] / groups;
              return in(op, 0).at(i);
            });
      }
      default:
        FAIL("the evaluator does not know ", op_info(op.kind).name);
    }
  }

  double bias(const Op& op, std::int64_t channel) const {
    return has(op, 2) ? in(op, 2).at({channel}) : 0;
  }

  /// [N,C,L] as [N,C,1,L].
  static Reals as_map(Reals x) {
    if (x.shape.size() == 3) x.shape.insert(x.shape.begin() + 2, 1);
    return x;
  }

  void conv(const Op& op) {
    const ConvAttrs& attrs = op.as<ConvAttrs>();
    const Window& w = attrs.window;
    const Reals x = as_map(in(op, 0)), weights = as_map(in(op, 1));
    by_index(op, [&](Shape i) {
      if (i.size() == 3) i.insert(i.begin() + 2, 0);
      double sum = bias(op, i[1]);
      const std::int64_t group = i[1] / (weights.shape[0] / attrs.groups);
      for (std::int64_t c = 0; c < weights.shape[1]; ++c)
        for (std::int64_t r = 0; r < w.kernel_h; ++r)
          for (std::int64_t s = 0; s < w.kernel_w; ++s) {
            const std::int64_t h = i[2] * w.stride_h - w.pad_top + r * w.dilation_h;
            const std::int64_t v = i[3] * w.stride_w - w.pad_left + s * w.dilation_w;
            if (h >= 0 && h < x.shape[2] && v >= 0 && v < x.shape[3])
              sum += x.at({i[0], group * weights.shape[1] + c, h, v}) * weights.at({i[1], c, r, s});
          }
      return sum;
    });
  }

  void transposed_conv(const Op& op) {
    const ConvAttrs& attrs = op.as<ConvAttrs>();
    const Window& w = attrs.window;
    const Reals &x = in(op, 0), &weights = in(op, 1);
    Reals y{graph_.tensor(op.outputs[0]).shape, {}};
    for_each_index(y.shape, [&](const Shape& i) { y.values.push_back(bias(op, i[1])); });
    for_each_index(x.shape, [&](const Shape& i) {
      const std::int64_t group = i[1] / (x.shape[1] / attrs.groups);
      for (std::int64_t k = 0; k < weights.shape[1]; ++k)
        for (std::int64_t r = 0; r < w.kernel_h; ++r)
          for (std::int64_t s = 0; s < w.kernel_w; ++s) {
            const std::int64_t h = i[2] * w.stride_h - w.pad_top + r * w.dilation_h;
            const std::int64_t v = i[3] * w.stride_w - w.pad_left + s * w.dilation_w;
            if (h >= 0 && h < y.shape[2] && v >= 0 && v < y.shape[3])
              y.at({i[0], group * weights.shape[1] + k, h, v}) +=
                  x.at(i) * weights.at({i[1], k, r, s});
          }
    });
    put(op.outputs[0], std::move(y.values));
  }

  void fully_connected(const Op& op) {
    by_index(op, [&](Shape i) {
      const std::int64_t output = i.back();
      double sum = bias(op, output);
      for (std::int64_t k = 0; k < in(op, 1).shape[1]; ++k) {
        i.back() = k;
        sum += in(op, 0).at(i) * in(op, 1).at({output, k});
      }
      return sum;
    });
  }

  /// By a matrix, nothing transposed.
  void matmul(const Op& op) {
    by_index(op, [&](Shape i) {
      const std::int64_t column = i.back();
      double sum = 0;
      for (std::int64_t k = 0; k < in(op, 1).shape[0]; ++k) {
        i.back() = k;
        sum += in(op, 0).at(i) * in(op, 1).at({k, column});
      }
      return sum;
    });
  }

  void reduce_mean(const Op& op) {  // keeps its dimensions
    Reals y{graph_.tensor(op.outputs[0]).shape, {}};
    y.values.resize(static_cast<std::size_t>(element_count(y.shape)), 0);
    const double count = static_cast<double>(in(op, 0).values.size() / y.values.size());
    for_each_index(in(op, 0).shape, [&](Shape i) {
      const double value = in(op, 0).at(i);
      for (const std::int64_t axis : op.as<ReduceAttrs>().axes)
        i[static_cast<std::size_t>(axis)] = 0;
      y.at(i) += value / count;
    });
    put(op.outputs[0], std::move(y.values));
  }

  void layer_norm(const Op& op) {
    const Reals& x = in(op, 0);
    std::size_t row = 1;
    for (auto i = static_cast<std::size_t>(op.as<NormAttrs>().axis); i < x.shape.size(); ++i)
      row *= static_cast<std::size_t>(x.shape[i]);
    std::vector<double> y = x.values;
    for (std::size_t first = 0; first < y.size(); first += row) {
      double mean = 0, variance = 0;
      for (std::size_t i = 0; i < row; ++i) mean += x.values[first + i] / static_cast<double>(row);
      for (std::size_t i = 0; i < row; ++i)
        variance += std::pow(x.values[first + i] - mean, 2) / static_cast<double>(row);
      for (std::size_t i = 0; i < row; ++i) {
        double& value = y[first + i];
        value = (value - mean) / std::sqrt(variance + op.as<NormAttrs>().epsilon);
        if (has(op, 1)) value *= in(op, 1).values[i];
        if (has(op, 2)) value += in(op, 2).values[i];
      }
    }
    put(op.outputs[0], std::move(y));
  }

  /// Maps without dilation; means divide by the whole window.
  void pool(const Op& op) {
    const Window& w = op.as<PoolAttrs>().window;
    const Reals& x = in(op, 0);
    by_index(op, [&](const Shape& i) {
      double most = -std::numeric_limits<double>::infinity(), sum = 0;
      for (std::int64_t r = 0; r < w.kernel_h; ++r)
        for (std::int64_t s = 0; s < w.kernel_w; ++s) {
          const std::int64_t h = i[2] * w.stride_h - w.pad_top + r;
          const std::int64_t v = i[3] * w.stride_w - w.pad_left + s;
          if (h < 0 || h >= x.shape[2] || v < 0 || v >= x.shape[3]) continue;
          most = std::max(most, x.at({i[0], i[1], h, v}));
          sum += x.at({i[0], i[1], h, v});
        }
      return op.kind == OpKind::kMaxPool ? most
                                         : sum / static_cast<double>(w.kernel_h * w.kernel_w);
    });
  }

  void split(const Op& op) {
    const auto axis = static_cast<std::size_t>(op.as<AxisAttrs>().axis);
    std::int64_t first = 0;
    for (const TensorId id : op.outputs) {
      std::vector<double> values;
      for_each_index(graph_.tensor(id).shape, [&](Shape i) {
        i[axis] += first;
        values.push_back(in(op, 0).at(i));
      });
      first += graph_.tensor(id).shape[axis];
      put(id, std::move(values));
    }
  }

  void pad(const Op& op) {
    const PadAttrs& attrs = op.as<PadAttrs>();
    by_index(op, [&](Shape i) {
      for (std::size_t axis = 0; axis < i.size(); ++axis) {
        i[axis] -= attrs.before[axis];
        if (i[axis] < 0 || i[axis] >= in(op, 0).shape[axis]) return double{attrs.value};
      }
      return in(op, 0).at(i);
    });
  }

  /// The places of the elements in the order in which a reshape takes them.
  static std::vector<Shape> reshape_order(const Shape& shape, bool channels_last) {
    std::vector<Shape> order;
    const bool last = channels_last && shape.size() == 4;
    for_each_index(last ? Shape{shape[0], shape[2], shape[3], shape[1]} : shape,
                   [&](const Shape& i) {
                     order.push_back(last ? Shape{i[0], i[3], i[1], i[2]} : i);
                   });
    return order;
  }

  void reshape(const Op& op) {
    const bool last = op.as<ReshapeAttrs>().channels_last;
    Reals y{graph_.tensor(op.outputs[0]).shape, std::vector<double>(in(op, 0).values.size())};
    const auto from = reshape_order(in(op, 0).shape, last), to = reshape_order(y.shape, last);
    for (std::size_t i = 0; i < from.size(); ++i) y.at(to[i]) = in(op, 0).at(from[i]);
    put(op.outputs[0], std::move(y.values));
  }

  const Graph& graph_;
  std::map<TensorId, Reals> reals_;
};

/// The largest difference of an output of two graphs, over its largest value.
inline double difference(const Graph& a, const Graph& b, std::size_t output = 0) {
  const std::vector<double> x = Evaluator(a).run(output), y = Evaluator(b).run(output);
  REQUIRE(x.size() == y.size());
  double most = 0, range = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool both_nan = std::isnan(x[i]) && std::isnan(y[i]);
    if (both_nan || (x[i] == y[i] && std::isinf(x[i]))) continue;
    REQUIRE(std::isfinite(x[i]));
    most = std::max(most, std::fabs(x[i] - y[i]));
    range = std::max(range, std::fabs(x[i]));
  }
  return most == 0 ? 0 : most / range;
}

/// simplify(graph); checks that it is the same function wherever all constants are known.
inline Graph simplified(const Graph& graph) {
  Graph result = simplify(graph);
  const bool known = std::all_of(graph.tensors().begin(), graph.tensors().end(),
                                 [](const TensorDesc& t) { return !t.constant || t.data; });
  if (!known) return result;
  CHECK(difference(graph, result) < 1e-5);
  const std::vector<double> y = Evaluator(result).run(0);
  CHECK(std::any_of(y.begin(), y.end(), [](double value) { return value != 0; }));
  return result;
}

}  // namespace presil::test
