#pragma once
// What a command computes, beside what it costs. A Function is the configuration that a core's
// engines keep for a stage (window, multipliers, tables); a Computation is what one command adds:
// where its operands lie in SRAM and which part of the result is its own. Only a Program that was
// lowered to be executed has them (Program::functions, Program::computations).

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/fixed_point.h"
#include "core/scalar_functions.h"

namespace presil {

/// Types of stored elements. Values travel as the bits that are stored, in 32-bit integers: sign
/// extended for signed integers, zero extended for everything else of less than 32 bits.
enum class Element : std::uint8_t { kInt8, kUint8, kInt16, kInt32, kFp16, kBf16, kFp32 };
std::int64_t bytes_of(Element element);
bool is_float(Element element);
/// Bounds of the stored integers.
IntegerRange range_of(Element element);
double real_of(Element element, std::int32_t bits);
/// Rounded once: floats to the nearest, ties to even.
std::int32_t float_bits(Element element, double value);

/// How a stored value stands for a real number.
struct Format {
  Element element = Element::kInt8;
  bool quantised = false;
  ScaleAndZero scale;

  double real(std::int32_t bits) const;
  /// Quantised integers: rounded half away from zero; plain integers: truncated.
  std::int32_t stored(double value) const;
};

/// Part of a tensor, in the coordinates of one image.
struct Box {
  std::int64_t row = 0, rows = 0, column = 0, columns = 0, channel = 0, channels = 0;
  std::int64_t elements() const { return rows * columns * channels; }
};

/// Where a box lies in a core's SRAM. Channels are cut into blocks of `atom`; the box's first one
/// is lane `lane` of the first block. Element (r, c, k) of the tensor is at
///   address + row(r) * row_stride + block(k) * block_stride + (c - box.column) * pixel_stride
///           + lane(k) * element bytes,
/// where row(r) is r - box.row, or r modulo ring_rows in a ring of rows.
struct SramView {
  std::int64_t address = 0;
  std::int64_t row_stride = 0, block_stride = 0, pixel_stride = 0;
  std::int64_t atom = 1, lane = 0;
  std::int64_t ring_rows = 0;  ///< 0: no ring
  Element element = Element::kInt8;
  Box box;

  std::int64_t row_address(std::int64_t r) const {
    return address + (ring_rows > 0 ? r % ring_rows : r - box.row) * row_stride;
  }
  std::int64_t blocks() const { return (lane + box.channels + atom - 1) / atom; }
};

/// From a place in the result (row of all images, column, channel) to an element of another tensor
/// in the order [row of all images][column][channel]; -1: none. Affine, or a table in the order of
/// the result.
struct IndexMap {
  std::int64_t base = 0, row = 0, column = 0, channel = 0;
  std::vector<std::int32_t> table;
  std::int64_t columns = 1, channels = 1;  ///< of the result

