#include "hw/program.h"

#include <algorithm>
#include <map>

#include "core/error.h"

namespace presil {

CommandId Program::add(Command command) {
  commands.push_back(std::move(command));
  return static_cast<CommandId>(commands.size() - 1);
}

namespace {

/// SRAM bytes that a command touches: an interval, and for a strided transfer its runs within.
struct Access {
  std::int64_t begin = 0, end = 0;
  bool write = false;
  const Transfer* transfer = nullptr;
};

Access sram_access(const Transfer& transfer, bool write) {
  std::int64_t last = transfer.sram_address + transfer.run_bytes;
  for (const TransferDim& dim : transfer.dims) last += (dim.count - 1) * dim.sram_stride;
  return {transfer.sram_address, last, write, &transfer};
}

using Run = std::pair<std::int64_t, std::int64_t>;

/// The bytes of an access as ascending intervals.
std::vector<Run> runs_of(const Access& access) {
  if (access.transfer == nullptr) return {{access.begin, access.end}};
  const Transfer& t = *access.transfer;
  std::vector<Run> runs;
  for (std::int64_t i = 0; i < t.dims[0].count; ++i)
    for (std::int64_t j = 0; j < t.dims[1].count; ++j)
      for (std::int64_t k = 0; k < t.dims[2].count; ++k) {
        const std::int64_t begin = t.sram_address + i * t.dims[0].sram_stride +
                                   j * t.dims[1].sram_stride + k * t.dims[2].sram_stride;
        runs.emplace_back(begin, begin + t.run_bytes);
      }
  std::sort(runs.begin(), runs.end());
  return runs;
}

/// Exact: two transfers whose intervals interleave without a common byte do not overlap.
bool overlap(const Access& a, const Access& b) {
  if (a.begin >= b.end || b.begin >= a.end) return false;
  if (a.transfer == nullptr && b.transfer == nullptr) return true;
  const std::vector<Run> first = runs_of(a), second = runs_of(b);
  for (auto i = first.begin(), j = second.begin(); i != first.end() && j != second.end();) {
    if (i->first < j->second && j->first < i->second) return true;
    (i->second < j->second) ? ++i : ++j;
  }
  return false;
}

std::vector<Access> accesses_of(const Work& work) {
  struct Visitor {
    std::vector<Access> operator()(const Load& load) const {
      return {sram_access(load.transfer, true)};
    }
    std::vector<Access> operator()(const Store& store) const {
      return {sram_access(store.transfer, false)};
    }
    std::vector<Access> operator()(const Matrix& m) const {
      return {{m.input_address, m.input_address + m.input_bytes, false},
              {m.weight_address, m.weight_address + m.weight_bytes, false},
              {m.output_address, m.output_address + m.output_bytes, true}};
    }
    std::vector<Access> operator()(const Vector& v) const {
      return {{v.input_address, v.input_address + v.input_bytes, false},
              {v.output_address, v.output_address + v.output_bytes, true}};
    }
  };
  return std::visit(Visitor{}, work);
}

void check_transfer(const Transfer& transfer, const ChipSpec& chip, CommandId id) {
  PRESIL_CHECK(transfer.memory >= 0 && transfer.memory < static_cast<int>(chip.memories.size()),
               "command {}: memory {} does not exist", id, transfer.memory);
  PRESIL_CHECK(transfer.run_bytes > 0, "command {}: empty transfer", id);
  for (const TransferDim& dim : transfer.dims)
    PRESIL_CHECK(dim.count >= 1 && dim.sram_stride >= 0, "command {}: bad transfer dim", id);
}

void check_sizes(const Command& command, const ChipSpec& chip, CommandId id) {
  struct Visitor {
    const ChipSpec& chip;
    CommandId id;
    void operator()(const Load& load) const { check_transfer(load.transfer, chip, id); }
    void operator()(const Store& store) const { check_transfer(store.transfer, chip, id); }
    void operator()(const Matrix& m) const {
      PRESIL_CHECK(m.mode >= 0 && m.mode < static_cast<int>(chip.mac_array.modes.size()),
                   "command {}: precision mode {} does not exist", id, m.mode);
      PRESIL_CHECK(m.outputs > 0 && m.positions > 0 && m.channels > 0 && m.taps > 0,
                   "command {}: empty matrix", id);
    }
    void operator()(const Vector& v) const {
      PRESIL_CHECK(v.elements > 0 && v.cycles_per_element > 0, "command {}: empty vector", id);
    }
  };
  std::visit(Visitor{chip, id}, command.work);
}

/// Which earlier commands each command is ordered after, directly or not: one bit a command.
class Order {
 public:
  explicit Order(const Program& program)
      : words_((program.commands.size() + 63) / 64), bits_(program.commands.size() * words_) {
    for (std::size_t id = 0; id < program.commands.size(); ++id)
      for (const CommandId before : program.commands[id].dependencies) {
        const auto b = static_cast<std::size_t>(before);
        for (std::size_t w = 0; w < words_; ++w) bits_[id * words_ + w] |= bits_[b * words_ + w];
        bits_[id * words_ + b / 64] |= std::uint64_t{1} << (b % 64);
      }
  }
  bool after(std::size_t id, std::size_t before) const {
    return (bits_[id * words_ + before / 64] >> (before % 64)) & 1;
  }

 private:
  std::size_t words_;
  std::vector<std::uint64_t> bits_;
};

void check_hazards(const Program& program) {
  const Order order(program);
  struct Seen {
    Access access;
    std::size_t id;
  };
  std::map<int, std::vector<Seen>> seen_by_core;
  for (std::size_t id = 0; id < program.commands.size(); ++id) {
    std::vector<Seen>& seen = seen_by_core[program.commands[id].core];
    const std::vector<Access> accesses = accesses_of(program.commands[id].work);
    for (const Access& access : accesses)
      for (const Seen& other : seen) {
        if (!access.write && !other.access.write) continue;
        if (order.after(id, other.id) || !overlap(access, other.access)) continue;
        PRESIL_CHECK(false, "commands {} and {} touch SRAM bytes {}..{} and are not ordered",
                     other.id, id, std::max(access.begin, other.access.begin),
                     std::min(access.end, other.access.end));
      }
    for (const Access& access : accesses)
      if (access.end > access.begin) seen.push_back({access, id});
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
    for (const Access& access : accesses_of(command.work))
      PRESIL_CHECK(access.begin >= 0 && access.end <= chip.sram_bytes(),
                   "command {}: SRAM bytes {}..{} of {}", id, access.begin, access.end,
                   chip.sram_bytes());
  }
  check_hazards(program);
}

}  // namespace presil
