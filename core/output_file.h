#pragma once
// A file that appears under its name complete or not at all.

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace presil {

/// Writes beside the final name and renames in commit(). Devices and pipes (/dev/null, a process
/// substitution) cannot be renamed over and are written straight.
class OutputFile {
 public:
  /// Opens at once, so that a path that cannot be written is known before the work is done. Throws
  /// Error naming the path and why.
  explicit OutputFile(std::filesystem::path path);
  /// Removes what was not committed.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view text);
  std::ostream& stream() { return out_; }
  /// The file is complete under its name, replacing an older one. Throws Error (disk full, ...).
  void commit();

 private:
  [[noreturn]] void fail(int error_number) const;

  std::filesystem::path path_, aside_;
  std::ofstream out_;
  bool committed_ = false;
};

/// OutputFile in one call.
void write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace presil
