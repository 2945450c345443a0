#pragma once
// The arithmetic of one command on boxes of elements. Private to hw/data_path.cc and the kernels.

#include <cstddef>
#include <vector>

#include "hw/function.h"
#include "hw/machine_state.h"

namespace presil::kernels {

/// Stored bits of a box, in the order [row][column][channel].
struct Dense {
  Box box;
  std::vector<std::int32_t> values;

  std::int32_t& at(std::int64_t r, std::int64_t c, std::int64_t k) {
    return values[static_cast<std::size_t>(
        ((r - box.row) * box.columns + (c - box.column)) * box.channels + (k - box.channel))];
  }
  std::int32_t at(std::int64_t r, std::int64_t c, std::int64_t k) const {
    return const_cast<Dense&>(*this).at(r, c, k);
  }
  /// The element, with those of further channels behind it.
  const std::int32_t* from(std::int64_t r, std::int64_t c, std::int64_t k) const {
    return &const_cast<Dense&>(*this).at(r, c, k);
  }
};
Dense dense(const Box& box);

/// Calls visit(row, column, channel, value) for all elements of a box.
template <typename Visit>
void for_each(Dense& results, Visit&& visit) {
  const Box& b = results.box;
  std::int32_t* at = results.values.data();
  for (std::int64_t r = b.row; r < b.row + b.rows; ++r)
    for (std::int64_t c = b.column; c < b.column + b.columns; ++c)
      for (std::int64_t k = b.channel; k < b.channel + b.channels; ++k) visit(r, c, k, *at++);
}

/// An element by its place in the order [row of all images][column][channel]. It is a failure if it
/// is not there.
std::int32_t element_of(const Dense& box, const Extents& extents, std::int64_t ordinal);

/// Reads one stored element.
std::int32_t read_bits(Element element, const std::byte* at);
void write_bits(Element element, std::int32_t bits, std::byte* at);

/// Calls visit(row, column, channel, address, count) for the elements that lie side by side.
template <typename Visit>
void for_each_piece(const SramView& view, Visit&& visit) {
  const Box& box = view.box;
  const std::int64_t size = bytes_of(view.element);
  for (std::int64_t r = box.row; r < box.row + box.rows; ++r)
    for (std::int64_t b = 0; b < view.blocks(); ++b) {
      const std::int64_t from = std::max<std::int64_t>(0, b * view.atom - view.lane);
      const std::int64_t to = std::min(box.channels, (b + 1) * view.atom - view.lane);
      const std::int64_t lane = from + view.lane - b * view.atom;
      std::int64_t at = view.row_address(r) + b * view.block_stride + lane * size;
      for (std::int64_t c = 0; c < box.columns; ++c, at += view.pixel_stride)
        visit(r, box.column + c, box.channel + from, at, to - from);
    }
}

/// The elements of a view; `sram` is its core's.
Dense gather(const SramView& view, const std::byte* sram);
/// Likewise as numbers less `zero`: for the products.
std::vector<std::int16_t> gather_numbers(const SramView& view, const std::byte* sram,
                                         std::int32_t zero);
std::vector<double> gather_reals(const SramView& view, const std::byte* sram);

/// What a command works with.
struct Context {
  const Function& function;
  const Computation& computation;
  const std::byte* sram;
  MachineState& state;
  std::size_t core;
};

/// The elements of another operand, result by result.
class ElementReader {
 public:
  /// Both outlive it.
  ElementReader(const Context& context, const ElementSource& source);
  std::int32_t operator()(std::int64_t r, std::int64_t c, std::int64_t k) const;

 private:
  const Context& context_;
  const ElementSource& source_;
  Dense box_;
};

/// The results of a command before its steps; empty values while the sum goes on.
Dense compute(const Context& context, const ProductFunction& function);
Dense compute(const Context& context, const MoveFunction& function);
Dense compute(const Context& context, const PoolFunction& function);
Dense compute(const Context& context, const ReduceFunction& function);
Dense compute(const Context& context, const LineFunction& function);
Dense compute(const Context& context, const ResizeFunction& function);
Dense compute(const Context& context, const SelectFunction& function);
Dense compute(const Context& context, const LookupFunction& function);
Dense compute(const Context& context, const CellStateFunction& function);

/// Behind the steps: what a choice leaves as it is.
void restore_kept(const Context& context, const SelectFunction& function, Dense& results);

/// A recurrent command's results, if it makes any: lines of the result, each with its place.
struct Line {
  SramView view;
  std::vector<std::int32_t> values;
};
std::vector<Line> compute_lines(const Context& context, const RecurrentFunction& function);

/// Runs the steps of the function on its results, in place.
void apply_steps(const Context& context, Dense& results);

}  // namespace presil::kernels
