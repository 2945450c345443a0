#include "estimator/weight_stream.h"

#include <algorithm>
#include <limits>

namespace presil {

namespace {
constexpr double kNever = std::numeric_limits<double>::infinity();
/// A ring of less than this share of the weights is not worth its slots (assumption).
constexpr double kLeastRing = 0.1;
}  // namespace

WeightStream::WeightStream(std::int64_t sram_bytes, std::span<const std::int64_t> room,
                           std::span<const GroupTerms> terms)
    : terms_(terms),
      places_(terms.size()),
      shared_(terms.size(), 0),
      late_(terms.size(), 0),
      early_(terms.size(), 0),
      free_(terms.size(), kNever) {
  parts_.reserve(3 * terms.size());
  for (std::size_t g = 0; g < terms.size(); ++g)
    place(g, static_cast<double>(sram_bytes), static_cast<double>(room[g]));
}

void WeightStream::add_part(std::size_t group, double work, int holder) {
  if (work > 1e-6) parts_.push_back({group, work, holder});
}

void WeightStream::place(std::size_t g, double sram, double room) {
  const GroupTerms& t = terms_[g];
  Place& mine = places_[g];
  mine.base = sram - room;
  mine.begin = mine.end = mine.base;
  if (t.weight_port <= 0) return;
  double bytes = std::min(t.weight_bytes, std::max(0.0, room - t.smallest / 2));
  const Place before = g > 0 ? places_[g - 1] : Place{};
  if (before.end > before.begin) {
    const double below = before.begin - mine.base, top = std::max(before.end, mine.base),
                 above = sram - top;
    if (bytes > below && bytes <= above) mine.begin = top;
    // Where all of it fits on neither side, a ring of what fits on the larger one.
    const double larger = std::min(bytes, std::max(below, above));
    if (bytes > below && bytes > above && larger >= kLeastRing * t.weight_bytes) {
      bytes = larger;
      if (above >= below) mine.begin = top;
    }
  }
  late_[g] = t.weight_port * (1 - bytes / t.weight_bytes);
  if (bytes <= 0) return;
  mine.end = mine.begin + bytes;

  const double rate = (t.weight_port - late_[g]) / bytes;
  double level = mine.begin, left = bytes;  // below `level`, and beyond `left`, it is spoken for
  for (std::size_t back = 1; back <= kBehind && back <= g && left > 0; ++back) {
    const Place& other = places_[g - back];
    double common = 0;
    if (other.base > level) {
      common += std::min(mine.end, other.base) - level;
      level = std::min(mine.end, other.base);
    }
    common += std::max(0.0, std::min(mine.end, other.end) - std::max(level, other.begin));
    common = std::min(common, left);
    add_part(g, common * rate, static_cast<int>(g - back));
    left -= common;
  }
  add_part(g, left * rate, -1);
  shared_[g] = 1 - left / bytes;
}

double WeightStream::available(const Part& part) const {
  return part.holder < 0 ? 0 : free_[static_cast<std::size_t>(part.holder)];
}

/// One step of the port: the first part that may come now, until it is in or an earlier group's
/// may; or the wait for one. Gives the cycles that it worked for `group`; below 0: nothing waits.
double WeightStream::serve(std::size_t group, double& port) {
  while (first_ < parts_.size() && (parts_[first_].work <= 0 || parts_[first_].group < group))
    ++first_;
  Part* next = nullptr;
  double soonest = kNever, sooner = kNever;
  bool waits = false;
  for (std::size_t i = first_; i < parts_.size() && parts_[i].group < group + kAhead; ++i) {
    Part& part = parts_[i];
    if (part.work <= 0) continue;
    waits |= part.group == group;
    if (!waits) return -1;
    const double from = available(part);
    if (from <= port) {
      next = &part;
      break;
    }
    soonest = std::min(soonest, from);
    if (part.group == group) sooner = std::min(sooner, from);
  }
  if (!waits) return -1;
  if (next == nullptr) {
    port = soonest;
    return 0;
  }
  const bool mine = next->group == group;
  const double served = mine ? next->work : std::min(next->work, sooner - port);
  next->work = next->work - served < 1e-6 ? 0 : next->work - served;
  early_[next->group] += served;
  port += served;
  return mine ? served : 0;
}

WeightStream::Arrival WeightStream::stream(std::size_t g, double engines, double& port) {
  const double chunk = terms_[g].weight_chunk;
  Arrival arrival{early_[g] >= chunk ? 0 : kNever, 0};
  for (double served = 0; (served = serve(g, port)) >= 0;) {
    if (served == 0) continue;
    if (arrival.first == kNever && early_[g] >= chunk) arrival.first = port - (early_[g] - chunk);
    arrival.last = port;
  }
  if (late_[g] > 0) {
    const double from = std::max(port, engines);
    port = from + late_[g];
    if (arrival.first == kNever) arrival.first = from + std::max(0.0, chunk - early_[g]);
    arrival.last = port;
  }
  if (arrival.first == kNever) arrival.first = arrival.last;
  return arrival;
}

}  // namespace presil
