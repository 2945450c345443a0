#pragma once
// The page of the HTML reports as the build bundled it from profiler/page (cmake/PresilPage.cmake).

#include <string_view>

namespace presil {

struct PageBundle {
  std::string_view script, style;
  std::string_view missing;  ///< Why there is no page; empty: there is one.
};

PageBundle page_bundle();

}  // namespace presil
