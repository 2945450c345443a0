#include "estimator/sample_store.h"

#include <fmt/format.h>

#include <array>
#include <tuple>

#include "core/error.h"
#include "sim/simulator_version.h"

namespace presil {

namespace {

constexpr int kSchemaVersion = 1;

constexpr const char* kSchema = R"(
CREATE TABLE notes(key TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE cases(
  case_id TEXT PRIMARY KEY, graph_hash TEXT NOT NULL, chip_hash TEXT NOT NULL, chip TEXT NOT NULL,
  options TEXT NOT NULL, level INTEGER NOT NULL, family TEXT NOT NULL, pair TEXT NOT NULL,
  failed INTEGER NOT NULL, reason TEXT NOT NULL,
  link_cycles REAL NOT NULL, latency_cycles REAL NOT NULL, energy_pj REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE samples(
  case_id TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
  group_hash TEXT NOT NULL, prior_cycles REAL NOT NULL, prior_energy_pj REAL NOT NULL,
  cycles REAL NOT NULL, energy_pj REAL NOT NULL, features BLOB NOT NULL,
  PRIMARY KEY(case_id, number)) WITHOUT ROWID;
)";

constexpr const char* kCaseColumns =
    "case_id, graph_hash, chip_hash, chip, options, level, family, pair, failed, reason, "
    "link_cycles, latency_cycles, energy_pj";
constexpr const char* kSampleColumns =
    "case_id, number, name, kind, group_hash, prior_cycles, prior_energy_pj, cycles, energy_pj, "
    "features";

struct Version {
  const char* key;
  const char* what;
  int ours;
};
constexpr std::array kVersions{Version{"schema", "layout", kSchemaVersion},
                               Version{"feature_version", "table of features", kFeatureVersion},
                               Version{"simulator_version", "simulator", kSimulatorVersion}};

bool has_tables(Database& database) {
  Statement count = database.prepare("SELECT count(*) FROM sqlite_master");
  count.step();
  return count.integer(0) > 0;
}

void create_tables(Database& database) {
  Transaction transaction(database);
  if (has_tables(database)) return;  // another program was quicker
  database.execute(kSchema);
  Statement insert = database.prepare("INSERT INTO notes VALUES(?, ?)");
  for (const Version& version : kVersions)
    insert.bind(0, std::string_view(version.key)).bind(1, fmt::format("{}", version.ours)).run();
  transaction.commit();
}

/// SQLite opens a file that was cut short without a word.
void check_whole(Database& database) {
  Statement check = database.prepare("PRAGMA quick_check(1)");
  if (check.step() && check.text(0) != "ok")
    throw Error(
        "{}: is damaged or cut short ({}); take a copy of it, or remove it and collect "
        "again",
        database.file().string(), check.text(0));
}

StoredCase read_case(const Statement& row) {
  StoredCase result;
  CaseSample& sample = result.sample;
  result.case_id = row.text(0);
  sample.graph_hash = row.text(1);
  sample.chip_hash = row.text(2);
  sample.chip = row.text(3);
  result.options = row.text(4);
  sample.simulator_version = kSimulatorVersion;
  sample.level = static_cast<Level>(row.integer(5));
  sample.family = row.text(6);
  result.pair = row.text(7);
  result.failed = row.integer(8) != 0;
  result.reason = row.text(9);
  sample.link_cycles = row.real(10);
  sample.latency_cycles = row.real(11);
  sample.energy_pj = row.real(12);
  return result;
}

GroupSample read_group(const Statement& row) {
  const std::span<const float> values = row.floats(9);
  return {.name = row.text(2),
          .kind = row.text(3),
          .features = {.hash = row.text(4),
                       .values = {values.begin(), values.end()},
                       .prior = {.cycles = row.real(5), .energy_pj = row.real(6)}},
          .cycles = row.real(7),
          .energy_pj = row.real(8)};
}

/// Adds cases within a transaction.
class Inserter {
 public:
  explicit Inserter(Database& database)
      : case_(database.prepare(fmt::format(
            "INSERT OR IGNORE INTO cases({}) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)", kCaseColumns))),
        group_(database.prepare(
            fmt::format("INSERT INTO samples({}) VALUES(?,?,?,?,?,?,?,?,?,?)", kSampleColumns))) {}

  bool add(const StoredCase& stored) {
    const CaseSample& sample = stored.sample;
    const int added = case_.bind(0, stored.case_id)
                          .bind(1, sample.graph_hash)
                          .bind(2, sample.chip_hash)
                          .bind(3, sample.chip)
                          .bind(4, stored.options)
                          .bind(5, static_cast<std::int64_t>(sample.level))
                          .bind(6, sample.family)
                          .bind(7, stored.pair)
                          .bind(8, static_cast<std::int64_t>(stored.failed))
                          .bind(9, stored.reason)
                          .bind(10, sample.link_cycles)
                          .bind(11, sample.latency_cycles)
                          .bind(12, sample.energy_pj)
                          .run();
    if (added == 0) return false;
    for (std::size_t i = 0; i < sample.groups.size(); ++i)
      add(stored.case_id, static_cast<std::int64_t>(i), sample.groups[i]);
    return true;
  }

 private:
  void add(const std::string& case_id, std::int64_t number, const GroupSample& group) {
    group_.bind(0, case_id)
        .bind(1, number)
        .bind(2, group.name)
        .bind(3, group.kind)
        .bind(4, group.features.hash)
        .bind(5, group.features.prior.cycles)
        .bind(6, group.features.prior.energy_pj)
        .bind(7, group.cycles)
        .bind(8, group.energy_pj)
        .bind(9, std::span<const float>(group.features.values))
        .run();
  }

  Statement case_, group_;
};

}  // namespace

SampleStore SampleStore::create_or_open(const std::filesystem::path& file) {
  Database database(file, Database::Mode::kWrite);
  if (!has_tables(database)) create_tables(database);
  SampleStore store(std::move(database));
  store.check_versions();
  return store;
}

SampleStore SampleStore::open_read_only(const std::filesystem::path& file) {
  SampleStore store(Database(file, Database::Mode::kRead));
  store.check_versions();
  return store;
}

void SampleStore::check_versions() const {
  Statement tables =
      database_.prepare("SELECT count(*) FROM sqlite_master WHERE name IN ('notes', 'cases')");
  tables.step();
  if (tables.integer(0) != 2)
    throw Error("{}: is a database, but none of samples; give another name", file().string());
  for (const Version& version : kVersions) {
    const std::string theirs = note(version.key);
    if (theirs != fmt::format("{}", version.ours))
      throw Error(
          "{}: was made with version {} of the {}, this presil has {}; collect again into "
          "another file (presil collect)",
          file().string(), theirs.empty() ? "0" : theirs, version.what, version.ours);
  }
  check_whole(database_);
}

void SampleStore::add(std::span<const StoredCase> batch) {
  Transaction transaction(database_);
  {
    Inserter inserter(database_);
    for (const StoredCase& stored : batch) inserter.add(stored);
  }
  transaction.commit();
}

std::size_t SampleStore::merge(const SampleStore& other) {
  const std::vector<StoredCase> theirs = other.stored();
  std::vector<std::pair<std::string, std::string>> notes;
  Statement row = other.database_.prepare("SELECT key, text FROM notes");
  while (row.step()) notes.emplace_back(row.text(0), row.text(1));
  std::size_t added = 0;
  Transaction transaction(database_);
  {
    Inserter inserter(database_);
    for (const StoredCase& stored : theirs) added += inserter.add(stored) ? 1 : 0;
    Statement insert = database_.prepare("INSERT OR IGNORE INTO notes VALUES(?, ?)");
    for (const auto& [key, text] : notes) insert.bind(0, key).bind(1, text).run();
  }
  transaction.commit();
  return added;
}

std::vector<StoredCase> SampleStore::stored() const {
  std::vector<StoredCase> result;
  Statement cases =
      database_.prepare(fmt::format("SELECT {} FROM cases ORDER BY case_id", kCaseColumns));
  while (cases.step()) result.push_back(read_case(cases));
  Statement groups = database_.prepare(
      fmt::format("SELECT {} FROM samples ORDER BY case_id, number", kSampleColumns));
  auto at = result.begin();
  while (groups.step()) {
    const std::string id = groups.text(0);
    while (at != result.end() && at->case_id < id) ++at;
    if (at == result.end()) break;  // of a case added since
    if (at->case_id == id) at->sample.groups.push_back(read_group(groups));
  }
  return result;
}

std::vector<StoredCase> SampleStore::distinct() const {
  std::vector<StoredCase> result;
  std::set<std::tuple<std::string, std::string, std::string>> seen;
  for (StoredCase& stored : this->stored()) {
    if (stored.failed) continue;
    if (seen.insert({stored.sample.graph_hash, stored.sample.chip_hash, stored.options}).second)
      result.push_back(std::move(stored));
  }
  return result;
}

std::vector<CaseSample> SampleStore::cases() const {
  std::vector<CaseSample> result;
  for (StoredCase& stored : distinct()) result.push_back(std::move(stored.sample));
  return result;
}

std::vector<std::pair<std::size_t, std::size_t>> SampleStore::edge_pairs() const {
  std::vector<std::pair<std::size_t, std::size_t>> result;
  std::map<std::string, std::size_t> first;
  const std::vector<StoredCase> all = distinct();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].pair.empty()) continue;
    const auto [at, is_first] = first.emplace(all[i].pair, i);
    if (!is_first) result.emplace_back(at->second, i);
  }
  return result;
}

