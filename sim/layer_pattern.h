#pragma once
// Names of layers as users write them, with `*` for any run of characters.

#include <string_view>

namespace presil {

bool layer_matches(std::string_view pattern, std::string_view name);

}  // namespace presil
