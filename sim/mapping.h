#pragma once
// How one fusion group runs on one chip: tiles, loop order, buffers, split over cores.

#include <cstdint>
#include <vector>

#include "hw/chip_spec.h"
#include "sim/fuse.h"
#include "sim/stage.h"

namespace presil {

/// Which loop is outside: the output positions (inputs stay, weights pass) or the output channels
/// (weights stay, inputs pass). The reduction is always innermost: partial sums never leave the
/// accumulators.
enum class LoopOrder : std::uint8_t { kPositionsOuter, kOutputsOuter };

/// A buffer that keeps every tile once it is loaded.
inline constexpr int kHeld = 0;
/// The most slots that a buffer may have otherwise: far above what any SRAM holds.
inline constexpr int kMostSlots = 1 << 20;

/// Tile sizes of one stage; each at least 1 and at most the stage's extent.
struct StageMapping {
  std::int64_t rows = 1, columns = 1;  ///< of the output
  std::int64_t outputs = 1;            ///< output channels
  std::int64_t channels = 1;           ///< input channels of the sum
  LoopOrder order = LoopOrder::kPositionsOuter;
  /// 1: single, 2: double, more: as deep a prefetch; kHeld (not outputs)
  int input_slots = 2, weight_slots = 2, output_slots = 2;
  bool hold_recurrent = true;  ///< recurrent stages: the recurrent weights stay for all steps
  std::int64_t steps = 0;      ///< recurrent stages: whose input products wait at once; 0: all
  friend bool operator==(const StageMapping&, const StageMapping&) = default;
};

enum class CoreSplit : std::uint8_t { kNone, kRows, kOutputs };

/// Stages run one after another, each by its own tiles; in a chain they run depth-first over
/// stripes of `stripe_rows` rows of the last output: all weights are held, each inner tensor lives
/// in a ring of rows, and no row is computed twice within a core.
struct Mapping {
  std::vector<StageMapping> stages;  ///< one a stage
  bool chain = false;
  std::int64_t stripe_rows = 1;  ///< chains only
  CoreSplit split = CoreSplit::kNone;
  friend bool operator==(const Mapping&, const Mapping&) = default;
};

/// What a group finds: which storages are in SRAM for its whole time, and how much room is left.
struct Surroundings {
  const ChipSpec& chip;
  const FusedNetwork& network;
  const std::vector<bool>& resident;  ///< of each storage
  const std::vector<int>& memory;     ///< of each storage, index in chip.memories
  std::int64_t room = 0;              ///< SRAM bytes for buffers
  bool weights_stay = false;          ///< steady state: no weights are loaded (they are in SRAM)

  bool is_resident(TensorId id) const {
    return resident[static_cast<std::size_t>(network.views[static_cast<std::size_t>(id)].storage)];
  }
  int memory_of(TensorId id) const {
    return memory[static_cast<std::size_t>(network.views[static_cast<std::size_t>(id)].storage)];
  }
};

/// One of a group's buffers in SRAM.
struct Buffer {
  enum class Use : std::uint8_t {
    kInput,
    kWeights,
    kConstants,
    kOperand,
    kOutput,
    kInner,             ///< ring of rows between two stages of a chain
    kRecurrentWeights,  ///< of the step's product
    kScratch,           ///< gate sums of a recurrent stage
  };
  Use use = Use::kInput;
  int stage = 0;
  int operand = 0;  ///< for kOperand
  std::int64_t slot_bytes = 0;
  int slots = 1;
  /// In a cascade: shares its place with the buffers of other stages, which run at other times.
  bool shared = false;
  std::int64_t bytes() const { return slot_bytes * slots; }
};

/// SRAM buffers start at multiples of so many bytes.
inline constexpr std::int64_t kBufferAlignment = 64;

/// The buffers of a group, in a fixed order; none for what is resident.
std::vector<Buffer> buffers_of(const Surroundings& around, const FusionGroup& group,
                               const Mapping& mapping);
/// SRAM that buffers_of() take: their sum; of shared ones the most that a stage has.
std::int64_t footprint(const Surroundings& around, const FusionGroup& group,
                       const Mapping& mapping);
/// The most bytes of shared buffers that a stage has.
std::int64_t shared_bytes(const std::vector<Buffer>& buffers);

/// The rules of why_illegal() that do not depend on the surroundings: all but that buffers fit.
std::string why_never_legal(const ChipSpec& chip, const FusionGroup& group, const Mapping& mapping);

/// Every rule that a mapping must keep: sizes in range, cuts that the stage allows, partial sums
/// that fit the accumulators, buffers that fit the room. Empty when it is legal, else the reason.
std::string why_illegal(const Surroundings& around, const FusionGroup& group,
                        const Mapping& mapping);

}  // namespace presil
