#pragma once
// Everything a run produced, as one JSON document (docs/json_schema.md).

#include <nlohmann/json.hpp>
#include <string>

#include "profiler/report.h"

namespace presil {

/// Rises when a key goes or changes its meaning; new keys may come without.
inline constexpr int kJsonSchemaVersion = 2;

/// Keys keep their order, so that equal runs give equal bytes.
using Json = nlohmann::ordered_json;

Json report_json(const Report& report);
/// Indented, ended by a newline; bytes of names that are no UTF-8 are replaced.
std::string json_text(const Json& json);

}  // namespace presil
