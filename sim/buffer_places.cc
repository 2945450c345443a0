#include "sim/buffer_places.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "sim/placement.h"

namespace presil {

std::vector<SramRange> gaps_between(std::vector<SramRange> taken, std::int64_t sram) {
  std::sort(taken.begin(), taken.end());
  std::vector<SramRange> gaps;
  std::int64_t at = 0;
  for (const SramRange& t : taken) {
    if (t.first > at) gaps.emplace_back(at, t.first);
    at = std::max(at, t.second);
  }
  if (at < sram) gaps.emplace_back(at, sram);
  return gaps;
}

namespace {

/// Weights and constants can come while the previous group still works.
bool comes_early(const Buffer& buffer) {
  return buffer.use == Buffer::Use::kWeights || buffer.use == Buffer::Use::kConstants ||
         buffer.use == Buffer::Use::kRecurrentWeights;
}

/// Those that come early first, then by size.
std::vector<std::size_t> order_of(const std::vector<Buffer>& buffers) {
  std::vector<std::size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (comes_early(buffers[a]) != comes_early(buffers[b])) return comes_early(buffers[a]);
    return buffers[a].bytes() > buffers[b].bytes();
  });
  return order;
}

class Places {
 public:
  Places(const std::vector<Buffer>& buffers, const std::vector<SramRange>& residents,
         const std::vector<SramRange>& previous, std::int64_t sram)
      : buffers_(buffers), residents_(residents), previous_(previous), sram_(sram) {}

  /// `avoid`: clear of the previous group's buffers where that is possible.
  std::optional<BufferPlaces> find(bool avoid, bool apart) && {
    places_.at.assign(buffers_.size(), -1);
    if (!place_shared()) return {};
    for (const std::size_t i : order_of(buffers_)) {
      if (buffers_[i].shared) continue;
      const std::int64_t bytes = buffers_[i].bytes();
      std::optional<std::int64_t> found;
      if (avoid) found = first_fit(bytes, true);
      if (!found && !(apart && comes_early(buffers_[i]))) found = first_fit(bytes, false);
      if (!found) return {};
      places_.at[i] = *found;
      take(*found, bytes);
    }
    return std::move(places_);
  }

 private:
  /// One place for the shared buffers of all stages of a cascade, one behind the other in each.
  bool place_shared() {
    const std::int64_t bytes = shared_bytes(buffers_);
    if (bytes == 0) return true;
    const std::optional<std::int64_t> found = first_fit(bytes, false);
    if (!found) return false;
    take(*found, bytes);
    std::map<int, std::int64_t> used;
    for (std::size_t i = 0; i < buffers_.size(); ++i) {
      if (!buffers_[i].shared) continue;
      places_.at[i] = *found + used[buffers_[i].stage];
      used[buffers_[i].stage] += buffers_[i].bytes();
    }
    return true;
  }

  void take(std::int64_t at, std::int64_t bytes) {
    places_.taken.emplace_back(at, at + aligned(bytes));
  }

  std::optional<std::int64_t> first_fit(std::int64_t bytes, bool clear_of_previous) const {
    std::vector<SramRange> taken = places_.taken;
    taken.insert(taken.end(), residents_.begin(), residents_.end());
    if (clear_of_previous) taken.insert(taken.end(), previous_.begin(), previous_.end());
    for (const SramRange& gap : gaps_between(std::move(taken), sram_))
      if (gap.second - gap.first >= aligned(bytes)) return gap.first;
    return {};
  }

  const std::vector<Buffer>& buffers_;
  const std::vector<SramRange>& residents_;
  const std::vector<SramRange>& previous_;
  const std::int64_t sram_;
  BufferPlaces places_;
};

}  // namespace

std::optional<BufferPlaces> place_buffers(const std::vector<Buffer>& buffers,
                                          const std::vector<SramRange>& residents,
                                          const std::vector<SramRange>& previous, std::int64_t sram,
                                          bool apart) {
  for (const bool avoid : {true, false}) {
    if (apart && !avoid) break;
    if (auto places = Places(buffers, residents, previous, sram).find(avoid, apart)) return places;
  }
  return {};
}

}  // namespace presil
