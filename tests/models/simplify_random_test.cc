#include <random>

#include "tests/models/evaluate.h"

namespace presil {
namespace {

using test::Net;

/// Grows a graph over maps [1,4,3,3] from the pieces of which patterns are made, so that patterns
/// come up whole, in part, overlapping and with inner results that are read elsewhere.
class RandomNet {
 public:
  explicit RandomNet(std::uint32_t seed) : random_(seed) {
    known_.push_back(net_.input({1, 4, 3, 3}));
  }

  Graph grow(int ops) {
    for (int i = 0; i < ops; ++i) known_.push_back(next());
    for (int i = 0; i < 2; ++i) net_.b.mark_output(any());
    return net_.finish(known_.back());
  }

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<std::uint32_t>(n)); }
  /// Mostly the last ones, so that chains come up.
  TensorId any() {
    const int size = static_cast<int>(known_.size());
    return known_[static_cast<std::size_t>(size - 1 - below(std::min(size, 1 + below(4))))];
  }
  TensorId number() {
    constexpr float kNumbers[] = {0.5f, 1, 2, 3, 6, 1.0f / 6, 1.41421356f};
    return net_.number(kNumbers[below(7)]);
  }
  TensorId constant(Shape shape) {
    std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
    for (float& value : values) value = static_cast<float>(1 + below(8)) / 8;
    return net_.constant(test::floats("c", std::move(shape), values));
  }

  TensorId next() {
    switch (below(16)) {
      case 0:
        return net_.op(OpKind::kAdd, {any(), number()});
      case 1:
        return net_.op(OpKind::kMul, {number(), any()});
      case 2:
        return net_.op(OpKind::kDiv, {any(), number()});
      case 3:
        return net_.op(OpKind::kMul, {any(), any()});
      case 4:
        return net_.op(OpKind::kAdd, {any(), any()});
      case 5:
        return net_.op(OpKind::kClip, {any()}, UnaryAttrs{.alpha = 0, .beta = 6});
      case 6:
        return net_.op(OpKind::kSigmoid, {any()});
      case 7:
        return net_.op(OpKind::kErf, {any()});
      case 8:
        return net_.op(OpKind::kIdentity, {any()});
      case 9:
        return conv(any());
      case 10:
        return net_.op(OpKind::kBatchNorm,
                       {any(), constant({4}), constant({4}), constant({4}), constant({4})},
                       NormAttrs{});
      case 11:
        return net_.op(OpKind::kMul, {any(), constant({4, 1, 1})});
      case 12:
        return net_.op(OpKind::kTranspose, {any()}, TransposeAttrs{.perm = {0, 1, 3, 2}});
      case 13:
        return reshaped(any());
      case 14:
        return shuffled(any());
      default:
        return normed(any());
    }
  }

  TensorId conv(TensorId x) {
    const PadAttrs around{.before = {0, 0, 1, 1}, .after = {0, 0, 1, 1}};
    switch (below(3)) {
      case 0:
        return net_.op(OpKind::kConv, {x, constant({4, 4, 1, 1}), constant({4})}, ConvAttrs{});
      case 1:
        return net_.op(OpKind::kDepthwiseConv,
                       {net_.op(OpKind::kPad, {x}, around), constant({4, 1, 3, 3})},
                       ConvAttrs{.window = {.kernel_h = 3, .kernel_w = 3}, .groups = 4});
      default:
        return net_.op(OpKind::kTransposedConv, {x, constant({4, 2, 1, 1})},
                       ConvAttrs{.groups = 2});
    }
  }

  TensorId reshape(TensorId x, Shape shape, bool last) {
    return net_.op(OpKind::kReshape, {x},
                   ReshapeAttrs{.shape = std::move(shape), .channels_last = last});
  }
  TensorId reshaped(TensorId x) {
    const std::vector<Shape> shapes = {{36}, {1, 9, 2, 2}, {1, 4, 3, 3}, {6, 6}};
    x = reshape(x, shapes[static_cast<std::size_t>(below(4))], below(2) == 0);
    return reshape(x, {1, 4, 3, 3}, below(2) == 0);
  }
  TensorId shuffled(TensorId x) {
    x = reshape(x, {1, 2, 2, 3, 3}, false);
    x = net_.op(OpKind::kTranspose, {x}, TransposeAttrs{.perm = {0, 2, 1, 3, 4}});
    return reshape(x, {1, 4, 3, 3}, false);
  }
  TensorId normed(TensorId x) {
    const ReduceAttrs axes{.axes = {2, 3}};
    const TensorId d = net_.op(OpKind::kSub, {x, net_.op(OpKind::kReduceMean, {x}, axes)});
    const TensorId square =
        below(2) == 0 ? net_.op(OpKind::kMul, {d, d}) : net_.op(OpKind::kPow, {d, net_.number(2)});
    if (below(4) == 0) known_.push_back(d);
    const TensorId variance = net_.op(OpKind::kReduceMean, {square}, axes);
    const TensorId spread = net_.op(OpKind::kAdd, {variance, net_.number(0.01f)});
    return net_.op(OpKind::kDiv, {d, net_.op(OpKind::kSqrt, {spread})});
  }

  Net net_;
  std::mt19937 random_;
  std::vector<TensorId> known_;
};

}  // namespace

TEST_CASE("a thousand random graphs are the same functions after simplifying") {
  std::size_t before = 0, after = 0;
  for (std::uint32_t seed = 0; seed < 1000; ++seed) {
    CAPTURE(seed);
    const Graph graph = RandomNet(seed).grow(14);
    const Graph result = simplify(graph);
    CHECK(result.outputs().size() == graph.outputs().size());
    for (std::size_t i = 0; i < graph.outputs().size(); ++i)
      CHECK(test::difference(graph, result, i) < 1e-3);
    CHECK(simplify(result).hash() == result.hash());
    before += graph.ops().size();
    after += result.ops().size();
  }
  CHECK(after < before * 2 / 3);
}

}  // namespace presil
