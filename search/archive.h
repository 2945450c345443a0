#pragma once
// Everything that a search has evaluated, in a file that survives the program.

#include <filesystem>
#include <string>
#include <vector>

#include "search/evaluator.h"

namespace presil {

/// Append-only: a header line, then evaluation_line()s in the order in which the algorithm was
/// told. A last line that a kill cut short is dropped. A search that is run again with the same
/// settings asks for the same genomes, takes what the archive has, and goes on: the result is
/// identical to that of a search that nobody killed.
class Archive {
 public:
  /// Opens or creates. `settings`: everything that the evaluations and their order depend on,
  /// without line breaks. Throws Error: unreadable, of another space or of other settings (which),
  /// damaged (file:line), or in use by another program.
  Archive(const std::filesystem::path& file, const SearchSpace& space, const std::string& settings);
  ~Archive();
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  /// What it held when it was opened, in order.
  const std::vector<Evaluation>& earlier() const { return earlier_; }
  /// On the disk when it returns. Throws Error (disk full, ...).
  void append(const Evaluation& evaluation);

 private:
  void put(const std::string& text);
  std::size_t read(const std::string& header);

  const SearchSpace& space_;
  std::string file_;
  int descriptor_ = -1;
  std::vector<Evaluation> earlier_;
};

}  // namespace presil
