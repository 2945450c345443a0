#pragma once
// What a machine that executes holds: the bytes of its memories and of each core's SRAM, and the
// sums that wait in the accumulators.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
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
        vector_sums(srams.size()),
        recurrent(srams.size()) {}

  std::vector<ByteStore> memories;  ///< as ChipSpec::memories
  /// The bytes behind compressed weights, which a model of the decoder delivers, and the tables of
  /// lookups: what crosses the port for them is only counted (Transfer::expanded).
  std::vector<ByteStore> expanded;
  std::vector<ByteStore> srams;  ///< of each core
  /// Sums that a later command goes on with.
  struct Sums {
    std::vector<std::int64_t> integers;
    std::vector<double> reals;
  };
  /// Of each core's array, by Computation::sum_slot.
  std::vector<std::map<std::int64_t, Sums>> sums;
  /// Of each core's vector unit, by the address of the result.
  std::vector<std::map<std::int64_t, Sums>> vector_sums;
  /// Of each core's recurrent functions, by their index: what the scratch buffer of a real machine
  /// holds in 16 bits, as real numbers.
  struct Recurrent {
    std::int64_t first_step = 0;     ///< of those whose input sums wait
    std::vector<double> input_sums;  ///< [step from the first on][batch][row]
    std::vector<double> state_sums;  ///< [batch][row]
    std::vector<double> h, c;        ///< [direction][batch][hidden]
  };
  std::vector<std::map<int, Recurrent>> recurrent;
  /// Called when all commands of a group (Command::group) are done.
  std::function<void(int)> group_done;
};

}  // namespace presil
