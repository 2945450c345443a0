#include "sim/element_order.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/random.h"
#include "models/import.h"
#include "sim/feature_map.h"

namespace presil {

namespace {

void check_same(const RowReach& a, const RowReach& b) {
  CHECK(a.rows == b.rows);
  CHECK(a.all == b.all);
  CHECK(a.hash == b.hash);
  CHECK(a.batch == b.batch);
  CHECK(a.step == b.step);
}

/// The same function, of which row_reach() knows nothing.
Source opaque(const Source& source) {
  return [source](const Shape& index) { return source(index); };
}

/// The operand's index of element `index` of a reshape's result, by counting.
Shape reshaped(const Shape& from, const Shape& to, const Shape& index, bool channels_last) {
  const auto axes = [&](const Shape& shape) {  // the slowest first
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < shape.size(); ++i) order.push_back(i);
    if (channels_last && shape.size() == 4) order = {0, 2, 3, 1};
    return order;
  };
  std::int64_t place = 0;
  for (const std::size_t axis : axes(to)) place = place * to[axis] + index[axis];
  Shape found(from.size(), 0);
  std::vector<std::size_t> order = axes(from);
  std::reverse(order.begin(), order.end());
  for (const std::size_t axis : order) {
    found[axis] = place % from[axis];
    place /= from[axis];
  }
  return found;
}

}  // namespace

TEST_CASE("The rows that a transpose or a broadcast needs are those of its elements") {
  Random random(12);
  for (int turn = 0; turn < 300; ++turn) {
    const auto rank = static_cast<std::size_t>(random.integer(2, 5));
    Shape from;
    for (std::size_t i = 0; i < rank; ++i) from.push_back(random.integer(1, 6));
    std::vector<std::size_t> perm;
    for (std::size_t i = 0; i < rank; ++i) perm.push_back(i);
    for (std::size_t i = rank; i-- > 1;)
      std::swap(perm[i],
                perm[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(i)))]);
    const std::int64_t batch = random.integer(1, 2);
    Shape to;
    TransposeAttrs attrs;
    for (const std::size_t axis : perm) {
      to.push_back(from[axis]);
      attrs.perm.push_back(static_cast<std::int64_t>(axis));
    }
    GraphBuilder builder("turn");
    const TensorId x = builder.add_input("x", DataType::kInt8, from);
    builder.mark_output(builder.add_op(OpKind::kTranspose, attrs, {x}, "t"));
    const Graph graph = std::move(builder).finish();
    const bool in_last = random.integer(0, 1) == 1, out_last = random.integer(0, 1) == 1;
    const ElementOrder in(from, in_last, batch), out(to, out_last, batch);
    const Source transposed = source_of(graph, {in_last, out_last}, graph.ops().front());
    check_same(row_reach(out, in, transposed), row_reach(out, in, opaque(transposed)));
    Shape wide = from;
    for (std::size_t i = 0; i < rank; ++i)
      if (from[i] == 1) wide[i] = random.integer(1, 4);
    const ElementOrder result(wide, out_last, batch);
    const Source source = broadcast_source(in, wide);
    check_same(row_reach(result, in, source), row_reach(result, in, opaque(source)));
  }
}

TEST_CASE("A reshape of a network takes elements in their order, and needs their rows") {
  std::size_t reshapes = 0;
  for (const char* model : {"bert_tiny", "ssd_lite", "conformer", "lstm_asr"}) {
    const Graph graph = load_network(model);
    const std::vector<bool> last = channels_last(graph);
    for (const Op& op : graph.ops()) {
      if (op.kind != OpKind::kReshape) continue;
      ++reshapes;
      const auto order = [&](TensorId id) {
        return ElementOrder(graph.tensor(id).shape, last[static_cast<std::size_t>(id)]);
      };
      const ElementOrder in = order(op.inputs[0]), out = order(op.outputs[0]);
      const Source source = source_of(graph, last, op);
      bool same = true;
      for_each_index(out.shape, [&](const Shape& index) {
        same &= source(index) == in.ordinal(reshaped(in.shape, out.shape, index,
                                                     op.as<ReshapeAttrs>().channels_last));
      });
      CHECK(same);
      check_same(row_reach(out, in, source), row_reach(out, in, opaque(source)));
    }
  }
  CHECK(reshapes > 20);
}

}  // namespace presil
