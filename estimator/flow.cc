#include "estimator/flow.h"

#include <algorithm>
#include <array>
#include <limits>

#include "estimator/weight_stream.h"

namespace presil {

namespace {

/// Share of the turnarounds of a port, if every burst took turns, that are met (assumption).
constexpr double kTurns = 0.25;

class Flow {
 public:
  Flow(const ChipSpec& chip, const PlannedNetwork& network, std::span<const GroupTerms> terms)
      : chip_(chip),
        network_(network),
        terms_(terms),
        weights_(chip.sram_bytes(), network.room, terms),
        control_(
            static_cast<double>(chip.control.issue_cycles + chip.control.issue_latency_cycles)) {}

  std::vector<GroupFlow> run() && {
    std::vector<GroupFlow> flows;
    flows.reserve(terms_.size());
    for (std::size_t g = 0; g < terms_.size(); ++g) flows.push_back(next(g));
    for (std::size_t g = 0; g + 1 < flows.size(); ++g)
      flows[g].next_beside = flows[g + 1].done_before;
    return flows;
  }

 private:
  GroupFlow next(std::size_t g) {
    const GroupTerms& t = terms_[g];
    const double before = done_, engines = engines_;
    GroupFlow flow{.compute_ready = engines - before, .weights_shared = weights_.shared(g)};
    flow.done_before = beside_;
    const double rest = 1 - beside_;  // what is left of its maps and computation

    // Weights first: the next group's, too, while these wait for their place.
    const WeightStream::Arrival arrival = weights_.stream(g, engines, port_);
    flow.weights_ready = arrival.last - before;
    const bool has_weights = t.weight_port > 0;
    const double latency = has_weights ? t.read_latency : 0;

    // Maps come when the group before is about to be done.
    const double reads = rest * (t.input_port + t.operand_port);
    double first_map = 0, maps_in = 0;
    if (reads > 0) {
      port_ = std::max(port_, engines);
      first_map = port_ + t.first_row_port + t.read_latency;
      port_ += reads + kTurns * rest * t.turnaround;
      maps_in = port_ + t.read_latency;
    }
    const double begun = std::max({engines, has_weights ? arrival.first + latency : 0, first_map});
    const double compute = rest * t.compute() + control_;
    const double of_chunk = has_weights ? compute * t.weight_chunk / t.weight_port : 0;
    const double of_row = reads > 0 ? compute * std::min(1.0, t.first_row_port / reads) : 0;
    engines_ = std::max({begun + compute, has_weights ? arrival.last + latency + of_chunk : 0,
                         reads > 0 ? maps_in + of_row : 0});

    double stored = engines_;
    if (t.output_port > 0) {
      double& port = duplex(t) ? write_ : port_;
      port = std::max(std::max(port, begun) + rest * t.output_port, engines_ + t.last_row_port);
      stored = port + t.write_latency;
    }
    stored += run_next_beside(g, begun);
    done_ = std::max(stored, before);
    if (g + 1 == terms_.size()) done_ += static_cast<double>(chip_.control.completion_cycles);
    flow.port_done = port_ - before;
    flow.cycles = done_ - before;
    weights_.done(g, engines_);
    return flow;
  }

  /// The next group, if it reads from memory what this one stores there, fills the time in which
  /// this one's engines wait for the port. Gives the cycles that this takes longer for it.
  double run_next_beside(std::size_t g, double begun) {
    beside_ = 0;
    if (g + 1 == terms_.size() || !chip_.control.layer_overlap || !hands_on_by_memory(g)) return 0;
    const GroupTerms& t = terms_[g + 1];
    const double waits = std::max(engines_, port_) - begun - terms_[g].compute();
    if (waits <= 0) return 0;
    const double reads = t.input_port + t.operand_port,
                 port = reads + (t.port > reads ? t.output_port : 0);
    const double needs = t.compute() - port;
    beside_ = needs > 0 ? std::min(1.0, waits / needs) : 1.0;
    const double longer = beside_ * (port + kTurns * t.turnaround);
    port_ += longer;
    engines_ += longer;
    return longer;
  }

  bool hands_on_by_memory(std::size_t g) const {
    const TensorId made = network_.network.groups[g].stages.back().output;
    const Stage& reader = network_.network.groups[g + 1].stages.front();
    return made == reader.input && reader.reach != Reach::kWhole &&
           !network_.around(chip_, g).is_resident(made);
  }

  static bool duplex(const GroupTerms& t) { return t.port + 1 < t.reads + t.writes; }

  const ChipSpec& chip_;
  const PlannedNetwork& network_;
  std::span<const GroupTerms> terms_;
  WeightStream weights_;
  const double control_;
  double port_ = 0, write_ = 0;  ///< the port is free (of writes, where they have their own)
  double engines_ = 0;           ///< they are done with all before
  double done_ = 0;              ///< the group before was complete
  double beside_ = 0;            ///< share of the next group that ran beside the one before
};

}  // namespace

std::vector<GroupFlow> flow_of(const ChipSpec& chip, const PlannedNetwork& network,
                               std::span<const GroupTerms> terms) {
  return Flow(chip, network, terms).run();
}

}  // namespace presil
