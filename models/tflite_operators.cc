#include "models/tflite_operators.h"

#include <algorithm>
#include <array>

namespace presil {
namespace {

using Rows = std::span<const TfliteOperator>;

std::array<Rows, 6> families() {
  return {tflite_mac_operators(),    tflite_recurrent_operators(), tflite_elementwise_operators(),
          tflite_window_operators(), tflite_movement_operators(),  tflite_reshape_operators()};
}

}  // namespace

TfliteConverter tflite_converter(tflite_schema::BuiltinOperator code) {
  for (const Rows rows : families())
    for (const TfliteOperator& row : rows)
      if (row.code == code) return row.convert;
  return nullptr;
}

std::string supported_tflite_operators() {
  std::vector<std::string> names;
  for (const Rows rows : families())
    for (const TfliteOperator& row : rows)
      names.emplace_back(tflite_schema::EnumNameBuiltinOperator(row.code));
  std::sort(names.begin(), names.end());
  return fmt::format("{}", fmt::join(names, ", "));
}

TflitePads tflite_pads(tflite_schema::Padding padding, std::int64_t extent, std::int64_t kernel,
                       std::int64_t stride, std::int64_t dilation) {
  if (padding == tflite_schema::Padding::VALID) return {};
  const std::int64_t out = (extent + stride - 1) / stride;
  const std::int64_t total =
      std::max<std::int64_t>((out - 1) * stride + (kernel - 1) * dilation + 1 - extent, 0);
  return {total / 2, total - total / 2};
}

void check_tflite_window(const TfliteContext& context, const TfliteOp& op, const Window& w) {
  constexpr std::int64_t kMost = 1 << 20;
  for (const std::int64_t value :
       {w.kernel_h, w.kernel_w, w.stride_h, w.stride_w, w.dilation_h, w.dilation_w})
    if (value < 1 || value > kMost)
      throw Error("{}: kernel {}x{}, stride {}x{}, dilation {}x{}: each must be 1 to {}",
                  context.file().place(op), w.kernel_h, w.kernel_w, w.stride_h, w.stride_w,
                  w.dilation_h, w.dilation_w, kMost);
}

void set_tflite_pads(Window& window, tflite_schema::Padding padding, std::int64_t height,
                     std::int64_t width) {
  const auto rows =
      tflite_pads(padding, height, window.kernel_h, window.stride_h, window.dilation_h);
  const auto columns =
      tflite_pads(padding, width, window.kernel_w, window.stride_w, window.dilation_w);
  window.pad_top = rows.before;
  window.pad_bottom = rows.after;
  window.pad_left = columns.before;
  window.pad_right = columns.after;
}

Shape tflite_shape_of_rank(const TfliteContext& context, const TfliteOp& op, std::size_t position,
                           std::size_t rank) {
  const Shape shape = context.file_shape(context.input_index(op, position));
  if (shape.size() != rank)
    throw Error("{}: operand {} must have {} dimensions, is {}", context.file().place(op), position,
                rank, to_string(shape));
  return shape;
}

}  // namespace presil