  std::int64_t operator()(std::int64_t r, std::int64_t c, std::int64_t k) const {
    if (!table.empty()) return table[static_cast<std::size_t>((r * columns + c) * channels + k)];
    return base + r * row + c * column + k * channel;
  }
};

/// Extents of a tensor as an IndexMap counts them.
struct Extents {
  std::int64_t rows = 1, columns = 1, channels = 1;  ///< rows of one image
  friend bool operator==(const Extents&, const Extents&) = default;
};

// ---- Elementwise steps: what runs behind a producer, or alone ----

/// Entry of the stored input's low bits (8 or 16 of them).
struct TableStep {
  std::vector<std::int32_t> entries;
};
struct AddStep {
  QuantizedAdd function;
};
struct MulStep {
  QuantizedMul function;
};
struct RescaleStep {
  Rescale function;
};
/// Real numbers in, computed in double, rounded once.
struct RealUnaryStep {
  UnaryFunction function = UnaryFunction::kIdentity;
  double alpha = 0, beta = 0;
  Format in, out;
};
struct RealBinaryStep {
  BinaryFunction function = BinaryFunction::kAdd;
  Format x, y, out;
};
/// Where another operand's elements are: what a binary step or a choice reads beside the stream.
struct ElementSource {
  /// The command's input or operand (feature maps in SRAM), values that came with the constants,
  /// one value of the configuration; kKept: the result's own place, as it is.
  enum class From : std::uint8_t { kNone, kInput, kOperand, kConstants, kImmediate, kKept };
  From from = From::kNone;
  Element element = Element::kInt8;
  Extents extents;                    ///< of the feature map
  IndexMap index;                     ///< which element of it each result needs
  std::int64_t constants_offset = 0;  ///< bytes from Computation::constants
  std::int32_t immediate = 0;
};

/// (x - mean) / sqrt(variance + epsilon) * scale + bias on real numbers, each parameter with its
/// format.
struct NormStep {
  struct Parameter {
    ElementSource source;
    Format format;
  };
  Parameter scale, bias, mean, variance;
  double epsilon = 0;
  Format in, out;
};

struct Step {
  std::variant<TableStep, AddStep, MulStep, RescaleStep, RealUnaryStep, RealBinaryStep, NormStep>
      apply;
  ElementSource other;       ///< of a binary step
  bool other_first = false;  ///< it is the left side
};

// ---- Functions ----

/// A convolution-like sum over taps and channels: convolutions, dense layers, matrix products.
struct ProductFunction {
  std::int64_t kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1;
  std::int64_t dilation_h = 1, dilation_w = 1, pad_top = 0, pad_left = 0;
  std::int64_t in_rows = 1, in_columns = 1;  ///< of one image
  bool transposed = false;                   ///< the window scatters: a transposed convolution
  bool input_transposed = false;             ///< position m, channel k is at row k, channel m
  bool depthwise = false;
  std::int64_t multiplier = 1;                       ///< depthwise: outputs of an input channel
  std::int64_t group_inputs = 0, group_outputs = 0;  ///< grouped; 0: one group
  bool weights_are_map = false, map_transposed = false;
  int weight_bits = 8;
  Element weight_element = Element::kInt8;
  std::int64_t bias_bytes = 0;  ///< an output; 0: none
  Element bias_element = Element::kInt32;
  bool real = false;  ///< floats: sums in double
  std::int32_t input_zero = 0;
  std::vector<std::int32_t> weight_zero = {0};  ///< one, or one an output
  bool wide = false;                            ///< sums that may exceed 32 bits
  /// One, or one an output; neither: plain sums. Integer sums become floats times real_scales.
  std::vector<Requantizer> requantizers;
  std::vector<double> real_scales;
  Element made = Element::kInt8;  ///< before the steps
};

/// One element for one, wherever it comes from: elementwise operators, copies and movements.
struct MoveFunction {
  bool direct = true;  ///< the same coordinates; else `index`
  IndexMap index;
  Extents in;
  std::int32_t fill = 0;  ///< where the index is -1
  std::optional<Rescale> rescale;
};

struct PoolFunction {
  std::int64_t kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1;
  std::int64_t dilation_h = 1, dilation_w = 1, pad_top = 0, pad_left = 0;
  std::int64_t pad_bottom = 0, pad_right = 0;
  std::int64_t in_rows = 1, in_columns = 1;
  bool average = false, count_include_pad = false;
  Element element = Element::kInt8;  ///< of the input
  bool real_sum = false;  ///< integers are averaged as the real numbers that they stand for
  Format format;
  /// The average of a sum of stored values and so many pads, or of real ones.
  std::function<std::int32_t(std::int64_t, std::int64_t, std::int64_t)> average_integers;
  std::function<std::int32_t(double, std::int64_t)> average_reals;
};

enum class Reduction : std::uint8_t { kSum, kMean, kMax, kMin, kArgMax };
/// Every input element goes to one result: the same channel of the image (sums over rows), or
/// where `index` says.
struct ReduceFunction {
  Reduction reduction = Reduction::kMean;
  bool over_rows = false;              ///< rows (and columns, where the result has one) of an image
  bool column_counts = false;          ///< over rows: kArgMax gives the column, not the row
  std::vector<std::int32_t> target;    ///< else: the result of each input element
  std::vector<std::int32_t> position;  ///< kArgMax: the index of each input element
  std::int64_t count = 1;              ///< elements of one result
  Extents in, out;
  Format format;  ///< of the input
  /// The result from the sum (or extreme) of the stored values; for floats of the real ones.
  std::function<std::int32_t(std::int64_t)> finish_integer;
  std::function<std::int32_t(double)> finish_real;
};

/// All elements of a line together: softmax, norms.
struct LineFunction {
  std::vector<std::int32_t> starts;  ///< the first element of each line
  std::vector<std::int32_t> places;  ///< of a line's elements, counted from its first
  Extents in;
  /// Stored values in and out, and the channel of the line's first element.
  std::function<void(std::span<const std::int32_t>, std::span<std::int32_t>, std::int64_t)> apply;
};

/// condition != 0 ? yes : no. Three streamed operands take two commands: the first puts one side
/// into the result's place, the second writes over it where the condition chooses the other.
struct SelectFunction {
  struct Side {
    ElementSource source;
    std::optional<Rescale> rescale;
  };
  ElementSource condition;
  Side yes, no;
};

/// Elements of a table by indices that are known only at run time.
struct LookupFunction {
  ElementSource index;       ///< the index that each result needs
  IndexMap base;             ///< the element of the table at index 0
  std::int64_t step = 1;     ///< elements of the table from one index to the next
  std::int64_t entries = 1;  ///< negative indices count from here
  Element element = Element::kInt8;
  Extents in;  ///< a table that is the command's input
  int memory =
      -1;  ///< else the memory that holds it (Computation::table), read where it is indexed
  std::optional<Rescale> rescale;
  std::string name;  ///< of the operator, for an index that is out of range
};

/// LSTM, GRU and RNN: a direction's sums from the input over some steps, then step after step the
/// sums from its state and the cell. Sums and states are real numbers, which stay in the machine
/// (MachineState::recurrent): the scratch buffer in SRAM is only timed.
struct RecurrentFunction {
  enum class Cell : std::uint8_t { kLstm, kGru, kRnn };
  Cell cell = Cell::kLstm;
  bool linear_before_reset = false, reverse = false, batch_first = false;
  std::int64_t gates = 4, hidden = 1, features = 1, steps = 1, batch = 1, directions = 1;
  /// Sequences that lie side by side in each step, where the steps are the outer axis; as many
  /// again follow behind their last step.
  std::int64_t beside = 1;
  /// One scale and zero point, or one of each row (of the biases: of each direction's rows).
  struct Weights {
    Element element = Element::kInt8;
    int bits = 8;
    std::vector<double> scale{1.0};
    std::vector<std::int64_t> zero{0};
  };
  Weights input_weights, state_weights;
  Weights bias;                          ///< in front of a tile of input weights: 4 bytes a row
  std::vector<double> state_bias;        ///< of each direction's rows; empty: none
  std::vector<double> first_h, first_c;  ///< [direction][batch][hidden]; empty: zeros
  Format in, state;                      ///< h is rounded to `state` after every step
  /// What leaves: every step's h, or the last step's h or c.
  enum class Result : std::uint8_t { kSteps, kLastH, kLastC };
  Result result = Result::kSteps;
  Format out;
};

/// The last cell state of a recurrent function, which a further command copies out.
struct CellStateFunction {
  int of = 0;  ///< index of its function
  std::int64_t hidden = 1, batch = 1, directions = 1, beside = 1;
  bool batch_first = false;
  Format out;
};

/// Weighted sums of up to four input pixels.
struct ResizeFunction {
  std::int64_t in_rows = 1, in_columns = 1;
  /// Of each output row and column: its two source places.
  std::vector<std::int32_t> row_low, row_high, column_low, column_high;
  /// From the four stored values (top left, top right, bottom left, bottom right), row and column.
  std::function<std::int32_t(const std::array<std::int32_t, 4>&, std::int64_t, std::int64_t)> mix;
};

using FunctionKind = std::variant<ProductFunction, MoveFunction, PoolFunction, ReduceFunction,
                                  LineFunction, ResizeFunction, SelectFunction, LookupFunction,
                                  RecurrentFunction, CellStateFunction>;

/// The configuration of a stage.
struct Function {
  FunctionKind kind;
  std::vector<Step> steps;  ///< in order, on every result
  Element output = Element::kInt8;
  Extents out;  ///< of one image
};

/// What a command of a recurrent function does.
struct RecurrentPart {
  enum class Phase : std::uint8_t { kInputSums, kStateSums, kCell };
  Phase phase = Phase::kInputSums;
  std::int64_t direction = 0, step = 0, steps = 1;  ///< steps in the order in which they are done
  std::int64_t first_row = 0, rows = 0;             ///< of the gates' sums
};

/// What one Matrix or Vector command computes.
struct Computation {
  int function = -1;  ///< index in Program::functions
  std::int64_t image = 0, input_image = 0;
  SramView input, operand, output, weight_map;
  std::int64_t weights = 0, constants = 0;  ///< SRAM addresses
  std::int64_t sum_begin = 0, sum_end = 0;  ///< its run of the sum: channels, or rows
  bool first = true, last = true;           ///< of the sum
  std::int64_t sum_slot = 0;                ///< which of the sums that wait in the accumulators
  std::int64_t table = 0;                   ///< where a LookupFunction's table lies in its memory
  RecurrentPart recurrent;
};

}  // namespace presil
