#pragma once
// Random layers that several families share.

#include "estimator/case_draw.h"

namespace presil {

/// A convolution as `layer` says, with `groups`.
TensorId grouped_conv(LayerBuilder& b, TensorId x, const ConvLayer& layer, std::int64_t groups);
/// What is fused behind a layer: now and then an addition of a map of its own.
TensorId random_epilogue(CaseDraw& draw, LayerBuilder& b, TensorId x);
/// A window that fits into the map.
ConvLayer random_window(CaseDraw& draw, const Shape& in);
/// Position-wise feed-forward layer with residual: x + project(act(expand(norm(x)))).
TensorId feed_forward(LayerBuilder& b, TensorId x, std::int64_t expanded, Activation activation);
/// The convolution module of a conformer with a depthwise kernel of `kernel` steps.
TensorId conformer_module(LayerBuilder& b, TensorId x, std::int64_t kernel);
/// 1x1 compress -> KxK -> 1x1 expand (+ input): `tucker`.
TensorId tucker(LayerBuilder& b, TensorId x, std::int64_t inner_in, std::int64_t inner_out,
                const ConvLayer& layer, std::int64_t channels);
/// Two 3x3 convolutions, or 1x1 -> 3x3 -> 1x1 when `narrow` > 0, with a shortcut.
TensorId residual(LayerBuilder& b, TensorId x, std::int64_t channels, std::int64_t narrow,
                  std::int64_t stride);
/// One node of a cell: a random operation of NAS-Bench-201 on x.
TensorId cell_operation(CaseDraw& draw, LayerBuilder& b, TensorId x);
/// A cell of four nodes with random edges.
TensorId random_cell(CaseDraw& draw, LayerBuilder& b, TensorId x);

}  // namespace presil
