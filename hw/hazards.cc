#include "hw/hazards.h"

#include <algorithm>
#include <bit>
#include <map>

#include "hw/access.h"

namespace presil {

namespace {

/// Who last wrote, or has read since, a set of bytes.
struct Record {
  Strided bytes;
  std::int64_t end = 0;
  CommandId id = 0;
};

/// Records by place. Level l holds those of less than 2^(2l+1) bytes from end to end, ordered by
/// begin: those that may meet an interval start at most that much before it.
class Records {
 public:
  void insert(const Strided& bytes, CommandId id) {
    const std::int64_t end = bytes.end();
    const auto level =
        static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(end - bytes.begin)) / 2);
    levels_[level].emplace(bytes.begin, Record{bytes, end, id});
    used_ |= 1u << level;
  }

  /// visit(record) gives whether to take the record out.
  template <typename Visit>
  void for_each_near(const Strided& bytes, Visit&& visit) {
    const std::int64_t end = bytes.end();
    for (std::uint32_t rest = used_; rest != 0; rest &= rest - 1) {
      const int level = std::countr_zero(rest);
      auto& records = levels_[static_cast<std::size_t>(level)];
      auto at = records.upper_bound(bytes.begin - (std::int64_t{1} << (2 * level + 1)));
      while (at != records.end() && at->first < end) {
        const bool meets = at->second.end > bytes.begin;
        at = meets && visit(at->second) ? records.erase(at) : std::next(at);
      }
      if (records.empty()) used_ &= ~(1u << level);
    }
  }

 private:
  std::array<std::multimap<std::int64_t, Record>, 32> levels_;
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

  CommandId next() const { return static_cast<CommandId>(first.size() - 1); }

  /// Takes the bytes of a write out of the records it meets.
  void overwrite(Records& records, const Strided& bytes, CommandId writer,
                 std::vector<CommandId>& dependencies) {
    struct Left {
      std::size_t until;
      CommandId id;
    };
    std::vector<Left> left;
    pieces.clear();
    records.for_each_near(bytes, [&](const Record& record) {
      if (!overlap(record.bytes, bytes)) return false;
      if (record.id != writer) dependencies.push_back(record.id);
      subtract(record.bytes, bytes, pieces);
      if (left.empty() || left.back().until < pieces.size())
        left.push_back({pieces.size(), record.id});
      return true;
    });
    std::size_t at = 0;
    for (const Left& part : left)
      for (; at < part.until; ++at) records.insert(pieces[at], part.id);
  }

  void read(const Access& access, CommandId reader, std::vector<CommandId>& dependencies) {
    SpaceState& space = spaces[access.space];
    for_each_dense_part(access.bytes, [&](const Strided& part) {
      space.writers.for_each_near(part, [&](const Record& record) {
        if (overlap(record.bytes, part)) dependencies.push_back(record.id);
        return false;
      });
      space.readers.insert(part, reader);
    });
  }

  void write(const Access& access, CommandId writer, std::vector<CommandId>& dependencies) {
    SpaceState& space = spaces[access.space];
    for_each_dense_part(access.bytes, [&](const Strided& part) {
      overwrite(space.writers, part, writer, dependencies);
      overwrite(space.readers, part, writer, dependencies);
      space.writers.insert(part, writer);
    });
  }

  /// Leaves out what another of the list waits for itself. `list` is ascending.
  void prune(std::vector<CommandId>& list) const {
    if (list.size() < 2) return;
    std::vector<CommandId> implied;
    for (const CommandId id : list) {
      const auto i = static_cast<std::size_t>(id);
      for (std::size_t w = first[i]; w < first[i + 1]; ++w)
        if (waited[w] >= list.front()) implied.push_back(waited[w]);
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

}  // namespace presil
