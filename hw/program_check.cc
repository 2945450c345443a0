// check_program: finds hazards by itself, without the HazardTracker that compilers derive
// dependencies with; the two share only the description of accesses.

#include <algorithm>
#include <array>
#include <initializer_list>
#include <map>
#include <utility>

#include "core/error.h"
#include "hw/access.h"
#include "hw/accumulator_check.h"
#include "hw/program.h"

namespace presil {

namespace {

/// Bounds far above any chip's, below which no sum or product of what a command says overflows.
constexpr std::int64_t kMostBytes = std::int64_t{1} << 40, kMostRuns = std::int64_t{1} << 20;
constexpr std::int64_t kMostWork = std::int64_t{1} << 56;

/// The factors' product is at most `most`; all of them are at least 1.
bool product_within(std::initializer_list<std::int64_t> factors, std::int64_t most) {
  std::int64_t product = 1;
  for (const std::int64_t factor : factors) {
    if (factor > most / product) return false;
    product *= factor;
  }
  return true;
}

bool is_address(std::int64_t value) { return value >= -kMostBytes && value <= kMostBytes; }

void check_transfer(const Transfer& transfer, const ChipSpec& chip, CommandId id) {
  PRESIL_CHECK(transfer.memory >= 0 && transfer.memory < static_cast<int>(chip.memories.size()),
               "command {}: memory {} does not exist", id, transfer.memory);
  PRESIL_CHECK(transfer.run_bytes > 0, "command {}: empty transfer", id);
  for (const TransferDim& dim : transfer.dims)
    PRESIL_CHECK(dim.count >= 1 && dim.count <= kMostRuns && dim.sram_stride >= 0 &&
                     is_address(dim.sram_stride) && is_address(dim.memory_stride),
                 "command {}: bad transfer dim", id);
  PRESIL_CHECK(is_address(transfer.memory_address) && is_address(transfer.sram_address) &&
                   product_within({transfer.run_bytes, transfer.dims[0].count,
                                   transfer.dims[1].count, transfer.dims[2].count},
                                  kMostBytes),
               "command {}: address or size of a transfer above 2^40", id);
  PRESIL_CHECK(transfer.stored_ratio > 0 && transfer.stored_ratio <= 2,
               "command {}: stored ratio {} is not in (0, 2]", id, transfer.stored_ratio);
  PRESIL_CHECK(transfer.beat_cycles >= 0, "command {}: negative request pace", id);
}

void check_region(const Region& region, const char* name, CommandId id) {
  PRESIL_CHECK(region.run_bytes >= 0 && region.runs >= 1 &&
                   (region.runs == 1 || region.stride >= region.run_bytes),
               "command {}: bad {} region: {} runs of {} bytes, {} apart", id, name, region.runs,
               region.run_bytes, region.stride);
  PRESIL_CHECK(is_address(region.address) && is_address(region.stride) &&
                   region.runs <= kMostRuns && region.run_bytes <= kMostBytes / region.runs,
               "command {}: address or size of the {} region above 2^40", id, name);
}

void check_sizes(const Command& command, const ChipSpec& chip, CommandId id) {
  struct Visitor {
    const ChipSpec& chip;
    CommandId id;
    void operator()(const Load& load) const { check_transfer(load.transfer, chip, id); }
    void operator()(const Store& store) const {
      check_transfer(store.transfer, chip, id);
      PRESIL_CHECK(store.transfer.traffic != Traffic::kWeights, "command {}: stores weights", id);
    }
    void operator()(const Matrix& m) const {
      PRESIL_CHECK(m.mode >= 0 && m.mode < static_cast<int>(chip.mac_array.modes.size()),
                   "command {}: precision mode {} does not exist", id, m.mode);
      PRESIL_CHECK(m.outputs > 0 && m.positions > 0 && m.channels > 0 && m.taps > 0,
                   "command {}: empty matrix", id);
      PRESIL_CHECK(
          m.groups > 0 &&
              product_within({m.groups, m.outputs, m.positions, m.channels, m.taps}, kMostWork),
          "command {}: more than 2^56 multiply-accumulates", id);
      PRESIL_CHECK(
          m.drained_per_position >= 0 && m.epilogue_cycles_per_element >= 0 && m.output_bits > 0,
          "command {}: bad output stage work", id);
      check_region(m.input, "input", id);
      check_region(m.weights, "weights", id);
      check_region(m.operand, "operand", id);
      check_region(m.constants, "constants", id);
      check_region(m.output, "output", id);
    }
    void operator()(const Vector& v) const {
      PRESIL_CHECK(v.elements > 0 && v.cycles_per_element > 0, "command {}: empty vector", id);
      PRESIL_CHECK(v.element_bits > 0, "command {}: elements of {} bits", id, v.element_bits);
      check_region(v.input, "input", id);
      check_region(v.operand, "operand", id);
      check_region(v.constants, "constants", id);
      check_region(v.output, "output", id);
    }
    void operator()(const Host& host) const {
      PRESIL_CHECK(host.duration >= Cycles(0), "command {}: negative duration", id);
    }
  };
  std::visit(Visitor{chip, id}, command.work);
}

void check_addresses(const Accesses& accesses, const ChipSpec& chip, CommandId id) {
  for (const Access& access : accesses) {
    const std::int64_t begin = access.bytes.begin, end = access.bytes.end();
    if (access.space.kind == Space::Kind::kSram) {
      PRESIL_CHECK(begin >= 0 && end <= chip.sram_bytes(), "command {}: SRAM bytes {}..{} of {}",
                   id, begin, end, chip.sram_bytes());
      continue;
    }
    const MemorySpec& memory = chip.memories[static_cast<std::size_t>(access.space.index)];
    PRESIL_CHECK(begin >= 0 && (memory.kib <= 0 || static_cast<double>(end) <= memory.kib * 1024),
                 "command {}: bytes {}..{} of memory {} ({} KiB)", id, begin, end, memory.name,
                 memory.kib);
  }
}

/// Chains of commands, each ordered after the one before it. A command knows how far along every
/// chain it is ordered after, so a look tells whether it is after another, however far back. Some
/// commands are on none: there are only so many chains.
class Chains {
 public:
  explicit Chains(std::size_t commands)
      : past_(commands), chain_(commands, kNone), place_(commands, 0), user_(commands, -1) {}

