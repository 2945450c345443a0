#include "estimator/sqlite_database.h"

#include <sqlite3.h>

#include <utility>

#include "core/error.h"

namespace presil {

namespace {

constexpr int kPatienceMs = 60'000;

std::string remedy_of(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
      return "nothing more can be written (disk full?); what was added before is safe: make room "
             "and run the same command again";
    case SQLITE_NOTADB:
      return "it is no database of samples; give another name or remove it";
    case SQLITE_CORRUPT:
      return "it is damaged or cut short; take a copy of it, or remove it and collect again";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another program holds it; wait for that one or end it";
    case SQLITE_CANTOPEN:
      return "no such file, or its folder does not exist or cannot be entered";
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return "it cannot be written by this user";
    default:
      return "";
  }
}

}  // namespace

// ---- Database ----

Database::Database(std::filesystem::path file, Mode mode) : file_(std::move(file)) {
  const int flags =
      mode == Mode::kRead ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  if (sqlite3_open_v2(file_.c_str(), &handle_, flags, nullptr) != SQLITE_OK) {
    const std::string reason = handle_ != nullptr ? sqlite3_errmsg(handle_) : "out of memory";
    const std::string remedy =
        remedy_of(handle_ != nullptr ? sqlite3_errcode(handle_) : SQLITE_NOMEM);
    sqlite3_close(handle_);
    handle_ = nullptr;
    throw Error("{}: {}: {}", file_.string(), reason, remedy);
  }
  sqlite3_busy_timeout(handle_, kPatienceMs);
}

Database::~Database() { sqlite3_close(handle_); }

Database::Database(Database&& other) noexcept
    : file_(std::move(other.file_)), handle_(std::exchange(other.handle_, nullptr)) {}

Database& Database::operator=(Database&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(handle_, other.handle_);
  return *this;
}

void Database::execute(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail();
}

Statement Database::prepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) fail();
  return {*this, statement};
}

void Database::fail() const {
  const int code = sqlite3_errcode(handle_);
  const std::string reason = sqlite3_errmsg(handle_), remedy = remedy_of(code);
  PRESIL_CHECK(!remedy.empty(), "{}: SQLite: {}", file_.string(), reason);
  throw Error("{}: {}: {}", file_.string(), reason, remedy);
}

// ---- Transaction ----

Transaction::Transaction(Database& database) : database_(database) {
  database.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.execute("ROLLBACK");
  } catch (const std::exception&) {
    // SQLite has rolled back by itself after a failed write.
  }
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

// ---- Statement ----

Statement::~Statement() { sqlite3_finalize(handle_); }

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), handle_(std::exchange(other.handle_, nullptr)) {}

void Statement::check(int code) const {
  if (code != SQLITE_OK) database_->fail();
}

Statement& Statement::bind(int index, std::int64_t value) {
  check(sqlite3_bind_int64(handle_, index + 1, value));
  return *this;
}

Statement& Statement::bind(int index, double value) {
  check(sqlite3_bind_double(handle_, index + 1, value));
  return *this;
}

Statement& Statement::bind(int index, std::string_view value) {
  check(sqlite3_bind_text(handle_, index + 1, value.data(), static_cast<int>(value.size()),
                          SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind(int index, std::span<const float> values) {
  check(sqlite3_bind_blob(handle_, index + 1, values.data(), static_cast<int>(values.size_bytes()),
                          SQLITE_TRANSIENT));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_->fail();
  return false;
}

int Statement::run() {
  step();
  const int changed = sqlite3_changes(sqlite3_db_handle(handle_));
  reset();
  return changed;
}

void Statement::reset() {
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }

double Statement::real(int column) const { return sqlite3_column_double(handle_, column); }

std::string Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
  return text == nullptr ? std::string() : std::string(text, size);
}

std::span<const float> Statement::floats(int column) const {
  const auto* values = static_cast<const float*>(sqlite3_column_blob(handle_, column));
  const auto bytes = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
  return {values, values == nullptr ? 0 : bytes / sizeof(float)};
}

}  // namespace presil
