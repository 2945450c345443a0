#pragma once
// The kinds of edits, a file each. Private to search/edits.

#include "search/edits/edit.h"

namespace presil {

/// Channels up to the next, or down to the last, multiple of the parallelism factor or dot length.
extern const EditRule kAlignUp, kAlignDown;
/// 1x1 expansion + depthwise -> one full convolution.
extern const EditRule kFuse;
/// A depthwise convolution, alone or with the 1x1 behind it, -> a full convolution.
extern const EditRule kDense;
/// int4 weights, or int8 in place of 16 bits.
extern const EditRule kPrecision;
/// A smaller input image.
extern const EditRule kResolution;
/// A convolution strides in place of a later one.
extern const EditRule kStride;

}  // namespace presil
