#include "core/output_file.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <iterator>

#include "core/error.h"

namespace presil {
namespace {

namespace fs = std::filesystem;

/// An empty folder that goes with the test.
struct Folder {
  Folder() : path(fs::temp_directory_path() / ("presil_output_" + std::to_string(getpid()))) {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(path), fs::directory_iterator()));
  }
  fs::path path;
};

std::string text_of(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_CASE("a file has its name only when it is complete") {
  const Folder folder;
  const fs::path path = folder.path / "out.csv";
  {
    OutputFile file(path);
    file.write("a,b\n");
    CHECK_FALSE(fs::exists(path));
    file.write("1,2\n");
    file.commit();
  }
  CHECK(text_of(path) == "a,b\n1,2\n");
  CHECK(folder.files() == 1);
}

TEST_CASE("a file that is given up leaves the older one and nothing beside it") {
  const Folder folder;
  const fs::path path = folder.path / "out.csv";
  write_file(path, "old");
  {
    OutputFile file(path);
    file.write("half");
  }
  CHECK(text_of(path) == "old");
  CHECK(folder.files() == 1);
}

TEST_CASE("what cannot be written says so when it is opened") {
  const Folder folder;
  CHECK_THROWS_WITH_AS(
      OutputFile(folder.path / "no" / "out.csv"),
      ((folder.path / "no" / "out.csv").string() + ": cannot be written: No such file or directory")
          .c_str(),
      Error);
  CHECK_THROWS_WITH_AS(OutputFile(folder.path),
                       (folder.path.string() + ": cannot be written: Is a directory").c_str(),
                       Error);
  CHECK_THROWS_AS(OutputFile(""), Error);
}

TEST_CASE("a full disk is an error at the end, and a device is written straight") {
  OutputFile full("/dev/full");
  full.write("x");
  CHECK_THROWS_WITH_AS(full.commit(), "/dev/full: cannot be written: No space left on device",
                       Error);
  write_file("/dev/null", "x");
  CHECK(fs::is_character_file("/dev/null"));
}

TEST_CASE("a writer that breaks the stream is an error") {
  const Folder folder;
  OutputFile file(folder.path / "out.txt");
  file.stream().setstate(std::ios::badbit);
  CHECK_THROWS_AS(file.commit(), Error);
}

TEST_CASE("a link stays a link") {
  const Folder folder;
  write_file(folder.path / "real", "old");
  fs::create_symlink("real", folder.path / "link");
  write_file(folder.path / "link", "new");
  CHECK(fs::is_symlink(folder.path / "link"));
  CHECK(text_of(folder.path / "real") == "new");
}

}  // namespace
}  // namespace presil
