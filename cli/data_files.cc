#include "cli/data_files.h"

#include <algorithm>
#include <vector>

#include "cli/commands.h"
#include "core/error.h"

namespace presil::cli {

namespace fs = std::filesystem;

fs::path find_data_file(const std::string& option, const std::string& kind,
                        const std::string& name_or_path) {
  fs::path folder = chips_folder() / kind;
  if (!fs::is_directory(folder)) folder = fs::path(PRESIL_SOURCE_DIR) / "chips" / kind;
  const fs::path named = folder / (name_or_path + ".yaml");
  if (fs::exists(named)) return named;
  if (fs::is_regular_file(name_or_path)) return name_or_path;
  std::vector<std::string> known;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ".yaml") known.push_back(entry.path().stem().string());
  std::sort(known.begin(), known.end());
  const std::string near = nearest(name_or_path, known);
  throw Error("{} {}: no such file, and none of that name in {}{}; known: {}", option, name_or_path,
              folder.string(), near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near),
              fmt::join(known, ", "));
}

}  // namespace presil::cli
