#pragma once
// Where the elements of tensors are, and where those of an operator's result come from: what
// movements need of their input (sim/movement_stages.h) and how the machine executes them
// (sim/functions.h).

#include <functional>
#include <memory>
#include <vector>

#include "hw/function.h"
#include "models/graph.h"
#include "sim/stage.h"

namespace presil {

/// A tensor's elements in the order of its feature map, [image][row][column][channel]: an element's
/// ordinal is the sum of index x stride over its dimensions. Of a batch, so many such tensors
/// follow one another; indices and ordinals are the first one's.
struct ElementOrder {
  ElementOrder(const Shape& tensor_shape, bool last, std::int64_t copies = 1);

  Shape shape;
  std::vector<std::int64_t> stride;
  std::int64_t images = 1;
  Extents extents;         ///< of one image
  std::int64_t batch = 1;  ///< tensors one behind another; 1 for a constant, which all of them read

  /// Of one tensor.
  std::int64_t elements() const {
    return images * extents.rows * extents.columns * extents.channels;
  }
  /// Ordinals from one tensor of the batch to the next.
  std::int64_t batch_step() const { return batch > 1 ? elements() : 0; }
  std::int64_t ordinal(const Shape& index) const;
};

/// Calls visit(index) for all elements, row-major.
template <typename Visit>
void for_each_index(const Shape& shape, Visit&& visit) {
  Shape index(shape.size(), 0);
  while (true) {
    visit(index);
    std::size_t axis = shape.size();
    while (axis > 0 && ++index[axis - 1] == shape[axis - 1]) index[--axis] = 0;
    if (axis == 0) return;
  }
}

/// Index of an element of output `result` -> ordinal of the element of `operand` that it is a copy
/// of; -1: none. Data movements, nearest resizing, and every operator whose operands broadcast.
using Source = std::function<std::int64_t(const Shape&)>;
Source source_of(const Graph& graph, const std::vector<bool>& last, const Op& op,
                 std::size_t operand = 0, std::size_t result = 0);
/// NumPy's broadcasting of `from` to `to`.
Source broadcast_source(const ElementOrder& from, const Shape& to);

/// From an index of a recurrent operator's last h to the element of its steps' results.
Source last_state_source(const Op& op, const ElementOrder& steps);

/// The same by ordinals of the result, all of its batch: `step` further for each tensor (the
/// operand's batch_step()). Throws Error if they exceed 32 bits.
std::vector<std::int32_t> source_table(const ElementOrder& result, const Source& source,
                                       std::int64_t step);
/// A table that is affine is kept as such.
IndexMap index_map(const ElementOrder& result, std::vector<std::int32_t> table);

/// The image of an operand that each image of the result needs, by NumPy's broadcasting; null where
/// it is the same one, or the only one.
std::shared_ptr<const ImageMap> broadcast_images(const ElementOrder& operand,
                                                 const ElementOrder& result);

/// Input rows (of all images) that each row of the result needs.
RowReach row_reach(const ElementOrder& result, const ElementOrder& input, const Source& source);
/// Likewise of a reduction: `target` gives for an index of the input the ordinal of its result.
RowReach reduction_reach(const ElementOrder& result, const ElementOrder& input,
                         const Source& target);
/// The result of each element of the input of a reduction.
Source reduction_target(const ElementOrder& result, const Shape& input,
                        const std::vector<std::int64_t>& axes, bool keep_dims);

/// Lines along some axes, whose elements are computed together.
struct LinePlaces {
  std::vector<std::int32_t> starts;  ///< ordinal of each line's first element
  std::vector<std::int32_t> places;  ///< of a line's elements, counted from its first
};
LinePlaces line_places(const ElementOrder& order, const std::vector<std::int64_t>& axes);
/// Each row's whole lines.
RowReach line_reach(const ElementOrder& order, const std::vector<std::int64_t>& axes);

/// The two places of one axis that an output place of a resize lies between, each in the input.
struct Neighbours {
  std::int64_t low = 0, high = 0;
};
Neighbours resize_neighbours(const Op& op, std::int64_t at, std::int64_t in, std::int64_t out,
                             bool fixed_point);

}  // namespace presil
