#include "tests/sim/random_quantised.h"

#include "tests/sim/operand_maker.h"

namespace presil::testing {

namespace {

const std::vector<RandomOp>& table() {
  static const std::vector<RandomOp> all = [] {
    std::vector<RandomOp> rows;
    for (const auto& family : {random_products(), random_vector_ops(), random_norms_and_sums(),
                               random_movements(), random_recurrent_ops()})
      rows.insert(rows.end(), family.begin(), family.end());
    return rows;
  }();
  return all;
}

TensorId first_input(OperandMaker& m, bool sequence) {
  if (sequence)
    return m.input({m.in(1, 2), m.in(1, 24), m.of<std::int64_t>({3, 8, 24, 32, 40, 64})});
  return m.input({m.of<std::int64_t>({1, 1, 2}), m.channels(), m.in(1, 16), m.in(1, 18)});
}

}  // namespace

Graph random_quantised_network(std::uint64_t seed, int number, bool wide) {
  OperandMaker m(seed, number, wide);
  const RandomOp& row = table()[static_cast<std::size_t>(number) % table().size()];
  TensorId x = first_input(m, row.sequence);
  if (m.chance(35)) x = row.sequence ? m.dense(x, "before") : m.pointwise(x, "before");
  TensorId y = row.make(m, x);
  if (m.is_of_type(y) && m.chance(30)) y = m.unary(y, OpKind::kRelu, "relu");
  const bool feature_map = !row.sequence && row.name != std::string_view("LayerNorm");
  if (m.is_of_type(y) && feature_map && m.shape(y).size() == 4 && m.chance(25))
    y = m.pointwise(y, "behind");
  m.builder.mark_output(y);
  return std::move(m.builder).finish();
}

}  // namespace presil::testing
