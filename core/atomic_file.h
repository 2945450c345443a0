#pragma once
// Files that are either whole or not there.

#include <filesystem>
#include <functional>
#include <ostream>

namespace presil {

/// Writes a file aside, in the same folder, and renames it over `file` when all of it is on disk;
/// what was there before stays until then. Throws Error naming the file when it cannot be written;
/// then, and when `write` throws, nothing is left behind.
void write_atomically(const std::filesystem::path& file,
                      const std::function<void(std::ostream&)>& write);

}  // namespace presil
