#include "models/npy.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "core/output_file.h"

namespace presil {
namespace {

namespace fs = std::filesystem;

/// A file that goes with the test.
struct File {
  File() : path(fs::temp_directory_path() / fmt::format("presil_{}.npy", getpid())) {}
  ~File() { fs::remove(path); }
  fs::path path;
};

std::string file_of(const std::string& header, const std::string& data) {
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size());
  bytes += '\0';
  return bytes + header + data;
}

std::string error_of(const std::string& bytes) {
  const File file;
  write_file(file.path, bytes);
  try {
    read_npy(file.path);
  } catch (const Error& error) {
    return std::string(error.what()).substr(file.path.string().size());
  }
  return "";
}

TEST_CASE("tensors come back from .npy files") {
  const File file;
  for (const DataType type :
       {DataType::kInt8, DataType::kUint8, DataType::kInt16, DataType::kInt32, DataType::kInt64,
        DataType::kBool, DataType::kFloat16, DataType::kFloat32, DataType::kFloat64})
    for (const Shape& shape : {Shape{}, Shape{3}, Shape{1, 3, 4, 5}}) {
      const Tensor tensor = random_tensor({.name = "x", .type = type, .shape = shape}, 1);
      write_npy(tensor, file.path);
      CHECK(read_npy(file.path).same_values(tensor));
    }
}

TEST_CASE("the bytes are those of numpy.save") {
  Tensor tensor = empty_tensor({.type = DataType::kInt8, .shape = {2}});
  store_integers(tensor, std::vector<std::int64_t>{1, 2});
  const std::string bytes = npy_bytes(tensor);
  CHECK(bytes.size() == 128 + 2);
  CHECK(bytes.substr(10, 59) == "{'descr': '|i1', 'fortran_order': False, 'shape': (2,), }  ");
  CHECK(bytes[127] == '\n');
}

TEST_CASE("types that NumPy lacks are written wider") {
  const File file;
  write_npy(random_tensor({.name = "x", .type = DataType::kBfloat16, .shape = {3}}, 1), file.path);
  CHECK(read_npy(file.path).type == DataType::kFloat32);
  write_npy(random_tensor({.name = "x", .type = DataType::kInt4, .shape = {3}}, 1), file.path);
  CHECK(read_npy(file.path).type == DataType::kInt8);
}

TEST_CASE("what is no readable .npy file says why") {
  CHECK(error_of("PK") == ": ends within the .npy header; the file is truncated");
  CHECK(error_of("not numpy at all") ==
        ": no .npy file (it must start with \\x93NUMPY); numpy.save writes one");
  CHECK(error_of(std::string("\x93NUMPY\x03\x00....", 12)) ==
        ": .npy version 3.0; known are 1.0 and 2.0");
  CHECK(error_of(file_of("{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}", "abcd")) ==
        ": the .npy header has the type '>f4'; known are |i1 |u1 <i2 <i4 <i8 |b1 <f2 <f4 <f8: "
        "{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}");
  CHECK(error_of(file_of("{'descr': '<f4', 'fortran_order': True, 'shape': (1,)}", "abcd"))
            .starts_with(": the .npy header says fortran_order"));
  CHECK(error_of(file_of("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "abcd")) ==
        ": 4 bytes of values, but shape [2] of fp32 needs 8");
  CHECK(error_of(file_of("{'descr': '<f4', 'fortran_order': False, 'shape': (0,)}", ""))
            .starts_with(": the .npy header must have extents of 1 to"));
  CHECK(error_of(file_of("{'descr': '<f4', 'shape': (1,)}", "abcd"))
            .starts_with(": the .npy header must give descr, fortran_order and shape"));
  CHECK(error_of(file_of("{'descr': '<f4', 'fortran_order': False, "
                         "'shape': (2147483648,2147483648,2147483648)}",
                         "")) != "");
  CHECK(error_of(file_of("{'descr': '<f4", "")).starts_with(": the .npy header has an open quote"));
  CHECK_THROWS_WITH_AS(read_npy("/nowhere/x.npy"),
                       "/nowhere/x.npy: not a readable file; give the path of a .npy file", Error);
}

}  // namespace
}  // namespace presil
