#include "hw/data_path.h"

#include <cstring>
#include <type_traits>

#include "core/error.h"
#include "hw/kernels.h"

namespace presil {

namespace {

/// Is [begin, end) within the bytes of a region?
bool covers(const Region& region, std::int64_t begin, std::int64_t end) {
  if (region.runs <= 1 || region.stride == 0)
    return begin >= region.address && end <= region.address + region.run_bytes;
  if (begin < region.address) return false;
  const std::int64_t run = std::min((begin - region.address) / region.stride, region.runs - 1);
  const std::int64_t from = region.address + run * region.stride;
  return begin >= from && end <= from + region.run_bytes;
}

/// Every element of the view lies in the region that the command declares for hazards.
void check_declared(const SramView& view, const Region& region, CommandId id, const char* what) {
  if (view.box.rows == 0) return;
  const std::int64_t size = bytes_of(view.element);
  for (std::int64_t r = view.box.row; r < view.box.row + view.box.rows; ++r)
    for (std::int64_t b = 0; b < view.blocks(); ++b) {
      const std::int64_t from = std::max<std::int64_t>(0, view.lane - b * view.atom);
      const std::int64_t to = std::min(view.atom, view.lane + view.box.channels - b * view.atom);
      const std::int64_t begin = view.row_address(r) + b * view.block_stride;
      const std::int64_t last = begin + (view.box.columns - 1) * view.pixel_stride;
      PRESIL_CHECK(covers(region, begin + from * size, last + to * size),
                   "command {}: its {} at bytes {}..{} is outside of the region {}+{}, {} runs of "
                   "stride {}",
                   id, what, begin + from * size, last + to * size, region.address,
                   region.run_bytes, region.runs, region.stride);
    }
}

std::int64_t end_of(const Region& region) {
  return region.run_bytes == 0
             ? 0
             : region.address + (region.runs - 1) * region.stride + region.run_bytes;
}

struct Regions {
  const Region *input, *operand, *output, *weights, *constants;
};
Regions regions_of(const Work& work) {
  if (const Matrix* m = std::get_if<Matrix>(&work))
    return {&m->input, &m->operand, &m->output, &m->weights, &m->constants};
  const Vector& v = std::get<Vector>(work);
  static const Region kNone;
  return {&v.input, &v.operand, &v.output, &kNone, &v.constants};
}

/// Of every function but recurrent ones, whose results lie line by line.
kernels::Dense compute(const kernels::Context& context) {
  return std::visit(
      [&](const auto& kind) -> kernels::Dense {
        if constexpr (std::is_same_v<decltype(kind), const RecurrentFunction&>)
          return {};
        else
          return kernels::compute(context, kind);
      },
      context.function.kind);
}

}  // namespace

DataPath::DataPath(const Program& program, MachineState& state)
    : program_(program), state_(state), to_do_(program.group_names.size(), 0) {
  for (const Command& command : program.commands) ++to_do_[static_cast<std::size_t>(command.group)];
}

void DataPath::begin(CommandId id) {
  if (failure_) return;
  try {
    start(id);
  } catch (...) {
    failure_ = std::current_exception();
  }
}

void DataPath::finish(CommandId id) {
  if (failure_) return;
  try {
    commit(id);
    const int group = program_.commands[static_cast<std::size_t>(id)].group;
    if (--to_do_[static_cast<std::size_t>(group)] == 0 && state_.group_done)
      state_.group_done(group);
  } catch (...) {
    failure_ = std::current_exception();
  }
}

void DataPath::check_no_failure() const {
  if (failure_) std::rethrow_exception(failure_);
}

void DataPath::start(CommandId id) {
  const Command& command = program_.commands[static_cast<std::size_t>(id)];
  Pending& pending = pending_[id];
  if (const Load* load = std::get_if<Load>(&command.work))
    begin_transfer(load->transfer, command.core, false, pending);
  else if (const Store* store = std::get_if<Store>(&command.work))
    begin_transfer(store->transfer, command.core, true, pending);
  else if (!std::holds_alternative<Host>(command.work))
    begin_computation(id, pending);
}

void DataPath::commit(CommandId id) {
  const Command& command = program_.commands[static_cast<std::size_t>(id)];
  if (std::holds_alternative<Host>(command.work)) {
    const auto found = program_.host_functions.find(id);
    if (found != program_.host_functions.end()) found->second(state_);
    return;
  }
  const auto found = pending_.find(id);
  PRESIL_CHECK(found != pending_.end(), "command {} ends and has not begun", id);
  const Store* store = std::get_if<Store>(&command.work);
  ByteStore& to = store != nullptr
                      ? state_.memories[static_cast<std::size_t>(store->transfer.memory)]
                      : state_.srams[static_cast<std::size_t>(command.core)];
  for (const Run& run : found->second.runs)
    std::memcpy(to.at(run.address, run.bytes), found->second.bytes.data() + run.offset,
                static_cast<std::size_t>(run.bytes));
  pending_.erase(found);
}

void DataPath::begin_transfer(const Transfer& t, int core, bool store, Pending& pending) {
  ByteStore& sram = state_.srams[static_cast<std::size_t>(core)];
  const auto memory = static_cast<std::size_t>(t.memory);
  const bool expanded = t.stored_ratio != 1;
  ByteStore& far = expanded ? state_.expanded[memory] : state_.memories[memory];
  PRESIL_CHECK(!expanded || (t.expanded >= 0 && t.runs() == 1 && !store),
               "a compressed transfer has no expanded image");
  pending.bytes.resize(static_cast<std::size_t>(t.bytes()));
  std::int64_t offset = 0;
  for (std::int64_t i = 0; i < t.dims[0].count; ++i)
    for (std::int64_t j = 0; j < t.dims[1].count; ++j)
      for (std::int64_t k = 0; k < t.dims[2].count; ++k, offset += t.run_bytes) {
        const std::int64_t in_memory = (expanded ? t.expanded : t.memory_address) +
                                       i * t.dims[0].memory_stride + j * t.dims[1].memory_stride +
                                       k * t.dims[2].memory_stride;
        const std::int64_t in_sram = t.sram_address + i * t.dims[0].sram_stride +
                                     j * t.dims[1].sram_stride + k * t.dims[2].sram_stride;
        const std::byte* from =
            store ? sram.at(in_sram, t.run_bytes) : far.at(in_memory, t.run_bytes);
        std::memcpy(pending.bytes.data() + offset, from, static_cast<std::size_t>(t.run_bytes));
        pending.runs.push_back({store ? in_memory : in_sram, offset, t.run_bytes});
      }
}

void DataPath::put_results(const SramView& view, const kernels::Dense& results, Pending& pending) {
  const std::int64_t size = bytes_of(view.element);
  auto offset = static_cast<std::int64_t>(pending.bytes.size());
  pending.bytes.resize(pending.bytes.size() +
                       results.values.size() * static_cast<std::size_t>(size));
  kernels::for_each_piece(view, [&](std::int64_t r, std::int64_t col, std::int64_t k,
                                    std::int64_t address, std::int64_t count) {
    const std::int32_t* from = results.from(r, col, k);
    for (std::int64_t i = 0; i < count; ++i)
      kernels::write_bits(view.element, from[i], pending.bytes.data() + offset + i * size);
    pending.runs.push_back({address, offset, count * size});
    offset += count * size;
  });
}

void DataPath::begin_computation(CommandId id, Pending& pending) {
  const Command& command = program_.commands[static_cast<std::size_t>(id)];
  const std::int32_t number = program_.computation_of.at(static_cast<std::size_t>(id));
  PRESIL_CHECK(number >= 0, "command {} has no computation", id);
  const Computation& c = program_.computations[static_cast<std::size_t>(number)];
  const Regions regions = regions_of(command.work);
  check_declared(c.input, *regions.input, id, "input");
  check_declared(c.operand, *regions.operand, id, "operand");
  check_declared(c.weight_map, *regions.weights, id, "weight map");
  if (c.last) check_declared(c.output, *regions.output, id, "output");
  if (c.function < 0) return;
  PRESIL_CHECK(c.weight_map.box.rows > 0 || regions.weights->run_bytes == 0 ||
                   c.weights == regions.weights->address,
               "command {}: its weights are at {}, its region is at {}", id, c.weights,
               regions.weights->address);
  const Function& function = program_.functions[static_cast<std::size_t>(c.function)];
  std::int64_t end = 1;
  for (const Region* region :
       {regions.input, regions.operand, regions.output, regions.weights, regions.constants})
    end = std::max(end, end_of(*region));
  const auto core = static_cast<std::size_t>(command.core);
  const std::byte* sram = state_.srams[core].at(0, end);
  const kernels::Context context{function, c, sram, state_, core};
  if (const auto* recurrent = std::get_if<RecurrentFunction>(&function.kind)) {
    for (const kernels::Line& line : kernels::compute_lines(context, *recurrent))
      put_results(line.view, {line.view.box, line.values}, pending);
    return;
  }
  kernels::Dense results = compute(context);
  if (!c.last) return;
  kernels::apply_steps(context, results);
  if (const auto* select = std::get_if<SelectFunction>(&function.kind))
    kernels::restore_kept(context, *select, results);
  put_results(c.output, results, pending);
}

}  // namespace presil
