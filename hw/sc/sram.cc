#include "hw/sc/sram.h"

#include <cmath>

namespace presil::sc {

SramBanks::SramBanks(double capacity, std::size_t slots, bool contended)
    : capacity_(capacity), contended_(contended), streams_(slots) {}

Ticks SramBanks::run(std::size_t slot, std::vector<BankDemand> demand, Ticks duration,
                     std::int64_t& waits) {
  const Ticks began = now();
  Stream& stream = streams_[slot];
  stream.remaining = static_cast<double>(duration);
  start(slot, std::move(demand));
  while (true) {
    const Ticks end = round_up_to_cycle(
        now() + static_cast<Ticks>(std::ceil(stream.remaining / stream.fraction - 0.5)));
    if (end <= now()) break;
    ++waits;
    sc_core::wait(sc_ticks(end - now()), stream.faster);
    stream.remaining -= static_cast<double>(now() - stream.updated) * stream.fraction;
    stream.updated = now();
  }
  stop(slot);
  return now() - began - duration;
}

void SramBanks::start(std::size_t slot, std::vector<BankDemand> demand) {
  Stream& stream = streams_[slot];
  stream.demand = std::move(demand);
  stream.active = true;
  stream.fraction = 1;
  stream.updated = now();
  if (!stream.demand.empty()) share();
}

void SramBanks::stop(std::size_t slot) {
  Stream& stream = streams_[slot];
  stream.active = false;
  stream.fraction = 1;
  if (!stream.demand.empty()) share();
}

void SramBanks::share() {
  std::vector<const std::vector<BankDemand>*> demands(streams_.size(), nullptr);
  for (std::size_t s = 0; s < streams_.size(); ++s)
    if (streams_[s].active) demands[s] = &streams_[s].demand;
  const std::vector<double> fractions = share_banks(demands, capacity_);
  for (std::size_t s = 0; s < streams_.size(); ++s) {
    Stream& stream = streams_[s];
    if (!stream.active || stream.fraction == fractions[s]) continue;
    stream.remaining -= static_cast<double>(now() - stream.updated) * stream.fraction;
    stream.updated = now();
    const bool faster = fractions[s] > stream.fraction;
    stream.fraction = fractions[s];
    if (faster) stream.faster.notify();
  }
}

}  // namespace presil::sc
