#pragma once
// From TFLite's channels-last order to presil's [N,C,H,W]. Private to the TFLite importer.

#include <span>
#include <string>
#include <vector>

#include "models/tensor.h"

namespace presil {

/// How a constant of the file is laid out in the graph.
enum class TfliteLayout : std::uint8_t {
  kPlain,       ///< [N,H,W,C] -> [N,C,H,W]; other ranks stay. Convolution weights too: [O,H,W,I].
  kLifted,      ///< ranks 1 to 3 are first made [..,1,C], to broadcast against a feature map
  kDepthwise,   ///< [1,H,W,C*m] -> [C*m,1,H,W]
  kTransposed,  ///< [O,H,W,I] -> [I,O,H,W]
};

/// 4-D shapes [N,H,W,C] -> [N,C,H,W] and back; other ranks are returned as they are.
Shape to_channels_first(const Shape& shape);
Shape to_channels_last(const Shape& shape);
/// The place of axis `axis` (0 <= axis < rank) of the file in the graph's order.
std::int64_t axis_to_channels_first(std::int64_t axis, std::size_t rank);
/// `per_axis` has one entry an axis of the file; the result one an axis of the graph.
std::vector<std::int64_t> to_channels_first_entries(const std::vector<std::int64_t>& per_axis);

/// Shape, values and quantisation axis of `tensor` (in the file's order) in `layout`. Throws Error
/// with `where` if the rank does not suit the layout.
TensorDesc laid_out(TensorDesc tensor, TfliteLayout layout, const std::string& where);

}  // namespace presil
