#include "hw/hazards.h"

#include <algorithm>
#include <bit>
#include <map>
#include <span>

#include "hw/access.h"

namespace presil {

namespace {

/// Orders sets by place, and equal ones only as equal.
struct ByPlace {
  bool operator()(const Strided& a, const Strided& b) const {
    if (a.begin != b.begin) return a.begin < b.begin;
    if (a.run != b.run) return a.run < b.run;
    if (a.dim_count != b.dim_count) return a.dim_count < b.dim_count;
    for (std::size_t d = 0; d < static_cast<std::size_t>(a.dim_count); ++d) {
      if (a.dims[d].count != b.dims[d].count) return a.dims[d].count < b.dims[d].count;
      if (a.dims[d].stride != b.dims[d].stride) return a.dims[d].stride < b.dims[d].stride;
    }
    return false;
  }
};

/// Who last wrote, or has read since, sets of bytes, by place. A set has one entry however many
/// commands touched it: weights that stay are read by every tile. Level l holds the sets of less
/// than 2^(2l+1) bytes from end to end: those that may meet an interval start at most that much
/// before it.
class Records {
 public:
  void insert(const Strided& bytes, std::span<const CommandId> ids) {
    const auto extent = static_cast<std::uint64_t>(bytes.end() - bytes.begin);
    const auto level = static_cast<std::size_t>(std::bit_width(extent) / 2);
    std::vector<CommandId>& all = levels_[level][bytes];
    if (all.empty() || ids.size() > 1 || all.back() != ids.front())
      all.insert(all.end(), ids.begin(), ids.end());
    used_ |= 1u << level;
  }

  /// visit(bytes, ids) gives whether to take the record out. Gives the records looked at.
  template <typename Visit>
  std::int64_t for_each_near(const Strided& bytes, Visit&& visit) {
    const std::int64_t end = bytes.end();
    std::int64_t looked_at = 0;
    for (std::uint32_t rest = used_; rest != 0; rest &= rest - 1) {
      const int level = std::countr_zero(rest);
      auto& records = levels_[static_cast<std::size_t>(level)];
      const std::int64_t before = bytes.begin - (std::int64_t{1} << (2 * level + 1));
      auto at = records.lower_bound(Strided{.begin = before + 1});  // a run of 0 is below all
      while (at != records.end() && at->first.begin < end) {
        ++looked_at;
        const bool meets = at->first.end() > bytes.begin;
        at = meets && visit(at->first, at->second) ? records.erase(at) : std::next(at);
      }
      if (records.empty()) used_ &= ~(1u << level);
    }
    return looked_at;
  }

 private:
  std::array<std::map<Strided, std::vector<CommandId>, ByPlace>, 32> levels_;
  std::uint32_t used_ = 0;
};

struct SpaceState {
  Records writers, readers;
};

}  // namespace

struct HazardTracker::State {
  std::map<Space, SpaceState> spaces;
  /// What each command was told to wait for: command i's are [first[i], first[i + 1]) of `waited`.
  std::vector<CommandId> waited;
  std::vector<std::size_t> first = {0};
  std::vector<Strided> pieces;  ///< scratch
  std::int64_t looked_at = 0;

  CommandId next() const { return static_cast<CommandId>(first.size() - 1); }

  /// Takes the bytes of a write out of the records it meets.
  void overwrite(Records& records, const Strided& bytes, CommandId writer,
                 std::vector<CommandId>& dependencies) {
    struct Left {
      std::size_t until;
      std::vector<CommandId> ids;
    };
    std::vector<Left> left;
    pieces.clear();
    looked_at +=
        records.for_each_near(bytes, [&](const Strided& recorded, std::vector<CommandId>& ids) {
          if (!overlap(recorded, bytes)) return false;
          for (const CommandId id : ids)
            if (id != writer) dependencies.push_back(id);
          const std::size_t before = pieces.size();
          subtract(recorded, bytes, pieces);
          if (before < pieces.size()) left.push_back({pieces.size(), std::move(ids)});
          return true;
        });
    std::size_t at = 0;
    for (const Left& part : left)
      for (; at < part.until; ++at) records.insert(pieces[at], part.ids);
  }

  void read(const Access& access, CommandId reader, std::vector<CommandId>& dependencies) {
    SpaceState& space = spaces[access.space];
    for_each_dense_part(access.bytes, [&](const Strided& part) {
      looked_at += space.writers.for_each_near(
          part, [&](const Strided& recorded, const std::vector<CommandId>& ids) {
            if (overlap(recorded, part))
              dependencies.insert(dependencies.end(), ids.begin(), ids.end());
            return false;
          });
      space.readers.insert(part, {&reader, 1});
    });
  }

  void write(const Access& access, CommandId writer, std::vector<CommandId>& dependencies) {
    SpaceState& space = spaces[access.space];
    for_each_dense_part(access.bytes, [&](const Strided& part) {
      overwrite(space.writers, part, writer, dependencies);
      overwrite(space.readers, part, writer, dependencies);
      space.writers.insert(part, {&writer, 1});
    });
  }

  /// Leaves out what another of the list waits for itself. `list` is ascending.
  void prune(std::vector<CommandId>& list) const {
    if (list.size() < 2) return;
    std::vector<CommandId> implied;
    for (const CommandId id : list) {
      const auto i = static_cast<std::size_t>(id);
      // Ascending: the late ones are at its end, and they may be few of very many.
      for (std::size_t w = first[i + 1]; w > first[i] && waited[w - 1] >= list.front(); --w)
        implied.push_back(waited[w - 1]);
    }
    if (implied.empty()) return;
    std::sort(implied.begin(), implied.end());
    std::erase_if(
        list, [&](CommandId id) { return std::binary_search(implied.begin(), implied.end(), id); });
  }
};

HazardTracker::HazardTracker() : state_(std::make_unique<State>()) {}
HazardTracker::~HazardTracker() = default;
HazardTracker::HazardTracker(HazardTracker&&) noexcept = default;
HazardTracker& HazardTracker::operator=(HazardTracker&&) noexcept = default;

std::vector<CommandId> HazardTracker::dependencies_of(const Command& command) {
  const CommandId id = state_->next();
  std::vector<CommandId> dependencies = command.dependencies;
  for (const Access& access : accesses_of(command)) {  // reads before writes
    if (access.constant) continue;
    if (access.write)
      state_->write(access, id, dependencies);
    else
      state_->read(access, id, dependencies);
  }
  std::sort(dependencies.begin(), dependencies.end());
  dependencies.erase(std::unique(dependencies.begin(), dependencies.end()), dependencies.end());
  state_->prune(dependencies);
  state_->waited.insert(state_->waited.end(), dependencies.begin(), dependencies.end());
  state_->first.push_back(state_->waited.size());
  return dependencies;
}

CommandId HazardTracker::size() const { return state_->next(); }

std::int64_t HazardTracker::records_looked_at() const { return state_->looked_at; }

}  // namespace presil
