#pragma once
// What a sweep has done so far, in a file that survives the program.

#include <string>
#include <vector>

#include "profiler/sweep.h"

namespace presil::cli {

/// Points are appended, a line each, to CSV.partial as they are done; the CSV itself appears when
/// all are (OutputFile). Both are of the form of profiler/sweep_csv.h. Only one program at a time
/// may continue a sweep.
class SweepJournal {
 public:
  /// Reads what CSV and CSV.partial hold; with `fresh` nothing. Throws Error if they are of another
  /// sweep, cannot be read or written, or another program is at it.
  SweepJournal(const std::string& csv, const Sweep& sweep, bool fresh);
  ~SweepJournal();
  SweepJournal(const SweepJournal&) = delete;
  SweepJournal& operator=(const SweepJournal&) = delete;

  /// In any order.
  const std::vector<SweepPoint>& done() const { return done_; }
  /// On the disk when it returns. Throws Error (disk full, ...).
  void add(const SweepPoint& point);
  /// The CSV is complete: CSV.partial goes.
  void finish();

 private:
  void put(const std::string& text);

  std::string path_;
  int file_ = -1;
  std::vector<SweepPoint> done_;
};

}  // namespace presil::cli
