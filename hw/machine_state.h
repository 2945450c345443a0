#pragma once
// What a machine that executes holds: the bytes of its memories and of each core's SRAM, and the
// sums that wait in the accumulators.

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "hw/chip_spec.h"

namespace presil {

/// Bytes from address 0 on, as many as have been asked for. What nobody has written is poison: a
/// pattern that no network's value is likely to be.
class ByteStore {
 public:
  static constexpr std::byte kPoison{0xa5};

  /// `count` bytes at `address`, to be read or written; valid until the next call.
  std::byte* at(std::int64_t address, std::int64_t count) {
    const auto end = static_cast<std::size_t>(address + count);
    if (end > bytes_.size()) bytes_.resize(std::max(end, 2 * bytes_.size()), kPoison);
    return bytes_.data() + address;
  }

 private:
  std::vector<std::byte> bytes_;
};

struct MachineState {
  explicit MachineState(const ChipSpec& chip)
      : memories(chip.memories.size()),
        expanded(chip.memories.size()),
        srams(static_cast<std::size_t>(chip.cores)),
        sums(srams.size()),
        real_sums(srams.size()),
        vector_sums(srams.size()),
        vector_real_sums(srams.size()) {}

  std::vector<ByteStore> memories;  ///< as ChipSpec::memories
  /// The bytes behind compressed weights, which a model of the decoder delivers: the stored ones
  /// are only counted (Transfer::expanded).
  std::vector<ByteStore> expanded;
  std::vector<ByteStore> srams;                 ///< of each core
  std::vector<std::vector<std::int64_t>> sums;  ///< of each core's array, between commands
  std::vector<std::vector<double>> real_sums;   ///< of floats
  std::vector<std::vector<std::int64_t>> vector_sums;  ///< likewise of each core's vector unit
  std::vector<std::vector<double>> vector_real_sums;
};

}  // namespace presil
