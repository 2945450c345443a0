#include "models/onnx_wire.h"

#include <onnx/onnx_pb.h>

#include "core/error.h"

namespace presil {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

/// Wire types of protobuf's encoding; groups (3 and 4) do not occur in ONNX.
enum class WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

class WireWalk {
 public:
  WireWalk(std::string_view bytes, const std::string& path) : bytes_(bytes), path_(path) {}

  void message(const Descriptor& type, std::size_t end, int depth) {
    if (depth > kMaxOnnxNesting)
      throw Error(
          "{}: messages nest deeper than {} levels (subgraphs in subgraphs); presil does not read "
          "such models",
          path_, kMaxOnnxNesting);
    count(messages_, 1, kMaxOnnxMessages, "messages");
    while (at_ < end) field(type, end, depth);
  }

 private:
  [[noreturn]] void corrupt() const {
    throw Error("{}: no ONNX model, or cut off or corrupt: byte {} of {} is no valid protobuf",
                path_, at_, bytes_.size());
  }

  void count(std::int64_t& total, std::int64_t more, std::int64_t most,
             std::string_view what) const {
    total += more;
    if (total > most)
      throw Error("{}: more than {} {}; presil does not read models of this size", path_, most,
                  what);
  }

  std::uint64_t varint(std::size_t end) {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ >= end) corrupt();
      const auto byte = static_cast<std::uint8_t>(bytes_[at_++]);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    corrupt();
  }

  void skip(std::uint64_t size, std::size_t end) {
    if (size > end - at_) corrupt();
    at_ += size;
  }

  void field(const Descriptor& type, std::size_t end, int depth) {
    const std::uint64_t tag = varint(end);
    const std::uint64_t number = tag >> 3;
    if (number == 0 || number > 0x1fffffff) corrupt();
    count(fields_, 1, kMaxOnnxFields, "fields");
    switch (tag & 7) {
      case static_cast<std::uint64_t>(WireType::kVarint):
        varint(end);
        return;
      case static_cast<std::uint64_t>(WireType::kFixed64):
        return skip(8, end);
      case static_cast<std::uint64_t>(WireType::kFixed32):
        return skip(4, end);
      case static_cast<std::uint64_t>(WireType::kBytes):
        return nested(type.FindFieldByNumber(static_cast<int>(number)), end, depth);
      default:
        corrupt();
    }
  }

  void nested(const FieldDescriptor* field, std::size_t end, int depth) {
    const std::uint64_t size = varint(end);
    if (size > end - at_) corrupt();
    if (field != nullptr && field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
      return message(*field->message_type(), at_ + size, depth + 1);
    if (field != nullptr && field->is_packable())
      count(packed_, static_cast<std::int64_t>(size), kMaxOnnxPackedBytes,
            "bytes of typed values (use raw_data)");
    at_ += size;
  }

  std::string_view bytes_;
  const std::string& path_;
  std::size_t at_ = 0;
  std::int64_t messages_ = 0, fields_ = 0, packed_ = 0;
};

}  // namespace

void check_onnx_wire(std::string_view bytes, const std::string& path) {
  WireWalk(bytes, path).message(*onnx::ModelProto::descriptor(), bytes.size(), 0);
}

}  // namespace presil
