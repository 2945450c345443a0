#include "estimator/flow.h"

#include <algorithm>
#include <cmath>

#include "estimator/weight_stream.h"

namespace presil {

namespace {

/// Share of the turnarounds of a port, if every burst took turns, that are met: none where the maps
/// are one tile; no more than a part where they are many, since the tiler looks for tiles whose
/// loads and stores do not alternate; few where a channel does both, or several cores' requests
/// queue (assumption; from none to all of it, seen in simulations).
double turns(const ChipSpec& chip, const GroupTerms& t, double room) {
  constexpr double kMost = 0.25, kSlope = 0.4, kQueued = 0.25;
  const double alternate = chip.dma.channels == 1 || t.cores_used > 1 ? kQueued : 1.0;
  return alternate * (room > 0 ? std::min(kMost, kSlope * t.maps_crossing / room) : kMost);
}

/// A load, a computation and a store.
constexpr double kCommandsATile = 3;

class Flow {
 public:
  Flow(const ChipSpec& chip, const PlannedNetwork& network, std::span<const GroupTerms> terms)
      : chip_(chip),
        network_(network),
        terms_(terms),
        weights_(chip.sram_bytes(), network.room, terms),
        setup_(static_cast<double>(chip.control.layer_setup_cycles)),
        reads_(chip.memories.size(), setup_),
        writes_(chip.memories.size(), setup_),
        control_(
            static_cast<double>(chip.control.issue_cycles + chip.control.issue_latency_cycles)) {}

  std::vector<GroupFlow> run() && {
    std::vector<GroupFlow> flows;
    flows.reserve(terms_.size());
    for (std::size_t g = 0; g < terms_.size(); ++g) flows.push_back(next(g));
    return flows;
  }

 private:
  GroupFlow next(std::size_t g) {
    const GroupTerms& t = terms_[g];
    const double before = done_, engines = engines_;
    GroupFlow flow{.compute_ready = engines - before, .weights_shared = weights_.shared(g)};

    // Weights first: the next group's, too, while these wait for their place.
    const WeightStream::Arrival arrival = weights_.stream(g, engines, weight_port());
    flow.weights_ready = arrival.last - before;
    const bool has_weights = t.weight_port > 0;
    const double latency = has_weights ? t.read_latency : 0;
    // A group's weights ask for its setup early; where there are none, it waits for the maps.
    const double late = g > 0 && !has_weights ? setup_ : 0;
    const double share = least_tile(t);
    const double first_row = std::max(t.first_row_port, share * (t.input_port + t.operand_port));
    const double last_row = std::max(t.last_row_port, share * t.output_port);

    // Maps come when the group before is about to be done.
    const double reads = (t.input_port + t.operand_port);
    double first_map = 0, maps_in = 0;
    double& port = reads_[static_cast<std::size_t>(t.map_memory)];
    if (reads > 0) {
      const double from = (g > 0 && hands_on_by_memory(g - 1) ? before : engines) + late;
      // Its first rows come between its weights; the port is done when both are in.
      first_map = std::max(from, has_weights ? arrival.first : port) + first_row + t.read_latency;
      port = std::max(port, from) + reads +
             t.turnaround * turns(chip_, t, static_cast<double>(network_.room[g]));
      maps_in = port + t.read_latency;
    }
    const double begun = std::max({engines, has_weights ? arrival.first + latency : 0, first_map});
    const double compute =
        std::max(t.compute() + control_ + (reads > 0 ? 0 : late), round_trips(t));
    // What streams in last is worked on last: the longer of weights and maps, piece by piece.
    const double of_chunk = has_weights ? compute * t.weight_chunk / t.weight_port : compute;
    const double of_row =
        reads > 0 ? compute * std::min(1.0, std::max(share, first_row / reads)) : compute;
    const double weights_in = arrival.last + latency;
    if (has_weights && reads > 0 && arrival.last > engines)
      engines_ =
          std::max({begun + compute, std::max(maps_in, weights_in) + std::min(of_chunk, of_row)});
    else
      engines_ = std::max({begun + compute, has_weights ? weights_in + of_chunk : 0,
                           reads > 0 ? maps_in + of_row : 0});

    engines_ += t.drain;
    double stored = engines_;
    if (t.output_port > 0) {
      double& out = write_port(t);
      out = std::max(std::max(out, begun) + t.output_port, engines_ + last_row + turn_once(t));
      stored = out + t.write_latency;
    }
    done_ = std::max(stored, before);
    if (g + 1 == terms_.size()) done_ += static_cast<double>(chip_.control.completion_cycles);
    flow.port_done = port - before;
    flow.cycles = done_ - before;
    weights_.done(g, engines_);
    return flow;
  }

