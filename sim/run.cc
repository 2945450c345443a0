#include "sim/run.h"

#include <algorithm>

#include "core/error.h"

namespace presil {

namespace {

std::int64_t peak_macs_per_cycle(const ChipSpec& chip, int mode) {
  const PrecisionMode& m = chip.mac_array.modes[static_cast<std::size_t>(mode)];
  return static_cast<std::int64_t>(static_cast<double>(m.parallelism_factor * m.dot_length *
                                                       chip.mac_array.pixels * chip.cores) *
                                   m.steps_per_cycle);
}

std::int64_t stored_bytes(const Transfer& t) {
  return static_cast<std::int64_t>(
      std::ceil(static_cast<double>(t.run_bytes) * t.stored_ratio)) *
      t.dims[0].count * t.dims[1].count * t.dims[2].count;
}

class Summary {
 public:
  Summary(const Graph& graph, const ChipSpec& chip, RunResult& result)
      : graph_(graph), chip_(chip), r_(result) {}

  void fill() {
    groups();
    commands();
    windows();
  }

 private:
  void groups() {
    for (std::size_t g = 0; g < r_.compiled.network.groups.size(); ++g) {
      const FusionGroup& group = r_.compiled.network.groups[g];
      GroupResult result{.name = group.name};
      for (const OpId op : group.ops()) {
        result.ops.push_back(graph_.op(op).name);
        if (!result.kind.empty()) result.kind += "+";
        result.kind += op_info(graph_.op(op).kind).name;
      }
      const Stage& first = group.stages.front();
      const Stage& last = group.stages.back();
      result.shape = to_string(graph_.tensor(first.input).shape) + " -> " +
                     to_string(graph_.tensor(last.output).shape);
      result.macs = Macs(group.macs());
      result.on_host = first.kind == StageKind::kHost;
      result.sram_in_use = Bytes(r_.compiled.plan.sram_in_use[g]);
      r_.groups.push_back(std::move(result));
      r_.macs += Macs(group.macs());
    }
  }

  void commands() {
    const std::size_t count = r_.groups.size();
    for (const Command& command : r_.compiled.program.commands) {
      const auto g = static_cast<std::size_t>(command.group);
      GroupResult* group = g < count ? &r_.groups[g] : nullptr;  // the first inference
      if (const Matrix* m = std::get_if<Matrix>(&command.work)) {
        if (group == nullptr) continue;
        group->macs_executed += m->useful_macs();
        r_.macs_executed += m->useful_macs();
      } else if (const Load* load = std::get_if<Load>(&command.work)) {
        const Bytes bytes(stored_bytes(load->transfer));
        r_.memory_read += bytes;
        if (group != nullptr) group->memory_read += bytes;
      } else if (const Store* store = std::get_if<Store>(&command.work)) {
        const Bytes bytes(stored_bytes(store->transfer));
        r_.memory_written += bytes;
        if (group != nullptr) group->memory_written += bytes;
      }
    }
  }

  void windows() {
    std::vector<std::int64_t> done(r_.groups.size(), 0);
    for (const Span& span : r_.timeline.spans) {
      const auto g = static_cast<std::size_t>(
          r_.compiled.program.commands[static_cast<std::size_t>(span.command)].group);
      if (g < done.size()) done[g] = std::max(done[g], span.done.value);
    }
    std::int64_t before = 0;
    for (std::size_t g = 0; g < done.size(); ++g) {
      done[g] = std::max(done[g], before);
      r_.groups[g].latency = Cycles(done[g] - before);
      before = done[g];
    }
    if (r_.inferences == 1 && !done.empty()) {
      r_.groups.back().latency += r_.timeline.total - Cycles(before);
      before = r_.timeline.total.value;
    }
    r_.latency = Cycles(before);
    r_.total = r_.timeline.total;
    for (std::size_t g = 0; g < done.size(); ++g) {
      const auto peak = static_cast<double>(peak_macs_per_cycle(chip_, mode_of(g)));
      const auto cycles = static_cast<double>(r_.groups[g].latency.value);
      if (cycles > 0)
        r_.groups[g].utilisation = static_cast<double>(r_.groups[g].macs.value) / (cycles * peak);
    }
    const auto peak = static_cast<double>(peak_macs_per_cycle(chip_, 0));
    if (r_.latency.value > 0)
      r_.utilisation = static_cast<double>(r_.macs.value) /
                       (static_cast<double>(r_.latency.value) * peak);
  }

  int mode_of(std::size_t g) const {
    for (const Stage& stage : r_.compiled.network.groups[g].stages)
      if (stage.kind == StageKind::kMac) return stage.mode;
    return 0;
  }

  const Graph& graph_;
  const ChipSpec& chip_;
  RunResult& r_;
};

}  // namespace

RunResult run(const Graph& graph, const ChipSpec& chip, const RunOptions& options) {
  RunResult result{.model = graph.name(), .chip = chip.name, .graph_hash = graph.hash(),
                   .chip_hash = chip.hash()};
  result.clock_mhz = chip.clock_mhz;
  result.inferences = options.compile.inferences;
  result.batch = options.compile.batch;
  result.compiled = compile(graph, chip, options.compile);
  result.timeline = simulate(chip, result.compiled.program, options.simulate);
  result.parameters = parameter_bytes(graph);
  result.peak_sram = Bytes(result.compiled.plan.peak_sram_bytes);
  Summary(graph, chip, result).fill();
  return result;
}

}  // namespace presil
