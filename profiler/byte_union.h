#pragma once
// How many bytes a changing set of address ranges covers, each byte counted once.

#include <cstdint>
#include <map>

namespace presil {

class ByteUnion {
 public:
  /// Adds (by 1) or takes away (by -1) the range [begin, end).
  void add(std::int64_t begin, std::int64_t end, int by);
  /// Adds the range if something of it is not covered yet; never to be taken away.
  void cover(std::int64_t begin, std::int64_t end);
  std::int64_t bytes() const { return bytes_; }

 private:
  /// Makes an address a border; gives it.
  std::map<std::int64_t, int>::iterator split(std::int64_t address);

  std::map<std::int64_t, int> ranges_;  ///< from each address on: how many ranges cover it
  std::int64_t bytes_ = 0;
};

}  // namespace presil
