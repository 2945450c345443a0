#pragma once
// Files of constants that come with the chips: chips/area, chips/cpu.

#include <filesystem>
#include <string>

namespace presil::cli {

/// A file by path, or by name in the sub-folder `kind` of chips_folder() or, where that has none,
/// of the chips that come with presil. Throws Error with the known names; `option` starts it.
std::filesystem::path find_data_file(const std::string& option, const std::string& kind,
                                     const std::string& name_or_path);

}  // namespace presil::cli
