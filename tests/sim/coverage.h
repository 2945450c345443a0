#pragma once
// A sink of the walk that remembers what each buffer holds and checks every command against it:
// nothing is computed from bytes that are not there, every output element is summed over its whole
// reduction exactly once and leaves exactly once. Which input an output needs is worked out here
// from the operator's attributes, apart from sim/stage.h.

#include <map>
#include <string>
#include <vector>

#include "tests/sim/sim_fixture.h"

namespace presil::testing {

class Coverage {
 public:
  /// `chain_halo`: inner stages of a chain may be computed twice, by two cores.
  Coverage(const Fused& fused, const Surroundings& around, const FusionGroup& group,
           const Mapping& mapping);

  /// Walks all cores. Afterwards problem() is empty, or says what went wrong first.
  void walk();
  const std::string& problem() const { return problem_; }

  // ---- the sink ----
  void load(const Tile& tile);
  void load_weights(const WeightTile& tile);
  void compute(const ComputeTile& tile);
  void store(const Tile& tile);
  void host(const Stage&) {}

 private:
  struct Box {
    std::int64_t image;
    Frame frame;
  };
  struct Slot {
    Frame frame;
    std::int64_t image = -1;
    std::vector<Box> boxes;
    std::vector<std::array<std::int64_t, 5>> weights;  ///< image, outputs, channels
    std::map<std::int64_t, std::pair<std::int64_t, std::int64_t>> rows;  ///< ring: image, row
  };
  using Place = std::pair<int, int>;  ///< buffer, slot

  void fail(const std::string& what);
  void check_fits(const Tile& tile, std::int64_t rows);
  void check_there(const Tile& tile, const std::string& what);
  void check_needs(const ComputeTile& tile);
  void write(const Tile& tile);
  std::vector<std::uint8_t>& counts(std::map<const Stage*, std::vector<std::uint8_t>>& of,
                                    const Stage& stage);
  std::size_t stage_number(const Stage& stage) const;
  void check_totals();

  const Fused& fused_;
  const Surroundings& around_;
  const FusionGroup& group_;
  const Mapping mapping_;
  std::vector<Buffer> buffers_;
  std::map<Place, Slot> slots_;
  std::map<const Stage*, std::vector<std::int32_t>> summed_;  ///< reduction channels, by element
  std::map<const Stage*, std::vector<std::uint8_t>> finished_, stored_;
  std::string problem_;
};

}  // namespace presil::testing