  /// The share of a map that one tile has at least: so many tiles that what waits at the ends and
  /// what each tile costs more are in balance.
  double least_tile(const GroupTerms& t) const {
    const double reads = t.input_port + t.operand_port, compute = t.compute();
    const double port = duplex(t) ? std::max(reads, t.output_port) : reads + t.output_port;
    const double ends = duplex(t) ? reads + t.output_port + compute - std::max(port, compute)
                                  : std::min(port, compute);
    const double cost = kCommandsATile * static_cast<double>(chip_.control.issue_cycles);
    // Two results wait at most: a tile takes at least half of its way out.
    const double way = t.writes > 0 ? t.write_latency + control_ : 0;
    const double hidden = way / std::max(1.0, 2 * std::max(port, compute) - compute);
    return std::min(1 / std::max(static_cast<double>(t.cores_used), t.least_tiles),
                    std::max(hidden, std::sqrt(cost / std::max(1.0, ends))));
  }

  /// With two places for tiles, a tile's way in or out is half of the time between two of them.
  double round_trips(const GroupTerms& t) const {
    const double way =
        std::max(t.reads > 0 ? t.read_latency : 0, t.writes > 0 ? t.write_latency : 0);
    const double tiles = t.least_tiles / static_cast<double>(t.cores_used);
    return tiles < 2 ? 0 : tiles * (way + control_ + t.compute() / t.least_tiles) / 2;
  }

  /// Cycles until the port writes after it has read.
  double turn_once(const GroupTerms& t) const {
    const MemorySpec& memory = chip_.memories[static_cast<std::size_t>(t.map_memory)];
    return memory.duplex || t.reads <= 0 ? 0 : memory.turnaround_cycles;
  }

  bool hands_on_by_memory(std::size_t g) const {
    const TensorId made = network_.network.groups[g].stages.back().output;
    const Stage& reader = network_.network.groups[g + 1].stages.front();
    return made == reader.input && reader.reach != Reach::kWhole &&
           !network_.around(chip_, g).is_resident(made);
  }

  bool duplex(const GroupTerms& t) const {
    return chip_.memories[static_cast<std::size_t>(t.map_memory)].duplex;
  }
  double& weight_port() { return reads_[static_cast<std::size_t>(network_.weight_memory)]; }
  double& write_port(const GroupTerms& t) {
    return (duplex(t) ? writes_ : reads_)[static_cast<std::size_t>(t.map_memory)];
  }

  const ChipSpec& chip_;
  const PlannedNetwork& network_;
  std::span<const GroupTerms> terms_;
  WeightStream weights_;
  const double setup_;                  ///< before a group's first command
  std::vector<double> reads_, writes_;  ///< each port is free; writes: where they have their own
  const double control_;
  double engines_ = 0;  ///< they are done with all before
  double done_ = 0;     ///< the group before was complete
};

}  // namespace

std::vector<GroupFlow> flow_of(const ChipSpec& chip, const PlannedNetwork& network,
                               std::span<const GroupTerms> terms) {
  return Flow(chip, network, terms).run();
}

}  // namespace presil
