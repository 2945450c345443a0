#include "hw/sc/sram.h"

#include <algorithm>
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

void SramBanks::start(std::size_t slot, std::vector<BankDemand> demand, PortUse port) {
  Stream& stream = streams_[slot];
  stream.demand = std::move(demand);
  stream.port = port;
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

double SramBanks::behind_port(const Stream& stream) const {
  if (stream.port.port < 0) return 1;
  double used = 0;
  for (const Stream& other : streams_)
    if (other.active && other.port.port == stream.port.port) used += other.port.share;
  return std::min(1.0, 1 / used);
}

void SramBanks::share() {
  std::vector<const std::vector<BankDemand>*> demands(streams_.size(), nullptr);
  std::vector<std::vector<BankDemand>> reduced(streams_.size());
  std::vector<double> reduction(streams_.size(), 1);
  for (std::size_t s = 0; s < streams_.size(); ++s) {
    if (!streams_[s].active) continue;
    demands[s] = &streams_[s].demand;
    reduction[s] = behind_port(streams_[s]);
    if (reduction[s] >= 1) continue;
    reduced[s] = streams_[s].demand;
    for (BankDemand& demand : reduced[s]) demand.bytes_per_cycle *= reduction[s];
    demands[s] = &reduced[s];
  }
  std::vector<double> fractions = share_banks(demands, capacity_);
  for (std::size_t s = 0; s < streams_.size(); ++s) {
    Stream& stream = streams_[s];
    if (fractions[s] < 1) fractions[s] *= reduction[s];
    if (!stream.active || stream.fraction == fractions[s]) continue;
    stream.remaining -= static_cast<double>(now() - stream.updated) * stream.fraction;
    stream.updated = now();
    const bool faster = fractions[s] > stream.fraction;
    stream.fraction = fractions[s];
    if (faster) stream.faster.notify();
  }
}

}  // namespace presil::sc
