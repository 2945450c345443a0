#include <cmath>
#include <limits>

#include "tests/models/evaluate.h"

namespace presil {
namespace {

using test::kinds_of;
using test::Net;
using Kinds = std::vector<OpKind>;

/// What test::simplified() makes of the ops that `build` puts behind x [2,8].
template <typename Build>
Kinds kinds_behind(const Build& build) {
  Net net;
  const TensorId x = net.input({2, 8});
  return kinds_of(test::simplified(net.finish(build(net, x))));
}

TensorId erf_plus_one(Net& n, TensorId x, bool divide = true) {
  const TensorId scaled = divide ? n.op(OpKind::kDiv, {x, n.number(std::sqrt(2.0f))})
                                 : n.op(OpKind::kMul, {n.number(std::sqrt(0.5f)), x});
  return n.op(OpKind::kAdd, {n.op(OpKind::kErf, {scaled}), n.number(1)});
}

TensorId plus_three(Net& n, TensorId x) { return n.op(OpKind::kAdd, {n.number(3), x}); }

TensorId relu6(Net& n, TensorId x) {
  return n.op(OpKind::kClip, {x}, UnaryAttrs{.alpha = 0, .beta = 6});
}

}  // namespace

TEST_CASE("GELU is recognised in any order of its factors") {
  const Kinds gelu{OpKind::kGelu};
  CHECK(kinds_behind([](Net& n, TensorId x) {
          return n.op(OpKind::kMul, {n.op(OpKind::kMul, {x, erf_plus_one(n, x)}), n.number(0.5f)});
        }) == gelu);
  CHECK(kinds_behind([](Net& n, TensorId x) {
          return n.op(OpKind::kMul, {n.op(OpKind::kMul, {n.number(0.5f), x}), erf_plus_one(n, x)});
        }) == gelu);
  CHECK(kinds_behind([](Net& n, TensorId x) {
          return n.op(OpKind::kMul,
                      {x, n.op(OpKind::kMul, {erf_plus_one(n, x, false), n.number(0.5f)})});
        }) == gelu);
  CHECK(kinds_behind([](Net& n, TensorId x) {
          return n.op(OpKind::kDiv, {n.op(OpKind::kMul, {erf_plus_one(n, x), x}), n.number(2)});
        }) == gelu);
}

TEST_CASE("what looks like GELU but is not, stays") {
  CHECK(kinds_behind([](Net& n, TensorId x) {  // no half
          return n.op(OpKind::kMul, {x, erf_plus_one(n, x)});
        })
            .size() == 4);
  CHECK(kinds_behind([](Net& n, TensorId x) {  // the gate is another tensor's
          const TensorId y = n.op(OpKind::kExp, {x});
          return n.op(OpKind::kMul, {n.op(OpKind::kMul, {x, erf_plus_one(n, y)}), n.number(0.5f)});
        })
            .size() == 6);
  CHECK(kinds_behind([](Net& n, TensorId x) {  // a constant whose value is not known
          const TensorId half = n.constant(test::dims("half", {}));
          return n.op(OpKind::kMul, {n.op(OpKind::kMul, {x, erf_plus_one(n, x)}), half});
        })
            .size() == 5);
  CHECK(kinds_behind([](Net& n, TensorId x) {  // the inside is read elsewhere too
          const TensorId gate = erf_plus_one(n, x);
          const TensorId gelu = n.op(OpKind::kMul, {n.op(OpKind::kMul, {x, gate}), n.number(0.5f)});
          return n.op(OpKind::kSub, {gelu, gate});
        })
            .size() == 6);
  CHECK(kinds_behind([](Net& n, TensorId x) {  // the constant makes the result larger
          const TensorId half = n.constant(test::floats("half", {1, 1, 1}, {0.5f}));
          return n.op(OpKind::kMul, {n.op(OpKind::kMul, {x, erf_plus_one(n, x)}), half});
        })
            .size() == 5);
}

TEST_CASE("hard swish is recognised with its products and quotients in any order") {
  const Kinds swish{OpKind::kHardSwish};
  CHECK(kinds_behind([](Net& n, TensorId x) {
          return n.op(OpKind::kDiv,
                      {n.op(OpKind::kMul, {x, relu6(n, plus_three(n, x))}), n.number(6)});
        }) == swish);
  CHECK(kinds_behind([](Net& n, TensorId x) {
          return n.op(OpKind::kMul,
                      {n.op(OpKind::kDiv, {relu6(n, plus_three(n, x)), n.number(6)}), x});
        }) == swish);
  CHECK(kinds_behind([](Net& n, TensorId x) {
          const TensorId gate = n.op(OpKind::kRelu6, {plus_three(n, x)});
          return n.op(OpKind::kMul, {n.op(OpKind::kMul, {n.number(1.0f / 6), x}), gate});
        }) == swish);
  CHECK(kinds_behind([](Net& n, TensorId x) {
          const TensorId gate =
              n.op(OpKind::kHardSigmoid, {x}, UnaryAttrs{.alpha = 1.0f / 6, .beta = 0.5f});
          return n.op(OpKind::kMul, {gate, x});
        }) == swish);
}

TEST_CASE("a hard sigmoid of another slope or of another tensor makes no hard swish") {
  CHECK(kinds_behind([](Net& n, TensorId x) {
          const TensorId gate =
              n.op(OpKind::kHardSigmoid, {x}, UnaryAttrs{.alpha = 0.2f, .beta = 0.5f});
          return n.op(OpKind::kMul, {gate, x});
        }) == Kinds{OpKind::kHardSigmoid, OpKind::kMul});
  CHECK(kinds_behind([](Net& n, TensorId x) {
          const TensorId gate = n.op(OpKind::kDiv, {relu6(n, plus_three(n, x)), n.number(6)});
          return n.op(OpKind::kMul, {gate, n.op(OpKind::kExp, {x})});
        }) == Kinds{OpKind::kHardSigmoid, OpKind::kExp, OpKind::kMul});
}

TEST_CASE("a hard sigmoid keeps the slope and offset that its arithmetic had") {
  Net net;
  const TensorId x = net.input({2, 8});
  const TensorId shifted = net.op(OpKind::kAdd, {x, net.number(3)});
  const Graph graph = test::simplified(
      net.finish(net.op(OpKind::kMul, {relu6(net, shifted), net.number(1.0f / 6)})));
  const UnaryAttrs attrs = test::only(graph, OpKind::kHardSigmoid).as<UnaryAttrs>();
  CHECK(attrs.alpha == doctest::Approx(1.0 / 6));
  CHECK(attrs.beta == doctest::Approx(0.5));
  CHECK(graph.ops().size() == 1);
  CHECK(kinds_behind([](Net& n, TensorId y) {  // 6/5 at the top is no sigmoid
          return n.op(OpKind::kDiv, {relu6(n, plus_three(n, y)), n.number(5)});
        }) == Kinds{OpKind::kAdd, OpKind::kRelu6, OpKind::kDiv});
}

TEST_CASE("SiLU is x * sigmoid(x), and nothing else") {
  CHECK(kinds_behind([](Net& n, TensorId x) {
          return n.op(OpKind::kMul, {n.op(OpKind::kSigmoid, {x}), x});
        }) == Kinds{OpKind::kSilu});
  CHECK(kinds_behind([](Net& n, TensorId x) {
          return n.op(OpKind::kMul, {n.op(OpKind::kSigmoid, {n.op(OpKind::kExp, {x})}), x});
        }) == Kinds{OpKind::kExp, OpKind::kSigmoid, OpKind::kMul});
}

TEST_CASE("written-out activations on integers keep their rounding between the steps") {
  Net net;
  const Quantization q{.scale = {0.1f}, .zero_point = {0}};
  const TensorId x = net.input({2, 8}, DataType::kInt8, q);
  const Graph graph =
      test::simplified(net.finish(net.op(OpKind::kMul, {net.op(OpKind::kSigmoid, {x}), x})));
  CHECK(kinds_of(graph) == Kinds{OpKind::kSigmoid, OpKind::kMul});
}

TEST_CASE("clips from 0 become ReLUs where their top is 6 or none") {
  const auto clip = [](float from, float to) {
    return kinds_behind([&](Net& n, TensorId x) {
      return n.op(OpKind::kClip, {x}, UnaryAttrs{.alpha = from, .beta = to});
    });
  };
  CHECK(clip(0, 6) == Kinds{OpKind::kRelu6});
  CHECK(clip(0, std::numeric_limits<float>::infinity()) == Kinds{OpKind::kRelu});
  CHECK(clip(0, std::numeric_limits<float>::max()) == Kinds{OpKind::kRelu});
  CHECK(clip(0, 1) == Kinds{OpKind::kClip});
  CHECK(clip(-1, 6) == Kinds{OpKind::kClip});
}

TEST_CASE("the result of a pattern keeps its name and stays the output") {
  Net net;
  const TensorId x = net.input({2, 8});
  const TensorId gate = net.op(OpKind::kSigmoid, {x});
  const TensorId y = net.b.add_op(OpKind::kMul, {}, {x, gate}, "the end");
  const Graph graph = test::simplified(net.finish(y));
  CHECK(graph.tensor(graph.outputs()[0]).name == "the end");
  CHECK(graph.ops()[0].name == "the end");
}

}  // namespace presil
