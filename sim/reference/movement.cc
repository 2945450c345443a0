// Operators that move elements: each says for every element of its result where it comes from.

#include <algorithm>
#include <functional>

#include "sim/reference/op_call.h"

namespace presil::reference {

namespace {

/// sources[i] = source(index of element i of the result).
template <typename Source>
std::vector<std::size_t> sources_by_index(const Shape& result, const Source& source) {
  std::vector<std::size_t> sources(static_cast<std::size_t>(element_count(result)));
  Shape index(result.size(), 0);
  for (std::size_t& element : sources) {
    element = source(index);
    for (std::size_t axis = result.size(); axis-- > 0;) {
      if (++index[axis] < result[axis]) break;
      index[axis] = 0;
    }
  }
  return sources;
}

std::size_t offset_of(const std::vector<std::size_t>& strides, const Shape& index) {
  std::size_t offset = 0;
  for (std::size_t i = 0; i < index.size(); ++i)
    offset += strides[i] * static_cast<std::size_t>(index[i]);
  return offset;
}

void concat(const OpCall& call) {
  const auto axis = static_cast<std::size_t>(call.op.as<AxisAttrs>().axis);
  std::int64_t begin = 0;
  for (std::size_t operand = 0; operand < call.operands.size(); ++operand) {
    const Shape& part = call.in(operand).shape;
    const auto strides = strides_of(part);
    const auto sources = sources_by_index(call.out().shape, [&](const Shape& index) {
      const std::int64_t at = index[axis] - begin;
      if (at < 0 || at >= part[axis]) return kNoSource;
      Shape from = index;
      from[axis] = at;
      return offset_of(strides, from);
    });
    take_elements(call, call.in(operand), sources, call.out());
    begin += part[axis];
  }
}

void split(const OpCall& call) {
  const auto axis = static_cast<std::size_t>(call.op.as<AxisAttrs>().axis);
  const auto strides = strides_of(call.in().shape);
  std::int64_t begin = 0;
  for (Tensor& part : call.results) {
    const auto sources = sources_by_index(part.shape, [&](const Shape& index) {
      return offset_of(strides, index) + strides[axis] * static_cast<std::size_t>(begin);
    });
    take_elements(call, call.in(), sources, part);
    begin += part.shape[axis];
  }
}

void gather(const OpCall& call) {
  const auto axis = static_cast<std::size_t>(call.op.as<AxisAttrs>().axis);
  const Shape& table = call.in().shape;
  const std::size_t rank = call.in(1).shape.size();
  std::vector<std::int64_t> indices = stored_integers(call.in(1));
  for (std::int64_t& index : indices) {
    if (index < -table[axis] || index >= table[axis])
      call.fail(fmt::format("index {} is outside of axis {} of {}", index, axis, to_string(table)));
    if (index < 0) index += table[axis];
  }
  const auto table_strides = strides_of(table), index_strides = strides_of(call.in(1).shape);
  take_elements(
      call, call.in(),
      sources_by_index(call.out().shape,
                       [&](const Shape& index) {
                         const auto begin = index.begin() + static_cast<std::ptrdiff_t>(axis);
                         const auto end = begin + static_cast<std::ptrdiff_t>(rank);
                         Shape from(index.begin(), begin);
                         from.push_back(indices[offset_of(index_strides, Shape(begin, end))]);
                         from.insert(from.end(), end, index.end());
                         return offset_of(table_strides, from);
                       }),
      call.out());
}

/// Elements in the order N,H,W,C of a 4-D tensor, row-major otherwise: place -> offset.
std::function<std::size_t(std::size_t)> channels_last_order(const Shape& shape) {
  if (shape.size() != 4) return [](std::size_t place) { return place; };
  const auto c = static_cast<std::size_t>(shape[1]), h = static_cast<std::size_t>(shape[2]),
             w = static_cast<std::size_t>(shape[3]);
  return [=](std::size_t place) {
    const std::size_t channel = place % c, column = place / c % w, row = place / c / w % h;
    return ((place / c / w / h * c + channel) * h + row) * w + column;
  };
}

void reshape(const OpCall& call) {
  std::vector<std::size_t> sources(static_cast<std::size_t>(call.out().elements()));
  const bool last = call.op.as<ReshapeAttrs>().channels_last;
  const auto from = channels_last_order(last ? call.in().shape : Shape{});
  const auto to = channels_last_order(last ? call.out().shape : Shape{});
  for (std::size_t place = 0; place < sources.size(); ++place) sources[to(place)] = from(place);
  take_elements(call, call.in(), sources, call.out());
}

void pad(const OpCall& call) {
  const PadAttrs& attrs = call.op.as<PadAttrs>();
  const Shape& x = call.in().shape;
  store_reals(call.out(),
              std::vector<double>(static_cast<std::size_t>(call.out().elements()), attrs.value));
  const auto strides = strides_of(x);
  const auto sources = sources_by_index(call.out().shape, [&](const Shape& index) {
    Shape from = index;
    for (std::size_t i = 0; i < from.size(); ++i) {
      from[i] -= attrs.before[i];
      if (from[i] < 0 || from[i] >= x[i]) return kNoSource;
    }
    return offset_of(strides, from);
  });
  take_elements(call, call.in(), sources, call.out());
}

void slice(const OpCall& call) {
  const SliceAttrs& attrs = call.op.as<SliceAttrs>();
  const auto strides = strides_of(call.in().shape);
  take_elements(call, call.in(),
                sources_by_index(call.out().shape,
                                 [&](const Shape& index) {
                                   Shape from = index;
                                   for (std::size_t i = 0; i < from.size(); ++i)
                                     from[i] = attrs.begin[i] + index[i] * attrs.step[i];
                                   return offset_of(strides, from);
                                 }),
                call.out());
}

void transpose(const OpCall& call) {
  const std::vector<std::int64_t>& perm = call.op.as<TransposeAttrs>().perm;
  const auto own = strides_of(call.in().shape);
  std::vector<std::size_t> strides;
  for (const std::int64_t axis : perm) strides.push_back(own[static_cast<std::size_t>(axis)]);
  take_elements(call, call.in(),
                sources_by_index(call.out().shape,
                                 [&](const Shape& index) { return offset_of(strides, index); }),
                call.out());
}

/// ONNX DepthToSpace (DCR, or CRD where column_row_depth) and SpaceToDepth.
void blocks(const OpCall& call) {
  const BlockAttrs& attrs = call.op.as<BlockAttrs>();
  const std::int64_t b = attrs.block;
  const auto strides = strides_of(call.in().shape);
  const bool to_space = call.op.kind == OpKind::kDepthToSpace;
  const std::int64_t depth = to_space ? call.out().shape[1] : call.in().shape[1];
  take_elements(call, call.in(),
                sources_by_index(
                    call.out().shape,
                    [&](const Shape& i) {
                      if (to_space) {
                        const std::int64_t inside = i[2] % b * b + i[3] % b;
                        const std::int64_t channel =
                            attrs.column_row_depth ? i[1] * b * b + inside : inside * depth + i[1];
                        return offset_of(strides, {i[0], channel, i[2] / b, i[3] / b});
                      }
                      const std::int64_t inside = i[1] / depth;
                      return offset_of(strides, {i[0], i[1] % depth, i[2] * b + inside / b,
                                                 i[3] * b + inside % b});
                    }),
                call.out());
}

/// Channels [groups, channels / groups] become [channels / groups, groups].
void shuffle(const OpCall& call) {
  const std::int64_t groups = call.op.as<BlockAttrs>().block;
  const std::int64_t inside = call.in().shape[1] / groups;
  const auto strides = strides_of(call.in().shape);
  take_elements(call, call.in(),
                sources_by_index(call.out().shape,
                                 [&](const Shape& index) {
                                   Shape from = index;
                                   from[1] = index[1] % groups * inside + index[1] / groups;
                                   return offset_of(strides, from);
                                 }),
                call.out());
}

}  // namespace

void run_movement(const OpCall& call) {
  switch (call.op.kind) {
    case OpKind::kConcat:
      return concat(call);
    case OpKind::kSplit:
      return split(call);
    case OpKind::kSlice:
      return slice(call);
    case OpKind::kPad:
      return pad(call);
    case OpKind::kReshape:
      return reshape(call);
    case OpKind::kTranspose:
      return transpose(call);
    case OpKind::kGather:
      return gather(call);
    case OpKind::kDepthToSpace:
    case OpKind::kSpaceToDepth:
      return blocks(call);
    case OpKind::kChannelShuffle:
      return shuffle(call);
    case OpKind::kExpand:
      return take_elements(call, call.in(), broadcast_sources(call.in().shape, call.out().shape),
                           call.out());
    default:
      PRESIL_CHECK(false, "{} does not move elements", op_info(call.op.kind).name);
  }
}

}  // namespace presil::reference
