#include "profiler/advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "profiler/advice_array.h"
#include "profiler/advice_memory.h"
#include "profiler/quantity_text.h"

namespace presil {

namespace {

std::string cycles_text(std::int64_t cycles) { return with_thousands(cycles) + " cycles"; }

/// "of its 12,345 cycles, 10,000".
std::string of_its(const GroupResult& group, Bound bound) {
  const std::int64_t cycles = group.critical[static_cast<std::size_t>(bound)];
  return fmt::format("{} of its {}", with_thousands(cycles), cycles_text(group.latency.value));
}

void on_vector_unit(const AdviceInput& in, const GroupResult& group, Advice& advice) {
  advice.limit = fmt::format("The vector unit's {} lanes are at work for {}.",
                             in.chip.vector_unit.lanes, of_its(group, Bound::kVector));
  advice.change = fmt::format(
      "Twice the lanes save up to half of that; operators that the array's "
      "output stage can take over cost nothing of their own.");
  advice.gain = Cycles(group.critical[static_cast<std::size_t>(Bound::kVector)] / 2);
}

void on_weight_load(const AdviceInput& in, const GroupResult& group, Advice& advice) {
  advice.limit = fmt::format(
      "Loading weights into the array takes {}: each block is used for fewer "
      "cycles than it takes to load.",
      of_its(group, Bound::kWeightLoad));
  advice.change =
      in.chip.mac_array.shadow_weights
          ? "More output positions for each block of weights (a larger batch or image), "
            "or a faster weight load, would hide it."
          : "Shadow registers (mac_array.shadow_weights) would load the next block "
            "behind the running one.";
  advice.gain = Cycles(group.critical[static_cast<std::size_t>(Bound::kWeightLoad)]);
}

void on_fill_drain(const AdviceInput& in, const GroupResult& group, Advice& advice) {
  const bool systolic = in.chip.mac_array.style == ArrayStyle::kSystolic;
  advice.limit =
      fmt::format("Filling and draining the {} takes {}.", systolic ? "systolic array" : "pipeline",
                  of_its(group, Bound::kFillDrain));
  advice.change =
      "Fewer, longer passes: more output positions for each block of weights, or "
      "channels in whole blocks.";
  advice.gain = Cycles(group.critical[static_cast<std::size_t>(Bound::kFillDrain)]);
}

void on_output(const AdviceInput& in, const GroupResult& group, Advice& advice) {
  advice.limit = fmt::format(
      "Results leave the accumulators at {:g} elements a cycle: the array "
      "waits for them in {}.",
      in.chip.mac_array.output_elements_per_cycle, of_its(group, Bound::kOutput));
  advice.change = "A wider output stage, or more input channels for each output, would hide it.";
  advice.gain = Cycles(group.critical[static_cast<std::size_t>(Bound::kOutput)]);
}

void on_banks(const AdviceInput& in, const GroupResult& group, Advice& advice) {
  advice.limit = fmt::format(
      "Engines that share the {} SRAM banks of {:g} bytes a cycle slow each "
      "other down for {}.",
      in.chip.sram.banks, in.chip.sram.bank_bytes_per_cycle, of_its(group, Bound::kBanks));
  advice.change = "More banks, or wider ones.";
  advice.gain = Cycles(group.critical[static_cast<std::size_t>(Bound::kBanks)]);
}

void on_control(const AdviceInput& in, const GroupResult& group, Advice& advice) {
  advice.limit =
      fmt::format("The sequencer hands over {} commands at {} cycles each{}: {}.",
                  with_thousands(group.commands), in.chip.control.issue_cycles,
                  in.chip.control.layer_setup_cycles > 0
                      ? fmt::format(" after {} cycles of setup", in.chip.control.layer_setup_cycles)
                      : "",
                  of_its(group, Bound::kControl));
  advice.change = "The layer is too small for the chip: fusing it with a neighbour saves commands.";
  advice.gain = Cycles(group.critical[static_cast<std::size_t>(Bound::kControl)]);
}

void on_host(const AdviceInput& in, const GroupResult& group, Advice& advice) {
  advice.gain = group.latency;
  if (group.ops.empty()) {
    advice.limit = fmt::format("The call, and input and output over the host's link of {:g} GB/s.",
                               in.chip.host.link_gb_per_s);
    advice.change = "A faster link, a smaller input, or pre- and post-processing on the chip.";
    return;
  }
  advice.limit = "The operator runs on the host CPU.";
  advice.change = "An operator that the chip has would save it, and both crossings of the link.";
}

Advice advice_on(const AdviceInput& in, std::size_t g) {
  const GroupResult& group = in.run.groups[g];
  Advice advice{
      .group = g,
      .share = static_cast<double>(group.latency.value) / static_cast<double>(in.run.latency.value),
      .bound = group.bound};
  switch (group.bound) {
    case Bound::kCompute:
      advise_on_array(in, g, advice);
      break;
    case Bound::kMemory:
      advise_on_memory(in, g, advice);
      break;
    case Bound::kVector:
      on_vector_unit(in, group, advice);
      break;
    case Bound::kWeightLoad:
      on_weight_load(in, group, advice);
      break;
    case Bound::kFillDrain:
      on_fill_drain(in, group, advice);
      break;
    case Bound::kOutput:
      on_output(in, group, advice);
      break;
    case Bound::kBanks:
      on_banks(in, group, advice);
      break;
    case Bound::kControl:
      on_control(in, group, advice);
      break;
    case Bound::kHost:
      on_host(in, group, advice);
      break;
  }
  return advice;
}

}  // namespace

std::vector<Advice> advise(const AdviceInput& input, std::size_t most) {
  std::vector<std::size_t> order(input.run.groups.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return input.run.groups[a].latency > input.run.groups[b].latency;
  });
  std::vector<Advice> result;
  for (const std::size_t g : order) {
    if (result.size() == most || input.run.groups[g].latency.value == 0) break;
    result.push_back(advice_on(input, g));
  }
  return result;
}

}  // namespace presil
