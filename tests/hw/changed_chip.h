#pragma once
// A chip file with one place changed, in a temporary file of its own.

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace presil::test {

inline const std::filesystem::path kChips = std::filesystem::path(PRESIL_SOURCE_DIR) / "chips";

inline std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// `chip`'s file with the first `from` replaced by `to`; the test fails if `from` is not there.
class ChangedChip {
 public:
  ChangedChip(const std::string& chip, const std::string& from, const std::string& to)
      : path_(std::filesystem::temp_directory_path() /
              fmt::format("presil_changed_chip_{}.yaml", getpid())) {
    std::string text = read_text(kChips / (chip + ".yaml"));
    const std::size_t at = text.find(from);
    CAPTURE(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
    std::ofstream(path_) << text;
  }
  ~ChangedChip() { std::filesystem::remove(path_); }
  ChangedChip(const ChangedChip&) = delete;
  ChangedChip& operator=(const ChangedChip&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace presil::test
