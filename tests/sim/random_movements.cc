// Random data movements.

#include <numeric>

#include "tests/sim/operand_maker.h"

namespace presil::testing {

namespace {

using Maker = OperandMaker;
using enum OpKind;

TensorId concat(Maker& m, TensorId x) {
  const auto last = static_cast<std::int64_t>(m.shape(x).size()) - 1;
  const std::int64_t axis = m.chance(60) ? 1 : m.in(0, last);
  const bool maps = last == 3;
  std::vector<TensorId> parts{x};
  for (std::int64_t i = m.in(1, 2); i > 0; --i) {
    Shape s = m.shape(x);
    s[static_cast<std::size_t>(axis)] = maps && axis == 1 ? m.channels() : m.in(1, 5);
    TensorId part = m.input(s);
    if (m.chance(50) && axis == 1 && maps) part = m.pointwise(part, fmt::format("part{}", i));
    parts.push_back(part);
  }
  return m.op(kConcat, AxisAttrs{.axis = axis}, parts, "concat", m.chance(60));
}

TensorId split(Maker& m, TensorId x) {
  const std::int64_t parts = m.in(2, 3);
  std::int64_t axis = 1;
  if (m.chance(60)) {
    x = m.pointwise(x, "to_split", parts * m.in(1, 30));
  } else {
    Shape s = m.shape(x);
    axis = m.in(1, 3);
    s[static_cast<std::size_t>(axis)] = parts * m.in(1, 9);
    x = m.input(s);
  }
  std::vector<TensorDesc> outputs(static_cast<std::size_t>(parts));
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs[i].name = fmt::format("part{}", i);
    outputs[i].type = m.type();
    outputs[i].quantization = m.builder.tensor(x).quantization;
  }
  const auto made = m.builder.add_op_into(kSplit, AxisAttrs{.axis = axis}, {x}, outputs, "split");
  for (std::size_t i = 1; i < made.size(); ++i)
    m.builder.mark_output(m.unary(made[i], kSigmoid, fmt::format("gate{}", i)));
  return made[0];
}

TensorId slice(Maker& m, TensorId x) {
  SliceAttrs attrs;
  for (const std::int64_t extent : m.shape(x)) {
    const std::int64_t begin = m.chance(40) ? m.in(0, extent - 1) : 0;
    attrs.begin.push_back(begin);
    attrs.step.push_back(m.chance(20) ? 2 : 1);
    const std::int64_t most = (extent - begin - 1) / attrs.step.back() + 1;
    attrs.size.push_back(m.chance(50) ? most : m.in(1, most));
  }
  return m.op(kSlice, attrs, {x}, "slice", true);
}

TensorId pad(Maker& m, TensorId x) {
  PadAttrs attrs;
  for (std::size_t i = 0; i < m.shape(x).size(); ++i) {
    const bool padded = i >= 2 || m.chance(20);
    attrs.before.push_back(padded ? m.in(0, 4) : 0);
    attrs.after.push_back(padded ? m.in(0, 4) : 0);
  }
  return m.op(kPad, attrs, {x}, "pad", true);
}

TensorId reshape(Maker& m, TensorId x) {
  const std::int64_t all = element_count(m.shape(x));
  const std::int64_t part = m.of<std::int64_t>({1, 2, 3, 4, 8});
  return m.op(kReshape,
              ReshapeAttrs{.shape = all % part == 0 ? Shape{1, all / part, part} : Shape{1, all},
                           .channels_last = m.chance(50)},
              {x}, "reshape", true);
}
TensorId flatten_dense(Maker& m, TensorId x) {
  const Shape s = m.shape(x);
  const TensorId flat = m.op(
      kReshape, ReshapeAttrs{.shape = {s[0], s[1] * s[2] * s[3]}, .channels_last = m.chance(60)},
      {x}, "flat", true);
  return m.dense(flat, "classes");
}

TensorId transpose(Maker& m, TensorId x) {
  std::vector<std::int64_t> perm(m.shape(x).size());
  std::iota(perm.begin(), perm.end(), 0);
  for (std::size_t i = 1; i < perm.size(); ++i)
    std::swap(perm[i], perm[static_cast<std::size_t>(m.in(0, static_cast<std::int64_t>(i)))]);
  return m.op(kTranspose, TransposeAttrs{.perm = perm}, {x}, "transpose", true);
}

/// Constant indices into x.
TensorId gather(Maker& m, TensorId x) {
  const auto last = static_cast<std::int64_t>(m.shape(x).size()) - 1;
  const std::int64_t axis = m.in(0, last), count = m.in(1, 6);
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < count; ++i)
    indices.push_back(m.in(0, m.shape(x)[static_cast<std::size_t>(axis)] - 1));
  return m.op(kGather, AxisAttrs{.axis = axis}, {x, m.integers({count}, indices)}, "gather", true);
}
/// A table's rows, as an embedding's.
TensorId embedding(Maker& m, TensorId) {
  const std::int64_t entries = m.in(2, 50), width = m.channels();
  const TensorId table = m.constant_like({entries, width});
  const TensorId indices =
      m.input_of(m.chance(50) ? DataType::kInt64 : DataType::kInt32, {m.in(1, 2), m.in(1, 20)});
  return m.op(kGather, AxisAttrs{.axis = 0}, {table, indices}, "embedding", true);
}
TensorId gather_at_run_time(Maker& m, TensorId x) {
  const auto last = static_cast<std::int64_t>(m.shape(x).size()) - 1;
  const TensorId indices = m.input_of(DataType::kInt32, {m.in(1, 6)});
  return m.op(kGather, AxisAttrs{.axis = m.in(0, last)}, {x, indices}, "lookup", true);
}

TensorId blocks(Maker& m, TensorId x) {
  const std::int64_t block = m.in(2, 3);
  if (m.chance(35)) {
    Shape s = m.shape(x);
    s[2] = block * m.in(1, 6), s[3] = block * m.in(1, 6);
    return m.op(kSpaceToDepth, BlockAttrs{.block = block}, {m.input(s)}, "to_depth", true);
  }
  x = m.pointwise(x, "to_blocks", block * block * m.in(1, 8));
  return m.chance(50)
             ? m.op(kDepthToSpace, BlockAttrs{.block = block, .column_row_depth = m.chance(50)},
                    {x}, "to_space", true)
             : m.op(kChannelShuffle, BlockAttrs{.block = block}, {x}, "shuffle", true);
}

TensorId expand(Maker& m, TensorId x) {
  Shape s = m.shape(x);
  const Shape full = s;
  for (std::int64_t& extent : s)
    if (m.chance(40)) extent = 1;
  return m.op(kExpand, ReshapeAttrs{.shape = full}, {m.input(s)}, "expand", true);
}

}  // namespace

std::vector<RandomOp> random_movements() {
  return {{"Concat", false, concat},
          {"Concat", false, concat},
          {"Concat", true, concat},
          {"Split", false, split},
          {"Slice", false, slice},
          {"Slice", true, slice},
          {"Pad", false, pad},
          {"Pad", true, pad},
          {"Reshape", false, reshape},
          {"Reshape", false, flatten_dense},
          {"Transpose", false, transpose},
          {"Transpose", true, transpose},
          {"Gather", false, gather},
          {"Gather", true, gather},
          {"Gather", true, embedding},
          {"Gather", true, gather_at_run_time},
          {"SpaceToDepth", false, blocks},
          {"DepthToSpace", false, blocks},
          {"Expand", false, expand}};
}

}  // namespace presil::testing
