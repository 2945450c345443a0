#pragma once
// The TFLite operators that presil reads, each with the function that converts it. Private to the
// TFLite importer.

#include <span>
#include <string>

#include "models/tflite_context.h"

namespace presil {

/// Adds what one operator does to the graph and binds its results. Throws TfliteUnsupported (then
/// the operator may become a kHost) or Error (then the file is wrong).
using TfliteConverter = void (*)(TfliteContext&, const TfliteOp&);
struct TfliteOperator {
  tflite_schema::BuiltinOperator code;
  TfliteConverter convert;
};

// The rows, by family: one .cc file each.
std::span<const TfliteOperator> tflite_mac_operators();          // tflite_mac.cc
std::span<const TfliteOperator> tflite_recurrent_operators();    // tflite_recurrent.cc
std::span<const TfliteOperator> tflite_elementwise_operators();  // tflite_elementwise.cc
std::span<const TfliteOperator> tflite_window_operators();       // tflite_window.cc
std::span<const TfliteOperator> tflite_movement_operators();     // tflite_movement.cc
std::span<const TfliteOperator> tflite_reshape_operators();      // tflite_reshape.cc

/// nullptr if the operator is not supported.
TfliteConverter tflite_converter(tflite_schema::BuiltinOperator code);
/// "ABS, ADD, ...", sorted: for messages.
std::string supported_tflite_operators();

/// Pads of one axis as TFLite computes them: {before, after}; SAME puts the odd one behind.
struct TflitePads {
  std::int64_t before = 0, after = 0;
};
TflitePads tflite_pads(tflite_schema::Padding padding, std::int64_t extent, std::int64_t kernel,
                       std::int64_t stride, std::int64_t dilation);
/// Throws Error unless stride, dilation and kernel are >= 1 (and below 2^20) on both axes.
void check_tflite_window(const TfliteContext& context, const TfliteOp& op, const Window& window);
/// Fills in the four pads of `window` for a feature map of `height` x `width`.
void set_tflite_pads(Window& window, tflite_schema::Padding padding, std::int64_t height,
                     std::int64_t width);
/// Throws Error unless operand `position` has `rank` dimensions; returns its file shape.
Shape tflite_shape_of_rank(const TfliteContext& context, const TfliteOp& op, std::size_t position,
                           std::size_t rank);

}  // namespace presil
