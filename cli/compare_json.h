#pragma once
// Comparisons of estimates and runs as JSON: what comes from a worker, and the document that the
// page shows (docs/json_schema.md, `kind: compare`).

#include "cli/compare_report.h"
#include "estimator/bundle.h"
#include "profiler/report_json.h"

namespace presil::cli {

Json comparison_json(const Comparison& comparison);
/// What comparison_json() was made from.
Comparison comparison_of(const Json& json);

Json compare_json(const CompareReport& report, const std::string& estimator, const Bundle& bundle);

}  // namespace presil::cli
