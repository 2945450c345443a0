#include "profiler/byte_union.h"

namespace presil {

std::map<std::int64_t, int>::iterator ByteUnion::split(std::int64_t address) {
  const auto after = ranges_.upper_bound(address);
  if (after == ranges_.begin()) return ranges_.emplace_hint(after, address, 0);
  const auto before = std::prev(after);
  if (before->first == address) return before;
  return ranges_.emplace_hint(after, address, before->second);
}

void ByteUnion::add(std::int64_t begin, std::int64_t end, int by) {
  if (begin >= end) return;
  const auto last = split(end);
  for (auto at = split(begin); at != last;) {
    const auto next = std::next(at);
    const std::int64_t length = next->first - at->first;
    if (at->second == 0 && by > 0) bytes_ += length;
    at->second += by;
    if (at->second == 0 && by < 0) bytes_ -= length;
    // Ranges of one count need no border.
    if (at != ranges_.begin() && std::prev(at)->second == at->second) ranges_.erase(at);
    at = next;
  }
  if (last != ranges_.begin() && std::prev(last)->second == last->second) ranges_.erase(last);
}

void ByteUnion::cover(std::int64_t begin, std::int64_t end) {
  if (begin >= end) return;
  const auto last = split(end);
  auto at = split(begin);
  for (auto piece = at; piece != last; ++piece)
    if (piece->second == 0) bytes_ += std::next(piece)->first - piece->first;
  ranges_.erase(std::next(at), last);
  at->second = 1;
  if (at != ranges_.begin() && std::prev(at)->second == 1) ranges_.erase(at);
  if (last->second == 1) ranges_.erase(last);
}

}  // namespace presil
