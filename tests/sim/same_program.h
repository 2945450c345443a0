#pragma once
// Are two Programs the same, command for command?

#include "hw/program.h"

namespace presil::testing {

inline bool same(const Region& a, const Region& b) {
  return a.address == b.address && a.run_bytes == b.run_bytes && a.runs == b.runs &&
         a.stride == b.stride;
}

inline bool same(const Transfer& a, const Transfer& b) {
  for (std::size_t d = 0; d < a.dims.size(); ++d)
    if (a.dims[d].count != b.dims[d].count || a.dims[d].memory_stride != b.dims[d].memory_stride ||
        a.dims[d].sram_stride != b.dims[d].sram_stride)
      return false;
  return a.memory == b.memory && a.memory_address == b.memory_address &&
         a.sram_address == b.sram_address && a.run_bytes == b.run_bytes && a.traffic == b.traffic &&
         a.stored_ratio == b.stored_ratio && a.beat_cycles == b.beat_cycles;
}
inline bool same(const Load& a, const Load& b) { return same(a.transfer, b.transfer); }
inline bool same(const Store& a, const Store& b) { return same(a.transfer, b.transfer); }
inline bool same(const Matrix& a, const Matrix& b) {
  return a.op == b.op && a.mode == b.mode && a.outputs == b.outputs && a.positions == b.positions &&
         a.channels == b.channels && a.taps == b.taps && a.groups == b.groups &&
         same(a.input, b.input) && same(a.weights, b.weights) && same(a.output, b.output) &&
         same(a.operand, b.operand) && same(a.constants, b.constants) &&
         a.drained_per_position == b.drained_per_position &&
         a.epilogue_cycles_per_element == b.epilogue_cycles_per_element &&
         a.output_bits == b.output_bits;
}
inline bool same(const Vector& a, const Vector& b) {
  return a.elements == b.elements && a.element_bits == b.element_bits &&
         a.cycles_per_element == b.cycles_per_element && same(a.input, b.input) &&
         same(a.operand, b.operand) && same(a.output, b.output) && same(a.constants, b.constants);
}
inline bool same(const Host& a, const Host& b) { return a.duration == b.duration; }

inline bool same_program(const Program& a, const Program& b) {
  if (a.group_names != b.group_names || a.commands.size() != b.commands.size()) return false;
  for (std::size_t i = 0; i < a.commands.size(); ++i) {
    const Command& x = a.commands[i];
    const Command& y = b.commands[i];
    if (x.core != y.core || x.group != y.group || x.dependencies != y.dependencies ||
        x.work.index() != y.work.index())
      return false;
    const bool equal = std::visit(
        [&](const auto& work) {
          return same(work, std::get<std::decay_t<decltype(work)>>(y.work));
        },
        x.work);
    if (!equal) return false;
  }
  return true;
}

}  // namespace presil::testing
