#pragma once
// Aligned columns of text that fit a given width.

#include <cstddef>
#include <string>
#include <vector>

namespace presil {

/// Every table of presil fits so many columns.
inline constexpr std::size_t kPageWidth = 120;

struct TextColumn {
  std::string title;
  bool right = false;     ///< numbers
  bool flexible = false;  ///< may be shortened in the middle (quantity_text.h), down to its title
};

class TextTable {
 public:
  explicit TextTable(std::vector<TextColumn> columns);
  /// As many cells as there are columns.
  void add(std::vector<std::string> cells);
  /// The header and the rows, each ended by a newline; no space at a line's end. Flexible columns
  /// give way, the widest first, until a line fits `width`.
  std::string text(std::size_t width = kPageWidth) const;

 private:
  std::vector<std::size_t> widths(std::size_t width) const;

  std::vector<TextColumn> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// `text` broken into lines of at most `width`, each after the first indented: behind a comma,
/// semicolon or colon, or at any space where that is not enough.
std::string wrapped(const std::string& text, std::size_t indent, std::size_t width = kPageWidth);

}  // namespace presil
