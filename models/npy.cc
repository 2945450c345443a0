#include "models/npy.h"

#include <array>
#include <charconv>
#include <fstream>
#include <string_view>

#include "core/error.h"
#include "core/output_file.h"

namespace presil {

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

struct Descr {
  std::string_view text;
  DataType type;
};
constexpr std::array kDescrs = {
    Descr{"|i1", DataType::kInt8},    Descr{"|u1", DataType::kUint8},
    Descr{"<i2", DataType::kInt16},   Descr{"<i4", DataType::kInt32},
    Descr{"<i8", DataType::kInt64},   Descr{"|b1", DataType::kBool},
    Descr{"<f2", DataType::kFloat16}, Descr{"<f4", DataType::kFloat32},
    Descr{"<f8", DataType::kFloat64},
};

/// What the header's dictionary says.
struct Header {
  DataType type = DataType::kFloat32;
  Shape shape;
};

/// Reads the dictionary literal that NumPy writes: three keys, any order, any spaces.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, std::string where) : text_(text), where_(std::move(where)) {}

  Header parse() {
    Header header;
    int seen = 0;
    expect('{');
    while (!accept('}')) {
      const std::string_view key = string();
      expect(':');
      if (key == "descr") {
        header.type = type();
        seen |= 1;
      } else if (key == "fortran_order") {
        fortran_order();
        seen |= 2;
      } else if (key == "shape") {
        header.shape = shape();
        seen |= 4;
      } else {
        fail(fmt::format("unknown key '{}'", key));
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (seen != 7) fail("must give descr, fortran_order and shape");
    skip_spaces();
    if (at_ != text_.size()) fail("has text behind its dictionary");
    return header;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error("{}: the .npy header {}: {}", where_, what, text_.substr(0, 200));
  }
  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool accept(char c) {
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(fmt::format("lacks a '{}' at character {}", c, at_));
  }
  std::string_view string() {
    const char quote = accept('"') ? '"' : '\'';
    if (quote == '\'') expect('\'');
    const std::size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) fail("has an open quote");
    const std::string_view value = text_.substr(at_, end - at_);
    at_ = end + 1;
    return value;
  }
  bool word(std::string_view expected) {
    skip_spaces();
    if (!text_.substr(at_).starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }
  DataType type() {
    const std::string_view text = string();
    std::string known;
    for (const Descr& descr : kDescrs) {
      if (descr.text == text) return descr.type;
      known += fmt::format(" {}", descr.text);
    }
    fail(fmt::format("has the type '{}'; known are{}", text, known));
  }
  void fortran_order() {
    if (word("True")) fail("says fortran_order; save numpy.ascontiguousarray(x)");
    if (!word("False")) fail("must say fortran_order True or False");
  }
  Shape shape() {
    Shape result;
    expect('(');
    while (!accept(')')) {
      if (result.size() == kMaxNpyRank) fail(fmt::format("has above {} dimensions", kMaxNpyRank));
      result.push_back(extent());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return result;
  }
  std::int64_t extent() {
    skip_spaces();
    std::int64_t value = 0;
    const char* first = text_.data() + at_;
    const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), value);
    if (error != std::errc() || value < 1 || value > kMaxExtent)
      fail(fmt::format("must have extents of 1 to {}", kMaxExtent));
    at_ += static_cast<std::size_t>(end - first);
    return value;
  }

  std::string_view text_;
  std::string where_;
  std::size_t at_ = 0;
};

std::string read_exactly(std::ifstream& in, std::size_t bytes, const std::string& where) {
  std::string text(bytes, '\0');
  in.read(text.data(), static_cast<std::streamsize>(bytes));
  if (static_cast<std::size_t>(in.gcount()) != bytes)
    throw Error("{}: ends within the .npy header; the file is truncated", where);
  return text;
}

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

Header read_header(std::ifstream& in, const std::string& where) {
  if (read_exactly(in, kMagic.size(), where) != kMagic)
    throw Error("{}: no .npy file (it must start with \\x93NUMPY); numpy.save writes one", where);
  const std::string version = read_exactly(in, 2, where);
  if ((version[0] != 1 && version[0] != 2) || version[1] != 0)
    throw Error("{}: .npy version {}.{}; known are 1.0 and 2.0", where, int{version[0]},
                int{version[1]});
  const std::uint32_t size = little_endian(read_exactly(in, version[0] == 1 ? 2 : 4, where));
  constexpr std::uint32_t kMost = 1 << 16;
  if (size > kMost) throw Error("{}: a .npy header of {} bytes; at most {}", where, size, kMost);
  return HeaderParser(read_exactly(in, size, where), where).parse();
}

/// A type that NumPy has, holding the same values.
Tensor storable(const Tensor& tensor) {
  Tensor result = tensor;
  if (tensor.type == DataType::kBfloat16) {
    result = empty_tensor({.type = DataType::kFloat32, .shape = tensor.shape});
    store_reals(result, real_values(tensor));
  } else if (tensor.type == DataType::kInt4) {
    result = empty_tensor({.type = DataType::kInt8, .shape = tensor.shape});
    store_integers(result, stored_integers(tensor));
  }
  return result;
}

std::string_view descr_of(DataType type) {
  for (const Descr& descr : kDescrs)
    if (descr.type == type) return descr.text;
  PRESIL_CHECK(false, "no .npy type for {}", name_of(type));
}

}  // namespace

Tensor read_npy(const std::filesystem::path& file) {
  const std::string where = file.string();
  std::error_code failure;
  if (!std::filesystem::is_regular_file(file, failure))
    throw Error("{}: not a readable file; give the path of a .npy file", where);
  const std::uintmax_t size = std::filesystem::file_size(file, failure);
  std::ifstream in(file, std::ios::binary);
  if (!in || failure) throw Error("{}: cannot be read", where);
  const Header header = read_header(in, where);
  const TensorDesc desc{.name = where, .type = header.type, .shape = header.shape};
  const std::int64_t bytes = byte_count(desc);
  if (bytes > kMaxNpyBytes)
    throw Error("{}: {} bytes of values; at most {}", where, bytes, kMaxNpyBytes);
  const auto left = static_cast<std::int64_t>(size) - static_cast<std::int64_t>(in.tellg());
  if (left != bytes)
    throw Error("{}: {} bytes of values, but shape {} of {} needs {}", where, left,
                to_string(header.shape), name_of(header.type), bytes);
  Tensor tensor = empty_tensor(desc);
  in.read(reinterpret_cast<char*>(tensor.bytes.data()), bytes);
  if (!in) throw Error("{}: cannot be read to its end", where);
  return tensor;
}

std::string npy_bytes(const Tensor& tensor) {
  const Tensor stored = storable(tensor);
  std::string shape;
  for (const std::int64_t extent : stored.shape) shape += fmt::format("{}, ", extent);
  if (stored.shape.size() > 1) shape.resize(shape.size() - 2);
  if (stored.shape.size() == 1) shape.resize(shape.size() - 1);
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                   descr_of(stored.type), shape);
  constexpr std::size_t kBefore = 10, kAlignment = 64;  // values start at a multiple of 64
  header.append(kAlignment - (kBefore + header.size() + 1) % kAlignment, ' ');
  header += '\n';
  std::string bytes(kMagic);
  bytes += {'\x01', '\x00', static_cast<char>(header.size() & 0xff),
            static_cast<char>(header.size() >> 8)};
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(stored.bytes.data()), stored.bytes.size());
  return bytes;
}

void write_npy(const Tensor& tensor, const std::filesystem::path& file) {
  write_file(file, npy_bytes(tensor));
}

}  // namespace presil
