#include "profiler/text_table.h"

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "profiler/quantity_text.h"

namespace presil {

namespace {

constexpr std::size_t kGap = 1;
constexpr std::size_t kLeastWidth = 8;  ///< of a flexible column, where its title is narrower

/// Splits at the spaces that follow , ; or :, which stay at a clause's end.
std::vector<std::string_view> clauses_of(std::string_view text) {
  std::vector<std::string_view> clauses;
  std::size_t begin = 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] != ' ' || std::string_view(",;:").find(text[i - 1]) == std::string_view::npos)
      continue;
    clauses.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  clauses.push_back(text.substr(begin));
  return clauses;
}

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
      const std::size_t pad = w[c] - std::min(w[c], text_width(cell));
      line.append(c > 0 ? kGap : 0, ' ');
      line.append(columns_[c].right ? pad : 0, ' ');
      line += cell;
      line.append(columns_[c].right ? 0 : pad, ' ');
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
  const auto put = [&](std::string_view piece, std::size_t room) {
    if (column > indent && column + 1 + room > width) {
      result += '\n';
      result.append(indent, ' ');
      column = indent;
    } else if (column > 0) {
      result += ' ';
      ++column;
    }
    result += piece;
    column += text_width(piece);
  };
  for (const std::string_view clause : clauses_of(text)) {
    // What does not fit a line of its own is broken between its words.
    std::size_t room = text_width(clause);
    if (indent + room > width) room = 0;
    for (std::size_t begin = 0; begin < clause.size();) {
      const std::size_t end = std::min(clause.find(' ', begin), clause.size());
      const std::string_view word = clause.substr(begin, end - begin);
      put(word, room > 0 ? room : text_width(word));
      if (room > 0) room = std::max<std::size_t>(1, room - std::min(room, text_width(word) + 1));
      begin = end + 1;
    }
  }
  return result;
}

}  // namespace presil
