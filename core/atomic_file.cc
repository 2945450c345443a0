#include "core/atomic_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

#include "core/error.h"

namespace presil {

namespace fs = std::filesystem;

namespace {

/// Removes the file unless it was renamed away.
struct Aside {
  fs::path path;
  ~Aside() {
    std::error_code ignored;
    fs::remove(path, ignored);
  }
};

}  // namespace

void write_atomically(const fs::path& file, const std::function<void(std::ostream&)>& write) {
  const Aside aside{file.parent_path() /
                    fmt::format(".{}.{}.part", file.filename().string(), getpid())};
  const auto unwritable = [&] {
    return Error(
        "{}: cannot be written; give a folder that exists, with room and the right to "
        "write",
        file.string());
  };
  {
    std::ofstream out(aside.path, std::ios::binary | std::ios::trunc);
    if (!out) throw unwritable();
    write(out);
    out.close();
    if (!out) throw unwritable();
  }
  std::error_code failed;
  fs::rename(aside.path, file, failed);
  if (failed) throw unwritable();
}

}  // namespace presil
