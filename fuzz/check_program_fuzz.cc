// Any Program: check_program() refuses it with an InternalError, or it has no unordered conflict by
// a byte-by-byte count. (It is not run: AddressSanitizer loses its way on SystemC's stacks.)

#include <set>
#include <tuple>
#include <vector>

#include "core/error.h"
#include "fuzz/program_input.h"

namespace presil::fuzz {
namespace {

/// One memory and an SRAM of kSramBytes.
ChipSpec chip() {
  ChipSpec chip;
  chip.name = "fuzz";
  chip.clock_mhz = 1000;
  chip.mac_array.modes = {{.parallelism_factor = 4, .dot_length = 8}};
  chip.mac_array.accumulators_kib = 1;
  chip.mac_array.output_elements_per_cycle = 4;
  chip.vector_unit.lanes = 8;
  chip.sram = {.kib = kSramBytes / 1024.0, .banks = 2, .bank_bytes_per_cycle = 4};
  chip.memories = {{.name = "dram", .bytes_per_cycle = 8, .latency_cycles = 10}};
  chip.dma = {.channels = 2, .burst_bytes = 16, .outstanding = 2};
  return chip;
}

/// Bytes of a place (0: SRAM, 1: memory) that a command touches, and whether it writes them.
using Touched = std::set<std::tuple<int, std::int64_t, bool>>;

void touch(Touched& touched, const Region& region, bool write) {
  for (std::int64_t run = 0; run < region.runs; ++run)
    for (std::int64_t b = 0; b < region.run_bytes; ++b)
      touched.emplace(0, region.address + run * region.stride + b, write);
}

void touch(Touched& touched, const Transfer& t, bool store) {
  const bool weights = !store && t.traffic == Traffic::kWeights;
  for (std::int64_t i = 0; i < t.dims[0].count; ++i)
    for (std::int64_t j = 0; j < t.dims[1].count; ++j)
      for (std::int64_t k = 0; k < t.dims[2].count; ++k) {
        const auto at = [&](auto stride) {
          return i * stride(t.dims[0]) + j * stride(t.dims[1]) + k * stride(t.dims[2]);
        };
        const auto sram = at([](const TransferDim& d) { return d.sram_stride; });
        const auto memory = at([](const TransferDim& d) { return d.memory_stride; });
        for (std::int64_t b = 0; b < t.run_bytes; ++b)
          touched.emplace(0, t.sram_address + sram + b, !store);
        for (std::int64_t b = 0; b < t.stored_run_bytes() && !weights; ++b)
          touched.emplace(1, t.memory_address + memory + b, store);
      }
}

Touched touched_by(const Command& command) {
  Touched touched;
  if (const auto* load = std::get_if<Load>(&command.work)) touch(touched, load->transfer, false);
  if (const auto* store = std::get_if<Store>(&command.work)) touch(touched, store->transfer, true);
  if (const auto* matrix = std::get_if<Matrix>(&command.work)) {
    for (const Region* read :
         {&matrix->input, &matrix->weights, &matrix->operand, &matrix->constants})
      touch(touched, *read, false);
    touch(touched, matrix->output, true);
  }
  if (const auto* vector = std::get_if<Vector>(&command.work)) {
    for (const Region* read : {&vector->input, &vector->operand, &vector->constants})
      touch(touched, *read, false);
    touch(touched, vector->output, true);
  }
  return touched;
}

bool conflict(const Touched& a, const Touched& b) {
  for (const auto& [place, byte, write] : a)
    if (b.contains({place, byte, true}) || (write && b.contains({place, byte, false}))) return true;
  return false;
}

/// Every conflict is ordered by a chain of dependencies.
void check_order(const Program& program) {
  const std::size_t count = program.commands.size();
  std::vector<std::set<CommandId>> before(count);
  std::vector<Touched> touched;
  for (std::size_t id = 0; id < count; ++id) {
    const Command& command = program.commands[id];
    for (const CommandId d : command.dependencies) {
      before[id].insert(d);
      before[id].insert(before[static_cast<std::size_t>(d)].begin(),
                        before[static_cast<std::size_t>(d)].end());
    }
    touched.push_back(touched_by(command));
    for (std::size_t other = 0; other < id; ++other)
      PRESIL_CHECK(before[id].contains(static_cast<CommandId>(other)) ||
                       !conflict(touched[id], touched[other]),
                   "commands {} and {} conflict without an order", other, id);
  }
}

int run(const std::uint8_t* data, std::size_t size) {
  const Program program = ProgramInput(data, size).program();
  try {
    check_program(program, chip());
  } catch (const InternalError&) {
    return 0;
  }
  check_order(program);
  return 0;
}

}  // namespace
}  // namespace presil::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return presil::fuzz::run(data, size);
}