  /// Commands in order of their ids.
  void add(CommandId id, const std::vector<CommandId>& dependencies) {
    const auto i = static_cast<std::size_t>(id);
    Past past{};
    for (const CommandId before : dependencies) {
      const auto b = static_cast<std::size_t>(before);
      for (std::size_t c = 0; c < kChains; ++c) past[c] = std::max(past[c], past_[b][c]);
      if (user_[b] < 0) user_[b] = id;
    }
    // The chain whose last command is the latest of those that this one is ordered after.
    std::size_t best = kNone;
    for (std::size_t c = 0; c < used_; ++c)
      if (past[c] == length_[c] && (best == kNone || last_[c] > last_[best])) best = c;
    if (best == kNone && used_ < kChains) best = used_++;
    if (best != kNone) {
      chain_[i] = static_cast<std::uint8_t>(best);
      place_[i] = past[best] = ++length_[best];
      last_[best] = id;
    }
    past_[i] = past;
  }

  /// Certainly after; false may also mean that the chains do not tell.
  bool after(CommandId id, CommandId before) const {
    if (on_chain(before)) return passed(id, before);
    const CommandId user = user_[static_cast<std::size_t>(before)];
    return user >= 0 && (user == id || (on_chain(user) && passed(id, user)));
  }

 private:
  static constexpr std::size_t kChains = 32;
  static constexpr std::uint8_t kNone = 255;
  using Past = std::array<std::int32_t, kChains>;

  bool on_chain(CommandId id) const { return chain_[static_cast<std::size_t>(id)] != kNone; }
  bool passed(CommandId id, CommandId before) const {
    const auto b = static_cast<std::size_t>(before);
    return past_[static_cast<std::size_t>(id)][chain_[b]] >= place_[b];
  }

  std::vector<Past> past_;  ///< of each command: commands of each chain that are before it, or it
  std::vector<std::uint8_t> chain_;
  std::vector<std::int32_t> place_;  ///< on its chain, from 1
  std::vector<CommandId> user_;      ///< the first that depends on it directly
  std::size_t used_ = 0;
  std::array<std::int32_t, kChains> length_{};
  std::array<CommandId, kChains> last_{};
};

/// Answers "is this command ordered after that one, directly or not?" for one command at a time.
class Order {
 public:
  explicit Order(const Program& program)
      : program_(program), reached_(program.commands.size(), 0) {}

