#pragma once
// Which bytes a command reads and writes, and where: the one description that everything about
// hazards starts from.

#include <array>
#include <cstddef>

#include "hw/program.h"
#include "hw/strided.h"

namespace presil {

/// A core's SRAM, or a memory of the chip: spaces of addresses that never meet.
struct Space {
  enum class Kind : std::uint8_t { kSram, kMemory };
  Kind kind = Kind::kSram;
  int index = 0;  ///< core, or index in ChipSpec::memories
  friend auto operator<=>(const Space&, const Space&) = default;
};

struct Access {
  Space space;
  bool write = false;
  /// Weights in a memory: nothing may ever write these bytes, so reading them needs no order.
  bool constant = false;
  Strided bytes;  ///< not empty
};

/// The accesses of one command, reads before writes. At most five; never allocates.
class Accesses {
 public:
  const Access* begin() const { return &items_[0].access; }
  const Access* end() const { return begin() + size_; }
  std::size_t size() const { return size_; }
  void add(const Access& access) {
    if (!access.bytes.empty()) items_[size_++].access = access;
  }

 private:
  /// Filled only when used: this runs for every command, several times.
  union Item {
    Item() {}
    Access access;
  };
  static_assert(sizeof(Item) == sizeof(Access));
  std::array<Item, 5> items_;
  std::size_t size_ = 0;
};

Strided bytes_of(const Region& region);
Strided sram_bytes_of(const Transfer& transfer);
Strided memory_bytes_of(const Transfer& transfer);

/// Load: reads its memory, writes SRAM; Store: the other way round; Matrix and Vector: their
/// regions of the core's SRAM; Host: none (its order is what the compiler says).
Accesses accesses_of(const Command& command);

}  // namespace presil
