#pragma once
// Two runs side by side: what changed, in which groups, and why.

#include <optional>
#include <string>
#include <vector>

#include "profiler/run_document.h"

namespace presil {

struct TotalChange {
  std::string key, name, unit;  ///< "latency_us", "latency", "us"; the unit may be ""
  double a = 0, b = 0;
  /// 100 x (b - a) / a; none if a is 0.
  std::optional<double> percent() const {
    if (a == 0) return std::nullopt;
    return 100 * (b - a) / a;
  }
};

/// One group, or several that cover the same operators. Of one that is only on one side the other
/// is empty.
struct GroupChange {
  std::string name;  ///< as in a, else as in b; the first of several with how many more
  std::vector<std::string> a_names, b_names;
  GroupDocument a, b;
  std::string why;  ///< one sentence; "" if nothing changed

  double delta_us() const { return b.latency_us - a.latency_us; }
};

/// An option or property in which the runs differ, as text.
struct Difference {
  std::string key, a, b;
};

struct Diff {
  RunDocument a, b;
  std::vector<Difference> differences;
  std::vector<TotalChange> totals;
  std::vector<GroupChange> groups;    ///< the largest change of time first
  std::vector<std::string> warnings;  ///< of simulator versions, of networks

  double delta_us() const { return b.latency_us - a.latency_us; }
  /// Of the change of the whole latency; none if there is none.
  std::optional<double> share_of(const GroupChange& group) const {
    if (delta_us() == 0) return std::nullopt;
    return group.delta_us() / delta_us();
  }
};

Diff diff_of(RunDocument a, RunDocument b);

/// The document `kind: diff` of docs/json_schema.md.
Json diff_json(const Diff& diff);
/// A row a group.
std::string diff_csv(const Diff& diff);

/// Totals, and the `top` groups that changed most, with the reasons.
std::string diff_table(const Diff& diff, std::size_t top);

}  // namespace presil