  /// Through a dependency, or a dependency of one: what nearly every good Program needs.
  bool soon_after(CommandId id, CommandId before) const {
    const std::vector<CommandId>& direct = dependencies(id);
    if (std::find(direct.begin(), direct.end(), before) != direct.end()) return true;
    for (const CommandId middle : direct) {
      if (middle <= before) continue;
      const std::vector<CommandId>& second = dependencies(middle);
      if (std::find(second.begin(), second.end(), before) != second.end()) return true;
    }
    return false;
  }

  /// Goes back from `id` through all that came before, down to the command `oldest`; was_reached()
  /// then says which.
  void search(CommandId id, CommandId oldest) {
    ++search_;
    frontier_.assign(1, id);
    while (!frontier_.empty()) {
      const CommandId from = frontier_.back();
      frontier_.pop_back();
      for (const CommandId before : dependencies(from)) {
        if (before < oldest || was_reached(before)) continue;
        reached_[static_cast<std::size_t>(before)] = search_;
        frontier_.push_back(before);
      }
    }
  }
  bool was_reached(CommandId id) const { return reached_[static_cast<std::size_t>(id)] == search_; }

 private:
  const std::vector<CommandId>& dependencies(CommandId id) const {
    return program_.commands[static_cast<std::size_t>(id)].dependencies;
  }

  const Program& program_;
  std::vector<std::int32_t> reached_;  ///< number of the last search that came by
  std::int32_t search_ = 0;
  std::vector<CommandId> frontier_;
};

/// Who wrote each byte of a space last and who has read it since, as disjoint intervals.
class Shadow {
 public:
  struct Cell {
    std::int64_t end = 0;
    CommandId writer = -1;
    std::vector<CommandId> readers;
  };

  /// Calls met(earlier, begin, end) for the last writers of [begin, end), then makes `id` a reader.
  template <typename Met>
  void read(std::int64_t begin, std::int64_t end, CommandId id, Met&& met) {
    auto at = cut(begin);
    while (begin < end) {
      if (at == cells_.end() || at->first > begin) {
        const std::int64_t until = at == cells_.end() ? end : std::min(end, at->first);
        at = cells_.emplace_hint(at, begin, Cell{.end = until});
      } else if (at->second.end > end) {
        cut(end);
      }
      Cell& cell = at->second;
      if (cell.writer >= 0) met(cell.writer, begin, cell.end);
      if (cell.readers.empty() || cell.readers.back() != id) cell.readers.push_back(id);
      begin = cell.end;
      ++at;
    }
  }

  /// Calls met for the readers since the last write, or where there are none for the last writer
  /// (readers have been found to be ordered after it), then makes `id` the writer.
  template <typename Met>
  void write(std::int64_t begin, std::int64_t end, CommandId id, Met&& met) {
    auto at = cut(begin);
    cut(end);
    while (at != cells_.end() && at->first < end) {
      const Cell& cell = at->second;
      if (cell.writer >= 0 && (cell.readers.empty() || cell.readers.front() == id))
        met(cell.writer, at->first, cell.end);
      for (const CommandId reader : cell.readers) met(reader, at->first, cell.end);
      at = cells_.erase(at);
    }
    cells_.emplace_hint(at, begin, Cell{.end = end, .writer = id});
  }

 private:
  using Cells = std::map<std::int64_t, Cell>;

  /// Splits the cell around `place`; gives the first cell that begins there or behind.
  Cells::iterator cut(std::int64_t place) {
    auto at = cells_.lower_bound(place);
    if (at == cells_.begin()) return at;
    const auto before = std::prev(at);
    if (before->second.end <= place) return at;
    Cell rest = before->second;
    before->second.end = place;
    return cells_.emplace_hint(at, place, std::move(rest));
  }

