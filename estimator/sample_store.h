#pragma once
// An SQLite file of CaseSamples: what was simulated, once and for all.
//
// A batch is one transaction, so the file is whole after a kill at any point, and several programs
// may add to it. One file is of one schema, one table of features and one version of the
// simulator; others are refused with both versions named.

#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "estimator/sample.h"
#include "estimator/sqlite_database.h"

namespace presil {

/// A case as it is kept: done, or failed with a reason (then `sample` has no groups).
struct StoredCase {
  CaseSample sample;
  std::string case_id;  ///< the key: which plan and which of its cases (collect.h)
  bool failed = false;
  std::string reason = {};
  /// Of a step-edge pair: the id that both of its cases give, which differ by one channel.
  std::string pair = {};
  std::string options = {};  ///< of the compiler: "int8", "w4a8 steady", ...
};

/// What a file holds.
struct StoreCounts {
  std::size_t done = 0, failed = 0, rows = 0;        ///< cases, cases, groups of those done
  std::map<std::string, std::size_t> reasons = {};   ///< of failures
  std::map<std::string, std::size_t> families = {};  ///< cases done
};

class SampleStore {
 public:
  /// For writing; makes the file where there is none. Throws Error: not a database, damaged or cut
  /// short, of another schema, table of features or simulator.
  static SampleStore create_or_open(const std::filesystem::path& file);
  /// Throws Error likewise, and if there is no such file.
  static SampleStore open_read_only(const std::filesystem::path& file);

  /// One transaction; keys already there are ignored. Throws Error (disk full, ...): then the file
  /// is as it was before the call.
  void add(std::span<const StoredCase> batch);
  /// Adds what `other` has and this one has not; one transaction. Cases added.
  std::size_t merge(const SampleStore& other);

  /// Those done, in the order of case_id. The same graph, chip and options only once.
  std::vector<CaseSample> cases() const;
  /// Indices in cases() of the two cases of each step-edge pair, fewer channels first.
  std::vector<std::pair<std::size_t, std::size_t>> edge_pairs() const;
  /// All, failed ones too, in the order of case_id.
  std::vector<StoredCase> stored() const;
  /// Keys that start with `prefix`, failed cases too.
  std::set<std::string> case_ids(const std::string& prefix) const;
  StoreCounts counts() const;

  /// Texts kept beside the samples: plans, the cases that a round chose. "": there is none.
  std::string note(const std::string& key) const;
  /// The first to write a key wins; what the key has afterwards.
  std::string keep_note(const std::string& key, const std::string& text);

  const std::filesystem::path& file() const { return database_.file(); }

 private:
  explicit SampleStore(Database database) : database_(std::move(database)) {}
  void check_versions() const;
  std::vector<StoredCase> distinct() const;

  mutable Database database_;  ///< reading prepares statements
};

}  // namespace presil
