#include "core/output_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace presil {

namespace fs = std::filesystem;

OutputFile::OutputFile(fs::path path) : path_(std::move(path)), aside_(path_) {
  if (path_.empty()) throw Error("an empty path cannot be written; name a file");
  std::error_code ignored;
  if (fs::is_directory(path_, ignored)) fail(EISDIR);
  const bool renamable = !fs::exists(path_, ignored) || fs::is_regular_file(path_, ignored);
  // A link stays a link: its target is replaced.
  if (renamable && fs::is_symlink(path_, ignored)) path_ = fs::weakly_canonical(path_, ignored);
  if (renamable) aside_ = path_.string() + ".part" + std::to_string(getpid());
  errno = 0;
  out_.open(aside_, std::ios::binary | std::ios::trunc);
  if (!out_) fail(errno);
}

OutputFile::~OutputFile() {
  if (committed_ || aside_ == path_) return;
  out_.close();
  std::error_code ignored;
  fs::remove(aside_, ignored);
}

void OutputFile::write(std::string_view text) {
  out_.write(text.data(), static_cast<std::streamsize>(text.size()));
}

void OutputFile::commit() {
  errno = 0;
  out_.close();
  if (!out_) fail(errno);
  if (aside_ != path_) {
    std::error_code error;
    fs::rename(aside_, path_, error);
    if (error) fail(error.value());
  }
  committed_ = true;
}

void OutputFile::fail(int error_number) const {
  throw Error(
      "{}: cannot be written: {}", path_.string(),
      error_number == 0 ? "No space left on device, or it failed" : std::strerror(error_number));
}

void write_file(const fs::path& path, std::string_view text) {
  OutputFile file(path);
  file.write(text);
  file.commit();
}

}  // namespace presil
