#pragma once
// One fusion group a row: the file for a spreadsheet or a plot.

#include <string>
#include <vector>

#include "profiler/report.h"

namespace presil {

/// A line of a comma-separated file, ended by a newline: cells with a comma, a quote or a newline
/// are quoted (RFC 4180).
std::string csv_line(const std::vector<std::string>& cells);

/// The header and one row a group of the first inference, in schedule order. Columns are named as
/// the keys of `groups` in docs/json_schema.md; plain numbers without separators.
std::string report_csv(const Report& report);

}  // namespace presil
