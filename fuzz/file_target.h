#pragma once
// What the fuzz targets of files have in common: the input becomes a file, reading it may give an
// Error (the user's), and anything else is a finding.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/error.h"

namespace presil::fuzz {

/// The bytes as a file of this process with the given ending, written anew for each input.
inline std::filesystem::path input_file(const std::uint8_t* data, std::size_t size,
                                        const std::string& ending) {
  static const std::filesystem::path path =
      std::filesystem::temp_directory_path() / fmt::format("presil_fuzz_{}{}", ::getpid(), ending);
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  return path;
}

/// Reads the input with `read`. An Error is a fine answer if its text has a bounded length.
template <typename Reader>
int run_reader(const std::uint8_t* data, std::size_t size, const std::string& ending,
               Reader&& read) {
  const std::filesystem::path file = input_file(data, size, ending);
  try {
    read(file);
  } catch (const Error& error) {
    const std::string text = error.what();
    PRESIL_CHECK(!text.empty() && text.size() < 20'000, "a message of {} bytes", text.size());
  }
  return 0;
}

}  // namespace presil::fuzz
