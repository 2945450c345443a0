#pragma once
// SQLite's C API as two move-only values. Every failure is an Error that names the file and what to
// do about it.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace presil {

class Statement;

/// An open database file. Waits up to a minute for another program that holds it.
class Database {
 public:
  enum class Mode : std::uint8_t { kRead, kWrite };  ///< kWrite creates the file
  Database(std::filesystem::path file, Mode mode);
  ~Database();
  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// One or several statements without results.
  void execute(const std::string& sql);
  Statement prepare(const std::string& sql);
  const std::filesystem::path& file() const { return file_; }
  /// Throws what the last failure of SQLite was.
  [[noreturn]] void fail() const;

 private:
  std::filesystem::path file_;
  sqlite3* handle_ = nullptr;
};

/// All or nothing: rolled back unless committed. Takes the write lock at once.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

/// A prepared statement. Parameters and columns count from 0. Must not outlive its Database, which
/// must not move meanwhile.
class Statement {
 public:
  Statement(Database& database, sqlite3_stmt* handle) : database_(&database), handle_(handle) {}
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  Statement& operator=(Statement&&) = delete;

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view value);
  Statement& bind(int index, std::span<const float> values);  ///< as a BLOB, as they lie
  /// To the next row; false when there is none.
  bool step();
  /// step() and reset(), for statements without results; rows changed.
  int run();
  void reset();

  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;
  std::span<const float> floats(int column) const;  ///< until the next step()

 private:
  void check(int code) const;

  Database* database_;
  sqlite3_stmt* handle_;
};

}  // namespace presil
