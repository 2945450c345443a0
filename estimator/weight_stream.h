#pragma once
// The weights of a network's groups on their way through the port, as early as their place in SRAM
// is free: those of later groups go first while earlier ones wait for theirs.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "estimator/group_terms.h"

namespace presil {

class WeightStream {
 public:
  /// Places: residents lie at the bottom of the SRAM; each group's weights above them, clear of
  /// those of the group before, or as a ring of what fits beside it (the compiler's first fit and
  /// prefetch depths, fragmentation left out).
  WeightStream(std::int64_t sram_bytes, std::span<const std::int64_t> room,
               std::span<const GroupTerms> terms);

  struct Arrival {
    double first = 0;  ///< of one block of outputs
    double last = 0;   ///< of all
  };
  /// Serves the port from `port` on, which is advanced, until the group's weights are in. What has
  /// no place of its own comes from `engines` on, when the group may compute.
  Arrival stream(std::size_t group, double engines, double& port);
  /// The group's engines are done at `time`, and its place is free.
  void done(std::size_t group, double time) { free_[group] = time; }
  /// Share of a group's weights whose place an earlier group has had.
  double shared(std::size_t group) const { return shared_[group]; }

 private:
  static constexpr std::size_t kAhead = 16;   ///< groups whose weights are looked for at once
  static constexpr std::size_t kBehind = 16;  ///< groups before whose places matter
  struct Place {
    double base = 0;  ///< end of the residents
    double begin = 0, end = 0;
  };
  /// A part of a group's weights that waits for one earlier group's place.
  struct Part {
    std::size_t group = 0;
    double work = 0;  ///< port cycles left
    int holder = -1;  ///< group, or -1: nobody
  };

  void place(std::size_t group, double sram, double room);
  void add_part(std::size_t group, double work, int holder);
  double available(const Part& part) const;
  double serve(std::size_t group, double& port);

  std::span<const GroupTerms> terms_;
  std::vector<Place> places_;
  std::vector<Part> parts_;            ///< ascending by group
  std::size_t first_ = 0;              ///< all parts before are served
  std::vector<double> shared_, late_;  ///< late: port cycles of what has no place of its own
  std::vector<double> early_;          ///< port cycles of the others that are in
  std::vector<double> free_;           ///< when each group's place is free; infinite: not yet known
};

}  // namespace presil