  Cells cells_;
};

/// Two commands that meet in bytes of a space and are not obviously ordered.
struct Meeting {
  CommandId earlier;
  Space space;
  std::int64_t begin, end;
};

void check_order(Order& order, const std::vector<Meeting>& meetings, CommandId id,
                 const ChipSpec& chip) {
  if (meetings.empty()) return;
  CommandId oldest = id;
  for (const Meeting& meeting : meetings) oldest = std::min(oldest, meeting.earlier);
  order.search(id, oldest);
  for (const auto& [earlier, space, begin, end] : meetings) {
    if (order.was_reached(earlier)) continue;
    PRESIL_CHECK(space.kind != Space::Kind::kSram,
                 "commands {} and {} touch SRAM bytes {}..{} and are not ordered", earlier, id,
                 begin, end);
    PRESIL_CHECK(false, "commands {} and {} touch bytes {}..{} of memory {} and are not ordered",
                 earlier, id, begin, end,
                 chip.memories[static_cast<std::size_t>(space.index)].name);
  }
}

void check_hazards(const Program& program, const ChipSpec& chip) {
  Order order(program);
  Chains chains(program.commands.size());
  std::map<Space, Shadow> shadows;
  std::vector<Meeting> unclear;
  for (std::size_t i = 0; i < program.commands.size(); ++i) {
    const auto id = static_cast<CommandId>(i);
    unclear.clear();
    chains.add(id, program.commands[i].dependencies);
    const Accesses accesses = accesses_of(program.commands[i]);
    check_addresses(accesses, chip, id);
    for (const Access& access : accesses) {
      if (access.constant) continue;
      Shadow& shadow = shadows[access.space];
      CommandId last = id;  // mostly the same one again, and a command is ordered with itself
      const auto met = [&](CommandId earlier, std::int64_t begin, std::int64_t end) {
        if (earlier == id || std::exchange(last, earlier) == earlier) return;
        if (!chains.after(id, earlier) && !order.soon_after(id, earlier))
          unclear.push_back({earlier, access.space, begin, end});
      };
      for_each_run(access.bytes, [&](std::int64_t begin, std::int64_t end) {
        if (access.write)
          shadow.write(begin, end, id, met);
        else
          shadow.read(begin, end, id, met);
      });
    }
    check_order(order, unclear, id, chip);
  }
}

/// Nothing stores over weights that any command, earlier or later, loads.
void check_constants(const Program& program, const ChipSpec& chip) {
  std::map<int, std::vector<std::pair<std::int64_t, std::int64_t>>> constants;  // by memory
  for (const Command& command : program.commands)
    if (const Load* load = std::get_if<Load>(&command.work);
        load != nullptr && load->transfer.traffic == Traffic::kWeights)
      for_each_run(memory_bytes_of(load->transfer), [&](std::int64_t begin, std::int64_t end) {
        constants[load->transfer.memory].emplace_back(begin, end);
      });
  for (auto& [memory, runs] : constants) {
    std::sort(runs.begin(), runs.end());
    std::size_t last = 0;
    for (std::size_t r = 1; r < runs.size(); ++r)
      if (runs[r].first <= runs[last].second)
        runs[last].second = std::max(runs[last].second, runs[r].second);
      else
        runs[++last] = runs[r];
    runs.resize(last + 1);
  }
  for (std::size_t i = 0; i < program.commands.size(); ++i) {
    const Store* store = std::get_if<Store>(&program.commands[i].work);
    const auto found = store == nullptr ? constants.end() : constants.find(store->transfer.memory);
    if (found == constants.end()) continue;
    for_each_run(memory_bytes_of(store->transfer), [&](std::int64_t begin, std::int64_t end) {
      const auto& runs = found->second;
      const auto behind = std::lower_bound(runs.begin(), runs.end(), std::pair{end, end});
      PRESIL_CHECK(behind == runs.begin() || std::prev(behind)->second <= begin,
                   "command {}: stores over weights in bytes {}..{} of memory {}", i, begin, end,
                   chip.memories[static_cast<std::size_t>(found->first)].name);
    });
  }
}

}  // namespace

void check_program(const Program& program, const ChipSpec& chip) {
  for (std::size_t i = 0; i < program.commands.size(); ++i) {
    const Command& command = program.commands[i];
    const auto id = static_cast<CommandId>(i);
    PRESIL_CHECK(command.core >= 0 && command.core < chip.cores, "command {}: core {} of {}", id,
                 command.core, chip.cores);
    PRESIL_CHECK(command.group >= 0 && command.group < static_cast<int>(program.group_names.size()),
                 "command {}: group {} has no name", id, command.group);
    for (const CommandId before : command.dependencies)
      PRESIL_CHECK(before >= 0 && before < id, "command {}: depends on {}, which is not earlier",
                   id, before);
    check_sizes(command, chip, id);
  }
  check_hazards(program, chip);
  check_constants(program, chip);
  check_accumulators(program, chip);
}

}  // namespace presil