std::set<std::string> SampleStore::case_ids(const std::string& prefix) const {
  std::set<std::string> result;
  Statement row =
      database_.prepare("SELECT case_id FROM cases WHERE substr(case_id, 1, length(?1)) = ?1");
  row.bind(0, prefix);
  while (row.step()) result.insert(row.text(0));
  return result;
}

StoreCounts SampleStore::counts() const {
  StoreCounts counts;
  Statement families =
      database_.prepare("SELECT family, count(*) FROM cases WHERE failed = 0 GROUP BY family");
  while (families.step()) {
    counts.families[families.text(0)] = static_cast<std::size_t>(families.integer(1));
    counts.done += static_cast<std::size_t>(families.integer(1));
  }
  Statement reasons =
      database_.prepare("SELECT reason, count(*) FROM cases WHERE failed = 1 GROUP BY reason");
  while (reasons.step()) {
    counts.reasons[reasons.text(0)] = static_cast<std::size_t>(reasons.integer(1));
    counts.failed += static_cast<std::size_t>(reasons.integer(1));
  }
  Statement rows = database_.prepare("SELECT count(*) FROM samples");
  rows.step();
  counts.rows = static_cast<std::size_t>(rows.integer(0));
  return counts;
}

std::string SampleStore::note(const std::string& key) const {
  Statement row = database_.prepare("SELECT text FROM notes WHERE key = ?");
  row.bind(0, key);
  return row.step() ? row.text(0) : std::string();
}

std::string SampleStore::keep_note(const std::string& key, const std::string& text) {
  database_.prepare("INSERT OR IGNORE INTO notes VALUES(?, ?)").bind(0, key).bind(1, text).run();
  return note(key);
}

}  // namespace presil
