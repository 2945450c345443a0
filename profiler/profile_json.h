#pragma once
// The explanation's part of the JSON document (docs/json_schema.md).

#include "profiler/profile.h"
#include "profiler/report.h"
#include "profiler/report_json.h"

namespace presil {

/// Most elements of the document's lists over time; the largest are kept.
inline constexpr std::size_t kMostOverTime = 2000;

/// Adds to the object of a group (the host link too): its window, engines, slots, critical path,
/// roofline point.
void add_group_profile(Json& group, const Report& report, const Profile& profile, std::size_t g);

/// Adds to the document: slots, critical path, memory, roofs, energy by precision, advice,
/// timeline.
void add_run_profile(Json& document, const Report& report, const Profile& profile);

}  // namespace presil
