#pragma once
// Texts as YAML scalars, for files that are written line by line.

#include <string>
#include <string_view>
#include <vector>

namespace presil {

/// `text` as a YAML scalar that reads back as the same text: plain where that is safe, else in
/// double quotes with escapes.
std::string yaml_text(std::string_view text);

/// "[a, b]", each as yaml_text() gives it.
std::string yaml_list(const std::vector<std::string>& texts);

}  // namespace presil
