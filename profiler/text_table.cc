#include "profiler/text_table.h"

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "profiler/quantity_text.h"

namespace presil {

namespace {

constexpr std::size_t kGap = 1;
constexpr std::size_t kLeastWidth = 8;  ///< of a flexible column, where its title is narrower

}  // namespace

TextTable::TextTable(std::vector<TextColumn> columns) : columns_(std::move(columns)) {}

void TextTable::add(std::vector<std::string> cells) {
  PRESIL_CHECK(cells.size() == columns_.size(), "{} cells in a table of {} columns", cells.size(),
               columns_.size());
  rows_.push_back(std::move(cells));
}

std::vector<std::size_t> TextTable::widths(std::size_t width) const {
  std::vector<std::size_t> widths, least;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const std::size_t title = text_width(columns_[c].title);
    widths.push_back(title);
    for (const auto& row : rows_) widths[c] = std::max(widths[c], text_width(row[c]));
    least.push_back(columns_[c].flexible ? std::min(widths[c], std::max(title, kLeastWidth))
                                         : widths[c]);
  }
  const std::size_t gaps = kGap * (columns_.size() - 1);
  while (std::accumulate(widths.begin(), widths.end(), gaps) > width) {
    std::size_t widest = columns_.size();
    for (std::size_t c = 0; c < columns_.size(); ++c)
      if (widths[c] > least[c] && (widest == columns_.size() || widths[c] > widths[widest]))
        widest = c;
    if (widest == columns_.size()) break;
    --widths[widest];
  }
  return widths;
}

std::string TextTable::text(std::size_t width) const {
  const std::vector<std::size_t> w = widths(width);
  std::string text;
  const auto add_line = [&](const auto& cell_of) {
    std::string line;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const std::string cell = shortened(cell_of(c), std::max<std::size_t>(w[c], 4));
      const std::string pad(w[c] - std::min(w[c], text_width(cell)), ' ');
      if (c > 0) line += std::string(kGap, ' ');
      line += columns_[c].right ? pad + cell : cell + pad;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  add_line([&](std::size_t c) { return columns_[c].title; });
  for (const auto& row : rows_) add_line([&](std::size_t c) { return row[c]; });
  return text;
}

std::string wrapped(const std::string& text, std::size_t indent, std::size_t width) {
  std::string result;
  std::size_t column = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (column > 0 && column + 1 + text_width(word) > width) {
      result += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > 0) {
      result += " ";
      ++column;
    }
    result += word;
    column += text_width(word);
    begin = end + 1;
  }
  return result;
}

}  // namespace presil
