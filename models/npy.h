#pragma once
// NumPy's .npy files: tensors in and out.
//
// Format: numpy.lib.format, versions 1.0 and 2.0; little-endian, C order; int8, uint8, int16,
// int32, int64, bool, fp16, fp32 and fp64 ("|i1", "<f2", ...). A file has neither quantisation nor
// bf16 nor int4: they are written as their nearest wider type (fp32, int8).

#include <filesystem>
#include <string>

#include "models/tensor_values.h"

namespace presil {

/// Limits, enforced before memory is allocated.
inline constexpr std::int64_t kMaxNpyBytes = std::int64_t{1} << 31;
inline constexpr std::size_t kMaxNpyRank = 8;

/// Throws Error naming the file: unreadable, no .npy file, a header that this subset does not have
/// (what it says and what is known), Fortran order, an extent of 0, fewer or more bytes than the
/// shape needs.
Tensor read_npy(const std::filesystem::path& file);
/// The bytes of a version 1.0 file.
std::string npy_bytes(const Tensor& tensor);
/// Written aside and renamed. Throws Error.
void write_npy(const Tensor& tensor, const std::filesystem::path& file);

}  // namespace presil
