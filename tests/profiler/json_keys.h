#pragma once
// The keys of a document, and those that docs/json_schema.md describes.

#include <fstream>
#include <set>
#include <string>

#include "profiler/report_json.h"

namespace presil {

/// "a", "a.b", "a[].b": every key of a document.
inline void collect_keys(const Json& json, const std::string& path, std::set<std::string>& keys) {
  if (json.is_array())
    for (const Json& element : json) collect_keys(element, path + "[]", keys);
  if (!json.is_object()) return;
  for (const auto& [key, value] : json.items()) {
    const std::string name = path.empty() ? key : path + "." + key;
    keys.insert(name);
    collect_keys(value, name, keys);
  }
}

/// The first cell of every row of the table under a heading, up to the next one.
inline std::set<std::string> documented_keys(const std::string& heading) {
  std::ifstream in(PRESIL_SOURCE_DIR "/docs/json_schema.md");
  std::set<std::string> keys;
  bool here = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("#")) here = line.starts_with(heading);
    if (here && line.starts_with("| `")) keys.insert(line.substr(3, line.find('`', 3) - 3));
  }
  return keys;
}

}  // namespace presil
