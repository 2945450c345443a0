#include "core/atomic_file.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "core/error.h"

namespace presil {
namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST_CASE("a file is replaced when all of it is written, and stays when the writer gives up") {
  const fs::path folder = fs::temp_directory_path() / fmt::format("presil_atomic_{}", getpid());
  fs::create_directories(folder);
  const fs::path file = folder / "a.txt";
  write_atomically(file, [](std::ostream& out) { out << "one"; });
  CHECK(read_text(file) == "one");
  CHECK_THROWS_AS(write_atomically(file,
                                   [](std::ostream& out) {
                                     out << "half";
                                     throw std::runtime_error("stop");
                                   }),
                  std::runtime_error);
  CHECK(read_text(file) == "one");
  write_atomically(file, [](std::ostream& out) { out << "two"; });
  CHECK(read_text(file) == "two");
  CHECK(std::distance(fs::directory_iterator(folder), fs::directory_iterator()) == 1);
  fs::remove_all(folder);
}

TEST_CASE("a file that cannot be written is an Error that names it") {
  CHECK_THROWS_WITH_AS(write_atomically("/no/such/folder/a.txt", [](std::ostream&) {}),
                       "/no/such/folder/a.txt: cannot be written; give a folder that exists, with "
                       "room and the right "
                       "to write",
                       Error);
  const auto full = [](std::ostream& out) { out.setstate(std::ios::badbit); };
  CHECK_THROWS_AS(write_atomically(fs::temp_directory_path() / "presil_full.txt", full), Error);
  CHECK_FALSE(fs::exists(fs::temp_directory_path() / "presil_full.txt"));
}

}  // namespace
}  // namespace presil
