#pragma once
// The size that a serialized ONNX model will have in memory, told before it is parsed. Private to
// the ONNX importer.

#include <cstdint>
#include <string>
#include <string_view>

namespace presil {

/// Limits on the parts of a file. Two bytes may make a message of some 200 bytes, so the size of
/// the file alone bounds nothing.
inline constexpr std::int64_t kMaxOnnxMessages = 4'000'000;
inline constexpr std::int64_t kMaxOnnxFields = 16'000'000;
inline constexpr std::int64_t kMaxOnnxPackedBytes = std::int64_t{1} << 27;
inline constexpr int kMaxOnnxNesting = 64;  ///< protobuf itself gives up at 100

/// Walks the tags of a serialized ModelProto without allocating. Throws Error, with `path` in
/// front: no protobuf, cut off, or beyond a limit.
void check_onnx_wire(std::string_view bytes, const std::string& path);

}  // namespace presil
