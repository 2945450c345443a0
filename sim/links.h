#pragma once
// Which groups of a network can hand their rows on to the next, and runs of them as one group.

#include <string>
#include <vector>

#include "sim/fuse.h"

namespace presil {

class Links {
 public:
  /// Keeps a reference to the network.
  explicit Links(const FusedNetwork& network);

  /// Why group `b` may not take group `a`'s output row by row; empty when it may, with nobody else
  /// wanting it.
  std::string why_not(std::size_t a, std::size_t b) const;

  /// Groups [begin, end) as one, named "a+b+c".
  FusionGroup merged(std::size_t begin, std::size_t end) const;

  std::size_t storage(TensorId id) const {
    return static_cast<std::size_t>(network_.views[static_cast<std::size_t>(id)].storage);
  }

 private:
  const FusedNetwork& network_;
  std::vector<int> readers_;  ///< of each storage
};

}  // namespace presil
