#pragma once
// A sweep as a CSV file, and back: a file that is there already is continued.
//
// The first line is a comment, `# presil sweep {...}`: the identity. Then the header: point, the
// axes' keys, status, sweep_keys(), pareto, knee, reason. A point is one line.

#include <optional>
#include <string>
#include <vector>

#include "profiler/sweep.h"

namespace presil {

/// The comment and the header.
std::string sweep_csv_head(const SweepIdentity& identity, const std::vector<SweepAxis>& axes);
/// One line.
std::string sweep_csv_line(const SweepPoint& point);
/// The whole file.
std::string sweep_csv(const Sweep& sweep);

/// What a file that is there holds of a sweep.
struct SweepFile {
  std::vector<SweepPoint> points;  ///< as they stand in it
  std::size_t bytes = 0;           ///< up to the last whole line
};

/// `text` of the file `name`, made by the same sweep. A last line that is not ended was being
/// written when the program was killed, and is left out. Throws Error: no CSV of a sweep, another
/// sweep (saying what differs), a line that no point of this sweep can have, a point twice.
SweepFile read_sweep_csv(const std::string& name, const std::string& text,
                         const SweepIdentity& identity, const std::vector<SweepAxis>& axes);

}  // namespace presil
