#include "hw/chip_spec.h"

#include <fmt/format.h>

#include <cmath>

#include "core/error.h"

namespace presil {

namespace {

/// Every parameter that can change a result, in a fixed order.
std::string canonical_text(const ChipSpec& c) {
  std::string text = fmt::format("{} {} ", c.clock_mhz, c.cores);
  const MacArraySpec& a = c.mac_array;
  text +=
      fmt::format("{} {} {} ", static_cast<int>(a.style), static_cast<int>(a.dataflow), a.pixels);
  for (const PrecisionMode& m : a.modes)
    text += fmt::format("{} {} {} {} {} {} ", name_of(m.weights), name_of(m.activations),
                        m.parallelism_factor, m.dot_length, m.steps_per_cycle,
                        m.weight_load_cycles_per_output);
  text += fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {} {} {} ",
                      static_cast<int>(a.dot_packing), a.part_kernel_channels, a.fuses_operands,
                      a.depthwise_channels, a.depthwise_taps, a.shadow_weights, a.stripe_min,
                      a.stripe_length, a.stripe_last_max, a.accumulators_kib, a.accumulator_bits,
                      a.sums_leave_together, static_cast<int>(a.start_after),
                      a.output_elements_per_cycle, a.output_latency_cycles);
  const VectorUnitSpec& v = c.vector_unit;
  text += fmt::format("{} {} {} ", v.lanes, v.lanes_scale_with_width, v.startup_cycles);
  for (const auto& [key, cost] : v.cycles_per_element) text += fmt::format("{} {} ", key, cost);
  text +=
      fmt::format("{} {} {} {} {} {} {} ", c.sram.kib, c.sram.banks, c.sram.bank_bytes_per_cycle,
                  c.sram.interleave_bytes, static_cast<int>(c.sram.array_port),
                  c.sram.across_layers, c.sram.input_tiles);
  for (const MemorySpec& m : c.memories)
    text += fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} ", m.name,
                        static_cast<int>(m.kind), m.kib, m.bytes_per_cycle, m.latency_cycles,
                        m.write_latency_cycles, m.duplex, m.beat_bytes, m.request_every_cycles,
                        m.outstanding, m.banks, m.row_bytes, m.row_miss_cycles, m.turnaround_cycles,
                        m.refresh_interval_cycles, m.refresh_cycles);
  const PlacementSpec& p = c.placement;
  text += fmt::format("{} {} {} {} {} ", p.weights, p.activations, p.inputs, p.outputs, p.spill);
  const DmaSpec& d = c.dma;
  text += fmt::format("{} {} {} {} {} {} {} {} {} {} {} ", d.channels, d.setup_cycles,
                      d.burst_bytes, d.outstanding, d.feature_beat_cycles, d.paired_beat_cycles,
                      d.lone_beat_cycles, d.weight_beat_cycles, d.store_beat_cycles,
                      c.activation_atom_bytes, c.weight_compression);
  text += fmt::format("{} {} {} {} {} {} {} ", static_cast<int>(c.control.order),
                      c.control.issue_cycles, c.control.issue_latency_cycles,
                      c.control.layer_setup_cycles, c.control.completion_cycles,
                      c.control.layer_overlap, c.control.weights_ahead);
  text += fmt::format("{} {} {} {} ", c.packed_inputs, c.pixel_bursts, c.whole_atoms,
                      static_cast<int>(c.weight_coding));
  text += fmt::format("{} ", a.constant_bits);
  text += fmt::format("{} {} {} {} ", c.host.link_gb_per_s, c.host.per_inference_us, c.host.gops,
                      c.host.per_op_us);
  for (const auto& [key, energy] : c.energy.mac) text += fmt::format("{} {} ", key, energy);
  for (const auto& [key, energy] : c.energy.memory_byte) text += fmt::format("{} {} ", key, energy);
  text += fmt::format("{} {} {} {}", c.energy.sram_byte, c.energy.vector_op,
                      c.energy.control_command, c.energy.idle_mw);
  return text;
}

}  // namespace

int ChipSpec::memory_index(std::string_view memory) const {
  for (std::size_t i = 0; i < memories.size(); ++i)
    if (memories[i].name == memory) return static_cast<int>(i);
  PRESIL_CHECK(false, "chip {} has no memory '{}'", name, memory);
  return -1;
}

std::int64_t ChipSpec::sram_bytes() const { return std::llround(sram.kib * 1024); }

std::string ChipSpec::hash() const {
  std::uint64_t hash = 14695981039346656037ull;  // FNV-1a, 64 bits
  for (const char c : canonical_text(*this)) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ull;
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace presil
