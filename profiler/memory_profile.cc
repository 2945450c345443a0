#include "profiler/memory_profile.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "core/error.h"
#include "profiler/byte_union.h"

namespace presil {

namespace {

SramUse use_of(Buffer::Use use) {
  switch (use) {
    case Buffer::Use::kInput:
      return SramUse::kInput;
    case Buffer::Use::kWeights:
    case Buffer::Use::kRecurrentWeights:
      return SramUse::kWeights;
    case Buffer::Use::kConstants:
      return SramUse::kConstants;
    case Buffer::Use::kOperand:
      return SramUse::kOperand;
    case Buffer::Use::kOutput:
      return SramUse::kOutput;
    case Buffer::Use::kInner:
      return SramUse::kInner;
    case Buffer::Use::kScratch:
      return SramUse::kScratch;
  }
  return SramUse::kScratch;
}

/// A stretch of addresses that a group's commands may touch, and who lives there.
struct Place {
  std::int64_t begin = 0, end = 0;
  std::size_t tenant = 0;
};

/// The tenants of core 0's SRAM, their times taken from the commands that touch them.
class Tenancy {
 public:
  Tenancy(const Graph& graph, const ChipSpec& chip, const RunResult& run)
      : graph_(graph), chip_(chip), run_(run), network_(run.compiled.network) {
    add_residents();
    for (std::size_t g = 0; g < network_.groups.size(); ++g) add_group(g);
  }

  std::vector<SramTenant> tenants() {
    const Program& program = run_.compiled.program;
    for (std::size_t id = 0; id < program.commands.size(); ++id) {
      const Command& command = program.commands[id];
      if (command.core == 0 && static_cast<std::size_t>(command.group) < places_.size())
        touch(command, run_.timeline.spans[id]);
    }
    std::erase_if(tenants_, [](const SramTenant& t) { return t.end <= t.begin; });
    std::stable_sort(tenants_.begin(), tenants_.end(),
                     [](const SramTenant& a, const SramTenant& b) {
                       return std::pair(a.begin, a.address) < std::pair(b.begin, b.address);
                     });
    return std::move(tenants_);
  }

 private:
  void add_residents() {
    const MemoryPlan& plan = run_.compiled.plan;
    for (std::size_t s = 0; s < network_.storages.size(); ++s)
      if (plan.resident[s])
        resident_.push_back({plan.sram_address[s],
                             plan.sram_address[s] + network_.storages[s].bytes(),
                             add({.name = graph_.tensor(network_.storages[s].root).name,
                                  .use = SramUse::kResident,
                                  .address = plan.sram_address[s],
                                  .bytes = network_.storages[s].bytes()})});
    lives_ = lifetimes(network_);
  }

  void add_group(std::size_t g) {
    const MemoryPlan& plan = run_.compiled.plan;
    const FusionGroup& group = network_.groups[g];
    std::vector<Place>& places = places_.emplace_back();
    const std::vector<Buffer> buffers =
        buffers_of(plan.around(chip_, network_, g), group, plan.mappings[g]);
    for (std::size_t b = 0; b < buffers.size(); ++b)
      for (int slot = 0; slot < buffers[b].slots; ++slot) {
        const std::int64_t at = plan.buffer_address[g][b] + slot * buffers[b].slot_bytes;
        places.push_back({at, at + buffers[b].slot_bytes,
                          add({.name = name_of(group, buffers[b]),
                               .use = use_of(buffers[b].use),
                               .group = static_cast<int>(g),
                               .address = at,
                               .bytes = buffers[b].slot_bytes})});
      }
    if (plan.weights_stay[g] && weight_total(group) > 0)
      places.push_back({plan.kept_weights[g], plan.kept_weights[g] + weight_total(group),
                        add({.name = group.name,
                             .use = SramUse::kKeptWeights,
                             .address = plan.kept_weights[g],
                             .bytes = weight_total(group)})});
    std::size_t storage = 0;
    const int at = static_cast<int>(g);
    for (std::size_t s = 0; s < network_.storages.size(); ++s) {
      if (!plan.resident[s]) continue;
      const Place& place = resident_[storage++];
      if (lives_[s].first <= at && at <= lives_[s].last) places.push_back(place);
    }
  }

  std::size_t add(SramTenant tenant) {
    tenant.begin = run_.timeline.total.value;
    tenants_.push_back(std::move(tenant));
    return tenants_.size() - 1;
  }

