#pragma once
// Where the reference data is, for tests that are skipped without it.

#include <cstdlib>
#include <filesystem>

namespace presil {

inline std::filesystem::path shared_folder() {
  const char* set = std::getenv("PRESIL_SHARED");
  return set != nullptr ? std::filesystem::path(set)
                        : std::filesystem::path(PRESIL_SOURCE_DIR) / ".." / "shared";
}

inline std::filesystem::path chips_folder() {
  return std::filesystem::path(PRESIL_SOURCE_DIR) / "chips";
}

}  // namespace presil
