#include "sim/run.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "hw/group_windows.h"
#include "hw/program_bounds.h"
#include "sim/bounds.h"
#include "sim/memory_image.h"

namespace presil {

namespace {

/// Fills in what the commands and the timeline say.
class Summary {
 public:
  Summary(const Graph& graph, const ChipSpec& chip, RunResult& result)
      : graph_(graph), chip_(chip), r_(result), mac_busy_(result.compiled.network.groups.size()) {}

  void fill() {
    describe_groups();
    count_commands();
    const std::vector<GroupWindow> windows = group_windows(r_.compiled.program, r_.timeline);
    share_latency(windows);
    rate();
    find_bounds(windows);
    spend_energy();
  }

 private:
  void describe_groups() {
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

  /// The group of a command of the first inference, else nullptr.
  GroupResult* group_of(const Command& command) {
    const auto g = static_cast<std::size_t>(command.group);
    return g < r_.groups.size() ? &r_.groups[g] : nullptr;
  }

  void count_commands() {
    for (std::size_t id = 0; id < r_.compiled.program.commands.size(); ++id) {
      const Command& command = r_.compiled.program.commands[id];
      GroupResult* group = group_of(command);
      if (group != nullptr) ++group->commands;
      if (const Matrix* m = std::get_if<Matrix>(&command.work)) {
        if (group == nullptr) continue;
        group->macs_executed += m->useful_macs();
        r_.macs_executed += m->useful_macs();
        const Span& span = r_.timeline.spans[id];
        mac_busy_[static_cast<std::size_t>(command.group)] += (span.end - span.start).value;
      } else if (const Load* load = std::get_if<Load>(&command.work)) {
        const Bytes bytes(load->transfer.stored_bytes());
        r_.memory_read += bytes;
        if (group != nullptr) group->memory_read += bytes;
      } else if (const Store* store = std::get_if<Store>(&command.work)) {
        const Bytes bytes(store->transfer.stored_bytes());
        r_.memory_written += bytes;
        if (group != nullptr) group->memory_written += bytes;
      }
    }
  }

  void share_latency(const std::vector<GroupWindow>& windows) {
    const Cycles completion(chip_.control.completion_cycles);
    for (std::size_t g = 0; g < r_.groups.size(); ++g) {
      r_.groups[g].latency = Cycles(windows[g].end - windows[g].begin);
      r_.latency += r_.groups[g].latency;
    }
    // The last group of the run already ends with the completion cycles.
    if (r_.inferences > 1 && !r_.groups.empty()) {
      r_.groups.back().latency += completion;
      r_.latency += completion;
    }
    r_.total = r_.timeline.total;
  }

  void rate() {
    for (std::size_t g = 0; g < r_.groups.size(); ++g) {
      const double cycles = static_cast<double>(mac_busy_[g]) / static_cast<double>(chip_.cores);
      if (mac_busy_[g] > 0)
        r_.groups[g].utilisation =
            static_cast<double>(r_.groups[g].macs.value) / (cycles * peak_of(g));
      if (r_.groups[g].on_host) r_.host_share += static_cast<double>(r_.groups[g].latency.value);
    }
    if (r_.latency.value == 0) return;
    const auto latency = static_cast<double>(r_.latency.value);
    r_.host_share /= latency;
    r_.utilisation = static_cast<double>(r_.macs.value) / (latency * peak_macs_per_cycle(chip_, 0));
    r_.effective_tops = 2e-6 * static_cast<double>(r_.macs.value) / r_.microseconds(r_.latency);
  }

  double peak_of(std::size_t g) const {
    int mode = 0;
    for (const Stage& stage : r_.compiled.network.groups[g].stages)
      if (stage.kind == StageKind::kMac || stage.kind == StageKind::kRecurrent) mode = stage.mode;
    return peak_macs_per_cycle(chip_, mode);
  }

  /// What the critical path does most in each group's window.
  void find_bounds(const std::vector<GroupWindow>& windows) {
    r_.path = critical_path(chip_, r_.compiled.program, r_.timeline);
    std::array<std::int64_t, kBoundCount> run{};
    auto step = r_.path.begin();
    for (std::size_t g = 0; g < r_.groups.size(); ++g) {
      GroupResult& group = r_.groups[g];
      for (; step != r_.path.end() && step->begin < windows[g].end; ++step) {
        const std::int64_t from = std::max(step->begin, windows[g].begin);
        const std::int64_t to = std::min(step->end, windows[g].end);
        group.critical[index(bound_of(*step))] += to - from;
        if (step->end > windows[g].end) break;  // the next group has the rest
      }
      const auto most = std::max_element(group.critical.begin(), group.critical.end());
      group.bound =
          group.on_host ? Bound::kHost : static_cast<Bound>(most - group.critical.begin());
      for (std::size_t b = 0; b < kBoundCount; ++b) run[b] += group.critical[b];
    }
    if (r_.inferences > 1 && !r_.groups.empty())  // as in share_latency()
      r_.groups.back().critical[index(Bound::kControl)] += chip_.control.completion_cycles;
    r_.bound = static_cast<Bound>(std::max_element(run.begin(), run.end()) - run.begin());
  }

  void spend_energy() {
    r_.energy = energy_of(chip_, r_.compiled.program, r_.timeline);
    for (std::size_t g = 0; g < r_.groups.size(); ++g) r_.groups[g].energy = r_.energy.groups[g];
  }

  static std::size_t index(Bound bound) { return static_cast<std::size_t>(bound); }

  const Graph& graph_;
  const ChipSpec& chip_;
  RunResult& r_;
  std::vector<std::int64_t> mac_busy_;  ///< of each group, all cores
};

void add_link(RunResult& r) {
  if (r.link.value == 0) return;
  r.groups.push_back(
      {.name = "(host link)", .kind = "Link", .latency = r.link, .bound = Bound::kHost});
  r.groups.back().critical[static_cast<std::size_t>(Bound::kHost)] = r.link.value;
  r.latency += r.link;
  r.total += r.link * r.inferences;
}

void check_result(const RunResult& r, const SimulateOptions& ablation) {
  Cycles sum;
  for (const GroupResult& group : r.groups) {
    sum += group.latency;
    const std::int64_t critical =
        std::accumulate(group.critical.begin(), group.critical.end(), std::int64_t{0});
    PRESIL_CHECK(critical == group.latency.value, "{}: {} cycles of the critical path in {}",
                 group.name, critical, group.latency.value);
  }
  PRESIL_CHECK(sum == r.latency, "group latencies add up to {}, the run took {}", sum.value,
               r.latency.value);
  for (const EngineUse& use : r.timeline.engines)
    PRESIL_CHECK(use.sum() == r.timeline.total.value, "an engine's cycles add up to {} of {}",
                 use.sum(), r.timeline.total.value);
  PRESIL_CHECK(r.macs_executed >= r.macs, "{} MACs executed of {}", r.macs_executed.value,
               r.macs.value);
  if (ablation.ideal_memory || ablation.no_contention) return;
  PRESIL_CHECK(r.lower_bound <= r.timeline.total && r.timeline.total <= r.upper_bound,
               "{} cycles are outside the bounds {}..{}", r.timeline.total.value,
               r.lower_bound.value, r.upper_bound.value);
  PRESIL_CHECK(r.roofline <= r.latency, "{} cycles are below the roofline of {}", r.latency.value,
               r.roofline.value);
}

}  // namespace

Bound bound_of(const PathStep& step) {
  if (step.busy) {
    switch (step.engine) {
      case Engine::kMac:
        return Bound::kCompute;
      case Engine::kVector:
        return Bound::kVector;
      case Engine::kDma:
        return Bound::kMemory;
      case Engine::kHost:
        return Bound::kHost;
    }
  }
  switch (step.reason) {
    case Stall::kDma:
      return Bound::kMemory;
    case Stall::kBankConflict:
      return Bound::kBanks;
    case Stall::kFillDrain:
      return Bound::kFillDrain;
    case Stall::kWeightLoad:
      return Bound::kWeightLoad;
    case Stall::kOutputLimit:
      return Bound::kOutput;
    case Stall::kIssue:
    case Stall::kDependency:
    case Stall::kIdle:
      return Bound::kControl;
  }
  return Bound::kControl;
}

std::string_view name_of(Bound bound) {
  switch (bound) {
    case Bound::kCompute:
      return "compute";
    case Bound::kVector:
      return "vector";
    case Bound::kMemory:
      return "memory";
    case Bound::kWeightLoad:
      return "weight_load";
    case Bound::kFillDrain:
      return "fill_drain";
    case Bound::kOutput:
      return "output_limit";
    case Bound::kBanks:
      return "bank_conflict";
    case Bound::kControl:
      return "control";
    case Bound::kHost:
      return "host";
  }
  return "";
}

Cycles link_cycles(const ChipSpec& chip, const FusedNetwork& network) {
  double us = chip.host.per_inference_us;
  if (chip.host.link_gb_per_s > 0)
    for (const Storage& storage : network.storages)
      if (storage.is_input || storage.is_output)
        us += static_cast<double>(storage.map.elements() * storage.map.bits) / 8 /
              chip.host.link_gb_per_s * 1e-3;
  return Cycles(std::llround(std::ceil(us * chip.clock_mhz)));
}

double peak_macs_per_cycle(const ChipSpec& chip, int mode) {
  const PrecisionMode& m = chip.mac_array.modes[static_cast<std::size_t>(mode)];
  return static_cast<double>(m.parallelism_factor * m.dot_length * chip.mac_array.pixels *
                             chip.cores) *
         m.steps_per_cycle;
}

RunResult run(const Graph& graph, const ChipSpec& chip, const RunOptions& options) {
  RunResult r{.model = graph.name(),
              .chip = chip.name,
              .graph_hash = graph.hash(),
              .chip_hash = chip.hash()};
  r.clock_mhz = chip.clock_mhz;
  r.inferences = options.compile.inferences;
  r.batch = options.compile.batch;
  r.steady = options.compile.steady;
  CompileOptions compile_options = options.compile;
  compile_options.functional |= options.inputs != nullptr;
  r.compiled = compile(graph, chip, compile_options);
  if (options.inputs != nullptr) {
    MachineState state = initial_state(graph, chip, r.compiled, *options.inputs);
    if (options.on_result)
      state.group_done = [&](int g) {
        const auto& groups = r.compiled.network.groups;  // of every inference
        const FusionGroup& group = groups[static_cast<std::size_t>(g) % groups.size()];
        const TensorId made = group.stages.back().output;
        options.on_result(group, made, read_tensor(graph, r.compiled, state, made));
      };
    r.timeline = simulate(chip, r.compiled.program, options.simulate, &state);
    r.outputs = read_outputs(graph, r.compiled, state);
  } else {
    r.timeline = simulate(chip, r.compiled.program, options.simulate);
  }
  r.parameters = parameter_bytes(graph);
  r.peak_activation = peak_activation_bytes(graph);
  r.peak_sram = Bytes(r.compiled.plan.peak_sram_bytes);
  const ProgramBounds bounds = program_bounds(chip, r.compiled.program);
  r.lower_bound = bounds.lower;
  r.upper_bound = bounds.upper;
  r.roofline = roofline_bound(chip, graph, r.compiled);
  r.link = link_cycles(chip, r.compiled.network);
  Summary(graph, chip, r).fill();
  add_link(r);
  check_result(r, options.simulate);
  return r;
}

}  // namespace presil