  std::string name_of(const FusionGroup& group, const Buffer& buffer) const {
    const Stage& stage = group.stages[static_cast<std::size_t>(buffer.stage)];
    const auto tensor = [&](TensorId id, const std::string& otherwise) {
      return id == kNoTensor ? otherwise : graph_.tensor(id).name;
    };
    switch (buffer.use) {
      case Buffer::Use::kInput:
        return tensor(stage.input, stage.name);
      case Buffer::Use::kWeights:
        return tensor(stage.weights, stage.name);
      case Buffer::Use::kRecurrentWeights:
        return tensor(stage.recurrent_weights, stage.name);
      case Buffer::Use::kOperand:
        return tensor(stage.operands[static_cast<std::size_t>(buffer.operand)].tensor, stage.name);
      case Buffer::Use::kOutput:
      case Buffer::Use::kInner:
        return tensor(stage.output, stage.name);
      case Buffer::Use::kConstants:
      case Buffer::Use::kScratch:
        return stage.name;
    }
    return stage.name;
  }

  void touch(const Command& command, const Span& span) {
    const std::vector<Place>& places = places_[static_cast<std::size_t>(command.group)];
    const auto region = [&](const Region& r) {
      if (r.run_bytes > 0)
        touch(places, r.address, r.address + (r.runs - 1) * r.stride + r.run_bytes, span);
    };
    const auto transfer = [&](const Transfer& t) {
      std::int64_t end = t.sram_address + t.run_bytes;
      for (const TransferDim& dim : t.dims) end += (dim.count - 1) * dim.sram_stride;
      touch(places, t.sram_address, end, span);
    };
    if (const Load* load = std::get_if<Load>(&command.work)) transfer(load->transfer);
    if (const Store* store = std::get_if<Store>(&command.work)) transfer(store->transfer);
    if (const Matrix* m = std::get_if<Matrix>(&command.work))
      for (const Region* r : {&m->input, &m->weights, &m->output, &m->operand, &m->constants})
        region(*r);
    if (const Vector* v = std::get_if<Vector>(&command.work))
      for (const Region* r : {&v->input, &v->operand, &v->output, &v->constants}) region(*r);
  }

  void touch(const std::vector<Place>& places, std::int64_t begin, std::int64_t end,
             const Span& span) {
    for (const Place& place : places) {
      if (place.end <= begin || end <= place.begin) continue;
      SramTenant& tenant = tenants_[place.tenant];
      // What stays between inferences is there before the first command.
      tenant.begin =
          tenant.use == SramUse::kKeptWeights ? 0 : std::min(tenant.begin, span.start.value);
      tenant.end = std::max(tenant.end, span.done.value);
    }
  }

  const Graph& graph_;
  const ChipSpec& chip_;
  const RunResult& run_;
  const FusedNetwork& network_;
  std::vector<Lifetime> lives_;
  std::vector<Place> resident_;  ///< of each resident storage, in order
  std::vector<SramTenant> tenants_;
  std::vector<std::vector<Place>> places_;  ///< of each group
};

/// Bytes in use over time.
std::vector<SramLevel> levels_of(const std::vector<SramTenant>& tenants) {
  struct Change {
    std::int64_t cycle;
    int by;
    const SramTenant* tenant;
  };
  std::vector<Change> changes;
  for (const SramTenant& tenant : tenants) {
    changes.push_back({tenant.begin, 1, &tenant});
    changes.push_back({tenant.end, -1, &tenant});
  }
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& a, const Change& b) { return a.cycle < b.cycle; });
  std::vector<SramLevel> levels{{0, 0}};
  ByteUnion in_use;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const SramTenant& tenant = *changes[i].tenant;
    in_use.add(tenant.address, tenant.address + tenant.bytes, changes[i].by);
    if (i + 1 < changes.size() && changes[i + 1].cycle == changes[i].cycle) continue;
    if (levels.back().cycle == changes[i].cycle)
      levels.back().bytes = in_use.bytes();
    else if (levels.back().bytes != in_use.bytes())
      levels.push_back({changes[i].cycle, in_use.bytes()});
  }
  return levels;
}

void find_peak(MemoryProfile& profile) {
  for (const SramLevel& level : profile.levels)
    if (level.bytes > profile.peak.bytes) profile.peak = level;
  for (std::size_t t = 0; t < profile.tenants.size(); ++t) {
    const SramTenant& tenant = profile.tenants[t];
    if (tenant.begin <= profile.peak.cycle && profile.peak.cycle < tenant.end)
      profile.at_peak.push_back(t);
  }
  std::stable_sort(profile.at_peak.begin(), profile.at_peak.end(),
                   [&](std::size_t a, std::size_t b) {
                     return profile.tenants[a].bytes > profile.tenants[b].bytes;
                   });
}

/// What crosses the ports, tensor by tensor.
class PortTraffic {
 public:
  PortTraffic(const Graph& graph, const RunResult& run)
      : graph_(graph), run_(run), lives_(lifetimes(run.compiled.network)) {}

