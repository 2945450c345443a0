#pragma once
// Addresses in SRAM for the buffers of one group, between what stays there for longer. Part of the
// memory plan (sim/memory_plan.h).

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "sim/mapping.h"

namespace presil {

/// Bytes [first, second) of SRAM.
using SramRange = std::pair<std::int64_t, std::int64_t>;

/// What is free of `sram` bytes, in order.
std::vector<SramRange> gaps_between(std::vector<SramRange> taken, std::int64_t sram);

struct BufferPlaces {
  std::vector<std::int64_t> at;  ///< of each buffer
  std::vector<SramRange> taken;  ///< by all of them
};

/// First fit beside `residents`, clear of the previous group's buffers where possible, so that
/// loads can come early; weights first, they are what can. `apart`: clear of them, at least the
/// weights, or not at all. Empty if there is no place.
std::optional<BufferPlaces> place_buffers(const std::vector<Buffer>& buffers,
                                          const std::vector<SramRange>& residents,
                                          const std::vector<SramRange>& previous, std::int64_t sram,
                                          bool apart);

}  // namespace presil
