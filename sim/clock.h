#pragma once
// The analytical cost that the tiler uses: the walk of a mapping, priced with hw/timing.h on a
// simple clock of the engines (one MAC array, one vector unit, the DMA streams, one port a memory).
// It knows double buffering, port sharing and latency; it does not know bursts, rows, banks or what
// the neighbouring groups do. The machine decides in the end.

#include <map>
#include <vector>

#include "sim/port.h"
#include "sim/walk.h"

namespace presil {

class Clock {
 public:
  /// `sharing`: cores that use the memories at the same time, each getting its share of the rate.
  Clock(const Surroundings& around, const std::vector<Buffer>& buffers, std::int64_t sharing);

  // The sink of a walk.
  void load(const Tile& tile);
  void load_weights(const WeightTile& tile);
  void compute(const ComputeTile& tile);
  void store(const Tile& tile);
  void host(const Stage& stage);

  /// When everything is done, in cycles, and the bytes that crossed the ports.
  double finish();
  double bytes() const { return bytes_; }
  /// Commands so far; a walk with too many is not worth pricing.
  std::int64_t commands() const { return commands_; }

 private:
  struct Slot {
    double ready = 0;   ///< its bytes are there
    double free = 0;    ///< nobody reads it any more
    double stored = 0;  ///< its store is done (output buffers)
  };
  struct Pending {
    double ready;
    int memory;
    PortLoad load;
    Slot* slot;
  };
  struct Port {
    const MemorySpec* memory;
    double free[2] = {0, 0};  ///< [1]: writes, when duplex
  };
  /// A load that waits for the port.
  struct Competitor {
    double ready, bursts;
  };
  struct Priced {
    double compute, first, output, last_drain, lead;
  };

  Slot& slot(int buffer, int index);
  void transfer_in(int memory, const PortLoad& load, bool weights, double free, Slot& slot);
  void run_stores(double until, const Competitor& load);
  void run_store(const Pending& store, const Competitor* load);
  void matrix(const ComputeTile& tile, double ready, Slot* out);
  const Priced& price(const ComputeTile& tile);

  const Surroundings& around_;
  std::vector<std::vector<Slot>> slots_;
  std::vector<Port> ports_;
  std::vector<Pending> pending_;
  std::size_t next_pending_ = 0;
  double start_;        ///< dependency met to engine started
  double sharing_ = 1;  ///< cores at the ports
  double stream_free_[3] = {0, 0, 0};
  int weight_stream_, store_stream_;
  double mac_free_ = 0, vector_free_ = 0, output_free_ = 0, last_ = 0, bytes_ = 0;
  double resident_ready_ = 0;  ///< the last result written to a resident storage
  std::int64_t commands_ = 0;
  std::map<std::array<std::int64_t, 6>, Priced> prices_;
};

/// Cycles and bytes of a mapping, by walking it. Empty if the walk has more than `limit` commands.
struct Price {
  double cycles = 0, bytes = 0;
  std::int64_t commands = 0;
};
std::optional<Price> price_of(const Surroundings& around, const FusionGroup& group,
                              const Mapping& mapping, std::int64_t limit);

}  // namespace presil