  std::vector<MemoryTensor> tensors() {
    for (const Command& command : run_.compiled.program.commands) {
      if (static_cast<std::size_t>(command.group) >= run_.compiled.network.groups.size()) continue;
      if (const Load* load = std::get_if<Load>(&command.work))
        count(command, load->transfer, false);
      if (const Store* s = std::get_if<Store>(&command.work)) count(command, s->transfer, true);
    }
    std::vector<MemoryTensor> result;
    for (auto& [key, entry] : entries_) {
      entry.tensor.bytes = entry.touched.bytes();
      result.push_back(std::move(entry.tensor));
    }
    std::stable_sort(result.begin(), result.end(),
                     [](const MemoryTensor& a, const MemoryTensor& b) {
                       return a.read + a.written > b.read + b.written;
                     });
    return result;
  }

 private:
  /// A storage, or the weights of a group.
  struct Key {
    int storage = -1, group = -1;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Entry {
    MemoryTensor tensor;
    ByteUnion touched;
  };

  void count(const Command& command, const Transfer& t, bool write) {
    const Key key = key_of(command, t);
    auto [at, fresh] = entries_.try_emplace(key);
    MemoryTensor& tensor = at->second.tensor;
    if (fresh) {
      tensor.name = key.storage >= 0
                        ? graph_.tensor(storage(key.storage).root).name
                        : run_.compiled.network.groups[static_cast<std::size_t>(key.group)].name;
      tensor.memory = t.memory;
      tensor.traffic = t.traffic;
    }
    (write ? tensor.written : tensor.read) += t.stored_bytes();
    const auto& dims = t.dims;
    for (std::int64_t i = 0; i < dims[0].count; ++i)
      for (std::int64_t j = 0; j < dims[1].count; ++j)
        for (std::int64_t k = 0; k < dims[2].count; ++k) {
          const std::int64_t address = t.memory_address + i * dims[0].memory_stride +
                                       j * dims[1].memory_stride + k * dims[2].memory_stride;
          at->second.touched.cover(address, address + t.stored_run_bytes());
        }
  }

  const Storage& storage(int s) const {
    return run_.compiled.network.storages[static_cast<std::size_t>(s)];
  }

  Key key_of(const Command& command, const Transfer& t) const {
    if (t.traffic == Traffic::kWeights) return {.group = command.group};
    const MemoryPlan& plan = run_.compiled.plan;
    for (std::size_t s = 0; s < lives_.size(); ++s)
      if (!plan.resident[s] && plan.memory[s] == t.memory && lives_[s].first <= command.group &&
          command.group <= lives_[s].last && plan.memory_address[s] <= t.memory_address &&
          t.memory_address < plan.memory_address[s] + storage(static_cast<int>(s)).bytes())
        return {.storage = static_cast<int>(s)};
    PRESIL_CHECK(false, "a transfer of group {} at {} belongs to no tensor", command.group,
                 t.memory_address);
  }

  const Graph& graph_;
  const RunResult& run_;
  std::vector<Lifetime> lives_;
  std::map<Key, Entry> entries_;
};

}  // namespace

std::string_view name_of(SramUse use) {
  switch (use) {
    case SramUse::kResident:
      return "resident";
    case SramUse::kKeptWeights:
      return "kept_weights";
    case SramUse::kInput:
      return "input";
    case SramUse::kWeights:
      return "weights";
    case SramUse::kConstants:
      return "constants";
    case SramUse::kOperand:
      return "operand";
    case SramUse::kOutput:
      return "output";
    case SramUse::kInner:
      return "inner";
    case SramUse::kScratch:
      return "scratch";
  }
  return "";
}

MemoryProfile memory_profile(const Graph& graph, const ChipSpec& chip, const RunResult& run) {
  MemoryProfile profile{.tenants = Tenancy(graph, chip, run).tenants()};
  profile.levels = levels_of(profile.tenants);
  find_peak(profile);
  profile.tensors = PortTraffic(graph, run).tensors();
  return profile;
}

std::vector<SramLevel> thinned(const std::vector<SramLevel>& levels, std::size_t most) {
  if (levels.size() <= most || most == 0) return levels;
  std::vector<SramLevel> kept;
  const std::int64_t end = levels.back().cycle + 1;
  std::int64_t part = -1;
  for (const SramLevel& level : levels) {
    const std::int64_t its = level.cycle * static_cast<std::int64_t>(most - 1) / end;
    if (its != part)
      kept.push_back(level);
    else if (level.bytes > kept.back().bytes)
      kept.back() = level;
    part = its;
  }
  if (kept.back().cycle != levels.back().cycle) kept.push_back(levels.back());
  return kept;
}

}  // namespace presil
