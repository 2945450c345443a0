#pragma once
// Where an option such as --json puts its text.

#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <optional>
#include <string>

#include "core/output_file.h"

namespace presil::cli {

/// A file, stdout ("-") or nothing ("").
class Sink {
 public:
  /// A file is opened at once, so that a bad path costs no time.
  explicit Sink(const std::string& path) : Sink(path, kNow) {}
  /// kLater: only a device is (the owner keeps what is done in a file beside it).
  enum Opening { kNow, kLater };
  Sink(const std::string& path, Opening opening) : path_(path) {
    if (!is_file()) return;
    std::error_code ignored;
    renamed_ =
        !std::filesystem::exists(path, ignored) || std::filesystem::is_regular_file(path, ignored);
    if (opening == kNow || !renamed_) file_.emplace(path);
  }
  bool wanted() const { return !path_.empty(); }
  bool is_stdout() const { return path_ == "-"; }
  /// A file that appears when it is complete; not a device.
  bool is_renamed() const { return renamed_; }

  void put(const std::string& text) {
    stream([&](std::ostream& out) { out << text; });
  }
  /// For what is too large for one text: `write(stream)`.
  template <typename Write>
  void stream(const Write& write) {
    if (is_stdout()) {
      std::fflush(stdout);
      write(std::cout);
      std::cout.flush();
    }
    if (!is_file()) return;
    if (!file_) file_.emplace(path_);
    write(file_->stream());
    file_->commit();
  }

 private:
  bool is_file() const { return wanted() && !is_stdout(); }

  std::string path_;
  bool renamed_ = false;
  std::optional<OutputFile> file_;
};

}  // namespace presil::cli
