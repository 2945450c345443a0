#pragma once
// One run as a page of text: what each group costs and why, then the totals.

#include <cstddef>
#include <optional>
#include <string>

#include "profiler/report.h"

namespace presil {

struct TableOptions {
  /// Only the groups that take longest, longest first; empty: all, in schedule order.
  std::optional<std::size_t> top;
};

/// At most kPageWidth columns wide.
std::string report_table(const Report& report, const TableOptions& options = {});
/// The totals alone.
std::string report_totals(const Report& report);
/// What the columns of the table mean, for --help.
std::string table_legend();

}  // namespace presil
