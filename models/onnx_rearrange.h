#pragma once
// Constants rearranged element by element, whatever their type. Where values are absent only the
// shape is made. Private to the ONNX importer; arguments must fit (callers check them).

#include <cstdint>
#include <vector>

#include "models/onnx_tensor.h"

namespace presil {

/// Element (i0,i1,...) of the result is element `offset + i0*strides[0] + i1*strides[1] + ...`.
OnnxConstant strided(const OnnxConstant& from, const Shape& shape, std::int64_t offset,
                     const std::vector<std::int64_t>& strides);
/// In elements, row-major.
std::vector<std::int64_t> strides_of(const Shape& shape);
/// The same values under another shape; they are shared, not copied.
OnnxConstant reshaped(const OnnxConstant& from, Shape shape);
OnnxConstant transposed(const OnnxConstant& from, const std::vector<std::int64_t>& perm);
/// `steps` may be negative, `sizes` 0.
OnnxConstant sliced(const OnnxConstant& from, const std::vector<std::int64_t>& begins,
                    const std::vector<std::int64_t>& sizes, const std::vector<std::int64_t>& steps);
/// Broadcast to `shape`, which `from` must fit.
OnnxConstant expanded(const OnnxConstant& from, const Shape& shape);
OnnxConstant tiled(const OnnxConstant& from, const std::vector<std::int64_t>& repeats);
OnnxConstant joined(const std::vector<const OnnxConstant*>& parts, std::size_t axis);
/// Indices are 0 to extent - 1.
OnnxConstant gathered(const OnnxConstant& from, const std::vector<std::int64_t>& indices,
                      const Shape& indices_shape, std::size_t axis);

}  // namespace presil
