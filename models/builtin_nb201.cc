// NAS-Bench-201: a cell of six edges, repeated in a fixed skeleton (Dong and Yang, 2020).

#include <array>
#include <charconv>
#include <string>
#include <vector>

#include "core/error.h"
#include "models/blocks.h"
#include "models/builtin_networks.h"

namespace presil {

namespace {

enum class EdgeOp : std::uint8_t { kNone, kSkip, kConv1x1, kConv3x3, kPool };

/// edges[i][j]: the operation from node j to node i + 1.
using Cell = std::array<std::vector<EdgeOp>, 3>;

EdgeOp edge_op(std::string_view name, std::string_view architecture) {
  const std::vector<std::string> names{"none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3",
                                       "avg_pool_3x3"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<EdgeOp>(i);
  }
  const std::string near = nearest(name, names);
  throw Error("nb201:{}: unknown operation '{}'{}; known: {}", architecture, name,
              near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near),
              fmt::join(names, ", "));
}

/// Reads the architecture from left to right against the one shape that it may have.
class CellParser {
 public:
  explicit CellParser(std::string_view text) : text_(text) {}

  Cell parse() {
    Cell cell;
    for (std::size_t node = 0; node < cell.size(); ++node) {
      if (node > 0) expect('+');
      expect('|');
      for (std::size_t from = 0; from <= node; ++from) {
        const std::size_t tilde = std::min(text_.find('~', at_), text_.size());
        const std::string_view name = text_.substr(at_, tilde - at_);
        if (tilde == text_.size()) malformed("'~' and the number of a node");
        cell[node].push_back(edge_op(name, text_));
        at_ = tilde + 1;
        expect(static_cast<char>('0' + from));
        expect('|');
      }
    }
    if (at_ != text_.size()) malformed("the end");
    return cell;
  }

 private:
  void expect(char wanted) {
    if (at_ >= text_.size() || text_[at_] != wanted) malformed(fmt::format("'{}'", wanted));
    ++at_;
  }
  [[noreturn]] void malformed(const std::string& wanted) const {
    throw Error(
        "nb201:{}: expected {} at character {}; an architecture looks like "
        "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|",
        text_, wanted, at_ + 1);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// Whether node 3 depends on node 0.
bool reaches_output(const Cell& cell) {
  std::array<bool, 4> alive{true};
  for (std::size_t node = 0; node < cell.size(); ++node) {
    for (std::size_t from = 0; from <= node; ++from) {
      alive[node + 1] |= cell[node][from] != EdgeOp::kNone && alive[from];
    }
  }
  return alive[3];
}

/// ReLU, convolution (batch normalisation folded).
TensorId relu_conv(LayerBuilder& b, TensorId x, const ConvLayer& layer) {
  return b.conv(b.activate(x, Activation::kRelu), layer);
}

/// One cell. A node that nothing enters is zero; what zeros become is constant, so its edges add
/// only a bias, which folds into others: it is kNoTensor here. A node's ReLU is computed once for
/// all its convolutions.
class CellBuilder {
 public:
  CellBuilder(LayerBuilder& b, TensorId input) : b_(b), nodes_{input} { relus_.fill(kNoTensor); }

  TensorId build(const Cell& cell) {
    for (const std::vector<EdgeOp>& edges : cell) {
      TensorId sum = kNoTensor;
      for (std::size_t from = 0; from < edges.size(); ++from) {
        const TensorId y = edge(edges[from], from);
        if (y == kNoTensor) continue;
        sum = sum == kNoTensor ? y : b_.add(sum, y);
      }
      nodes_.push_back(sum);
    }
    return nodes_.back();
  }

 private:
  TensorId edge(EdgeOp op, std::size_t from) {
    const TensorId x = nodes_[from];
    if (x == kNoTensor) return kNoTensor;
    switch (op) {
      case EdgeOp::kNone:
        return kNoTensor;
      case EdgeOp::kSkip:
        return x;
      case EdgeOp::kConv1x1:
        return b_.conv(relu(from), {.channels = b_.channels(x)});
      case EdgeOp::kConv3x3:
        return b_.conv(relu(from), {.channels = b_.channels(x), .kernel = 3});
      case EdgeOp::kPool:
        return b_.average_pool(x, {.kernel = 3});
    }
    PRESIL_CHECK(false, "unknown edge operation");
  }

  TensorId relu(std::size_t node) {
    if (relus_[node] == kNoTensor) relus_[node] = b_.activate(nodes_[node], Activation::kRelu);
    return relus_[node];
  }

  LayerBuilder& b_;
  std::vector<TensorId> nodes_;
  std::array<TensorId, 3> relus_;
};

TensorId residual_block(LayerBuilder& b, TensorId x, std::int64_t channels) {
  TensorId y = relu_conv(b, x, {.channels = channels, .kernel = 3, .stride = 2});
  y = relu_conv(b, y, {.channels = channels, .kernel = 3});
  TensorId shortcut = b.average_pool(x, {.kernel = 2, .stride = 2, .padding = Padding::kValid});
  shortcut = b.conv(shortcut, {.channels = channels, .bias = false, .name = "shortcut"});
  return b.add(y, shortcut);
}

}  // namespace

Graph nb201(std::string_view architecture) {
  const Cell cell = CellParser(architecture).parse();
  if (!reaches_output(cell)) {
    throw Error(
        "nb201:{}: the output does not depend on the input (every path is cut by 'none'); there is "
        "nothing to run: use an architecture with a path from node 0 to node 3",
        architecture);
  }
  LayerBuilder b(fmt::format("nb201:{}", architecture), Padding::kSymmetric);
  TensorId x = b.input("image", {1, 3, 32, 32});
  b.block("stem");
  x = b.conv(x, {.channels = 16, .kernel = 3});
  for (const std::int64_t channels : {16, 32, 64}) {
    b.block(fmt::format("reduce{}", channels));
    if (channels > 16) x = residual_block(b, x, channels);
    for (int i = 1; i <= 5; ++i) {
      b.block(fmt::format("cell{}.{}", channels, i));
      x = CellBuilder(b, x).build(cell);
    }
  }
  b.block("head");
  x = b.activate(b.batch_norm(x), Activation::kRelu);
  b.output(classify(b, x, 10));
  return std::move(b).finish();
}

}  // namespace presil
