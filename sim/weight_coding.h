#pragma once
// How small a chip's weight decoder lets weights be stored.

#include "hw/chip_spec.h"
#include "models/tensor.h"

namespace presil {

/// Bytes stored for a byte of a constant tensor: chip.weight_compression, or with weight_coding:
/// entropy the Shannon entropy of its values over their bits, where it has values of at most 8
/// bits (Shannon, 1948: what no lossless coder of single values can beat; docs/validation.md has
/// how near Ethos-U's comes). Never 0: at least 1/64.
double weight_ratio(const ChipSpec& chip, const TensorDesc& tensor);

}  // namespace presil
