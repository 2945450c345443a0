#include "profiler/report_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "profiler/attribution.h"
#include "profiler/quantity_text.h"
#include "profiler/text_table.h"

namespace presil {

namespace {

constexpr std::size_t kKindsWidth = 23;  ///< "Conv+DepthwiseConv+Conv"

double share_of(const RunResult& run, Cycles cycles) {
  return run.latency.value == 0
             ? 0
             : static_cast<double>(cycles.value) / static_cast<double>(run.latency.value);
}

/// "96x112x112": without the batch of one image that nearly every shape has.
std::string short_shape(const Shape& shape) {
  const bool drop = shape.size() > 1 && shape[0] == 1;
  return shape.empty() ? "scalar"
                       : fmt::format("{}", fmt::join(shape.begin() + drop, shape.end(), "x"));
}

std::string shapes_of(const Report& report, std::size_t g) {
  const auto& groups = report.run.compiled.network.groups;
  if (g >= groups.size()) return "";
  const std::string in = short_shape(report.graph.tensor(groups[g].stages.front().input).shape);
  const std::string out = short_shape(report.graph.tensor(groups[g].stages.back().output).shape);
  return in == out ? in : in + " > " + out;
}

std::string kinds_of(const Report& report, std::size_t g) {
  const std::string& all = report.run.groups[g].kind;
  return all.size() <= kKindsWidth ? all : main_kinds(report, g);
}

/// Exporters of TFLite join the names of what they fused with ';'.
std::string first_name(const std::string& name) { return name.substr(0, name.find(';')); }

std::vector<std::string> row_of(const Report& report, std::size_t g, const std::string& name) {
  const GroupResult& group = report.run.groups[g];
  const bool multiplies = group.macs.value > 0;
  return {fmt::format("{}", g + 1),
          name,
          kinds_of(report, g),
          shapes_of(report, g),
          multiplies ? count_text(group.macs.value) : "-",
          with_thousands(group.latency.value),
          fmt::format("{:.1f}%", 100 * share_of(report.run, group.latency)),
          multiplies ? fmt::format("{:.1f}%", 100 * group.utilisation) : "-",
          bytes_text((group.memory_read + group.memory_written).value),
          std::string(name_of(group.bound))};
}

/// Groups to show, in the order to show them.
std::vector<std::size_t> shown_groups(const RunResult& run, const TableOptions& options) {
  std::vector<std::size_t> order(run.groups.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (!options.top) return order;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return run.groups[a].latency > run.groups[b].latency;
  });
  order.resize(std::min(order.size(), *options.top));
  return order;
}

std::string groups_table(const Report& report, const TableOptions& options) {
  TextTable table({{.title = "#", .right = true},
                   {.title = "group", .flexible = true},
                   {.title = "operators", .flexible = true},
                   {.title = "shape", .flexible = true},
                   {.title = "MACs", .right = true},
                   {.title = "cycles", .right = true},
                   {.title = "share", .right = true},
                   {.title = "util", .right = true},
                   {.title = "memory", .right = true},
                   {.title = "bound by"}});
  const std::vector<std::size_t> shown = shown_groups(report.run, options);
  const std::vector<std::string> names = short_names(report.run);
  Cycles rest = report.run.latency;
  for (const std::size_t g : shown) {
    table.add(row_of(report, g, names[g]));
    rest -= report.run.groups[g].latency;
  }
  std::string text = table.text();
  if (shown.size() < report.run.groups.size())
    text += fmt::format("... and {} more groups with {} of the latency\n",
                        report.run.groups.size() - shown.size(),
                        percent_text(share_of(report.run, rest)));
  return text + wrapped(table_legend(), 0) + "\n";
}

/// The totals, line by line: a label and what is said about it.
class Totals {
 public:
  explicit Totals(const Report& report) : report_(report), run_(report.run) {}

  std::string text() && {
    latency();
    if (run_.inferences > 1) all_inferences();
    array();
    array_time();
    bounds();
    memory();
    energy();
    network();
    host();
    what_if();
    return std::move(text_);
  }

 private:
  void line(std::string_view label, const std::string& what) {
    text_ += wrapped(fmt::format("{:<12} {}", label, what), 13) + "\n";
  }

  void latency() {
    const std::string rate =
        fmt::format("{} inferences/s", three_digits(run_.inferences_per_second()));
    line("latency",
         fmt::format("{} cycles = {} at {} MHz{}; {}", with_thousands(run_.latency.value),
                     time_text(run_.microseconds(run_.latency)), clock(),
                     run_.batch > 1 ? fmt::format(" for a batch of {}", run_.batch) : "", rate));
    std::vector<std::string> parts;
    const std::vector<Cycles> by_bound = cycles_by_bound(run_);
    std::vector<std::size_t> order(by_bound.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return by_bound[a] > by_bound[b]; });
    for (const std::size_t b : order)
      if (by_bound[b].value > 0)
        parts.push_back(fmt::format("{} {}", name_of(static_cast<Bound>(b)),
                                    percent_text(share_of(run_, by_bound[b]))));
    line("bound by", fmt::format("{}", fmt::join(parts, ", ")));
  }

  std::string clock() const { return with_thousands(std::llround(run_.clock_mhz)); }

  void all_inferences() {
    line("all",
         fmt::format(
             "{} inferences back to back: {} cycles = {}, {} each", run_.inferences,
             with_thousands(run_.total.value), time_text(run_.microseconds(run_.total)),
             time_text(run_.microseconds(run_.total) / static_cast<double>(run_.inferences))));
  }

  void array() {
    std::string what =
        fmt::format("{} utilised over the latency; {} TOPS effective of {} peak; {} MACs",
                    percent_text(run_.utilisation), three_digits(run_.effective_tops),
                    three_digits(peak_tops(report_.chip)), count_text(run_.macs.value));
    if (run_.macs_executed > run_.macs)
      what +=
          fmt::format(", {} executed (rows computed again)", count_text(run_.macs_executed.value));
    std::set<std::string> precisions;
    for (std::size_t g = 0; g < run_.groups.size(); ++g)
      if (const std::string precision = precision_of(report_, g); !precision.empty())
        precisions.insert(precision);
    if (!precisions.empty())
      what += fmt::format("; {} (weights x activations)", fmt::join(precisions, ", "));
    line("array", what);
  }

  /// Where the array's slots go: peak x these = achieved.
  void array_time() {
    const MacSlots slots = attribute(report_.chip, run_).slots;
    if (slots.done == 0) return;
    const auto share = [&](double part) { return percent_text(part / slots.peak); };
    std::vector<std::string> lanes;
    const auto lane = [&](double part, std::string_view name) {
      if (part >= 0.001 * slots.peak) lanes.push_back(fmt::format("{} {}", name, share(part)));
    };
    lane(slots.lanes.depthwise, "depthwise");
    lane(slots.lanes.channels, "channels");
    lane(slots.lanes.outputs, "outputs");
    lane(slots.lanes.positions, "positions");
    lane(slots.lanes.taps, "taps");
    line("slots", fmt::format("{} useful; lost to lanes without work {}{}, waiting for memory {}, "
                              "pipeline {}, idle {}, work done twice {}",
                              share(slots.done), share(slots.lanes.lost()),
                              lanes.empty() ? "" : fmt::format(" ({})", fmt::join(lanes, ", ")),
                              share(slots.memory()), share(slots.pipeline()), share(slots.idle()),
                              share(slots.recompute)));
  }

  void what_if() {
    for (const WhatIf& one : report_.what_if) {
      const bool first = &one == &report_.what_if.front();
      const std::string what = fmt::format("{}: {}", one.change, outcome(one));
      if (first)
        line("what if", what);
      else
        text_ += fmt::format("{:13}{}\n", "", what);
    }
  }

  std::string outcome(const WhatIf& one) const {
    if (!one.latency) return one.reason;
    const double change =
        static_cast<double>(one.latency->value) / static_cast<double>(run_.latency.value) - 1;
    return fmt::format("{} ({:+.1f} %), {} over the ports, bound by {}",
                       time_text(run_.microseconds(*one.latency)), 100 * change,
                       bytes_text(one.memory_bytes.value), name_of(one.bound));
  }

  void bounds() {
    const auto ratio = [](Cycles a, Cycles b) {
      return b.value == 0 ? 0 : static_cast<double>(a.value) / static_cast<double>(b.value);
    };
    line("bounds",
         fmt::format(
             "{:.2f}x the roofline ({}); between the lower bound {} ({:.2f}x) and the upper "
             "bound {} ({:.2f}x) of its schedule",
             ratio(run_.latency, run_.roofline), with_thousands(run_.roofline.value),
             with_thousands(run_.lower_bound.value), ratio(run_.timeline.total, run_.lower_bound),
             with_thousands(run_.upper_bound.value), ratio(run_.timeline.total, run_.upper_bound)));
  }

  void memory() {
    const auto sram = static_cast<std::int64_t>(report_.chip.sram.kib * 1024);
    line("SRAM", fmt::format("a group plans for at most {} of {}{}, {}", bytes_text(run_.peak_sram.value),
                             bytes_text(sram), report_.chip.cores > 1 ? " a core" : "",
                             percent_text(static_cast<double>(run_.peak_sram.value) /
                                          static_cast<double>(std::max<std::int64_t>(sram, 1)))));
    for (std::size_t m = 0; m < run_.timeline.memories.size(); ++m) {
      const MemoryTraffic& traffic = run_.timeline.memories[m];
      const MemorySpec& memory = report_.chip.memories[m];
      const std::int64_t read = sum(traffic.read), written = sum(traffic.written);
      const double gb_per_s =
          static_cast<double>(read + written) / run_.microseconds(run_.total) * 1e-3;
      line("port " + memory.name,
           fmt::format("read {}{}, written {}{}; {} of {} GB/s on average", bytes_text(read),
                       reasons(traffic.read), bytes_text(written), reasons(traffic.written),
                       three_digits(gb_per_s),
                       three_digits(memory.bytes_per_cycle * run_.clock_mhz / 1000)));
    }
  }

  static std::int64_t sum(const std::array<std::int64_t, kTrafficCount>& bytes) {
    return std::accumulate(bytes.begin(), bytes.end(), std::int64_t{0});
  }

  /// " (weights 3.34 MiB, input 147 KiB)".
  static std::string reasons(const std::array<std::int64_t, kTrafficCount>& bytes) {
    std::vector<std::string> parts;
    for (int t = 0; t < kTrafficCount; ++t)
      if (const std::int64_t n = bytes[static_cast<std::size_t>(t)]; n > 0)
        parts.push_back(fmt::format("{} {}", name_of(static_cast<Traffic>(t)), bytes_text(n)));
    return parts.empty() ? "" : fmt::format(" ({})", fmt::join(parts, ", "));
  }

  void energy() {
    const EnergyParts& parts = run_.energy.total;
    const double total = parts.total().value;
    std::vector<std::string> texts;
    const auto add = [&](std::string_view name, Picojoules energy) {
      if (energy.value > 0)
        texts.push_back(fmt::format("{} {} ({:.0f} %)", name, energy_text(energy.value),
                                    100 * energy.value / total));
    };
    add("MACs", parts.mac);
    add("SRAM", parts.sram);
    for (std::size_t m = 0; m < parts.memories.size(); ++m)
      add(report_.chip.memories[m].name, parts.memories[m]);
    add("vector unit", parts.vector);
    add("control", parts.control);
    add("idle", parts.idle);
    if (texts.empty())
      line("energy", "not known: energy_pj of the chip file is zero");
    else
      line("energy", fmt::format("{}{}, {} on average: {}", energy_text(total),
                                 run_.inferences > 1 ? " for all inferences" : "",
                                 power_text(average_milliwatts(run_)), fmt::join(texts, ", ")));
  }

  void network() {
    line("network",
         fmt::format(
             "{} operators in {} groups; parameters {} as the model stores them, {} as run; "
             "at most {} of activations alive at once, as the model stores them",
             report_.graph.ops().size(), run_.compiled.network.groups.size(),
             bytes_text(run_.parameters.value), bytes_text(parameter_bytes_as_run(report_).value),
             bytes_text(run_.peak_activation.value)));
  }

  void host() {
    const std::vector<HostOp> ops = host_ops(report_);
    if (run_.link.value > 0)
      line("host link",
           fmt::format("{} cycles an inference, {} of the latency", with_thousands(run_.link.value),
                       percent_text(share_of(run_, run_.link))));
    if (ops.empty()) {
      line("host ops", "none: everything runs on the chip");
      return;
    }
    line("host ops",
         fmt::format("{} with {} of the latency:", ops.size(), percent_text(run_.host_share)));
    for (const HostOp& op : ops)
      text_ += fmt::format("{:13}{} ({}): {} cycles, {}\n", "", shortened(first_name(op.name), 50),
                           shortened(op.type, 24), with_thousands(op.latency.value),
                           percent_text(share_of(run_, op.latency)));
  }

  const Report& report_;
  const RunResult& run_;
  std::string text_;
};

std::string heading(const Report& report) {
  const CompileOptions& compile = report.options.compile;
  std::string text = fmt::format("{} on {}", report.model, report.run.chip);
  if (!report.overrides.empty()) {
    std::vector<std::string> changes;
    for (const auto& [key, value] : report.overrides)
      changes.push_back(fmt::format("{}={}", key, value));
    text += fmt::format(" with {}", fmt::join(changes, ", "));
  }
  text += compile.steady ? ": steady state (weights that fit are on chip already)"
                         : ": first inference (every weight comes from memory)";
  if (compile.batch > 1) text += fmt::format(", batch {}", compile.batch);
  if (report.options.simulate.ideal_memory) text += ", ABLATION ideal memory";
  if (report.options.simulate.no_contention) text += ", ABLATION no contention";
  return text;
}

}  // namespace

std::string report_table(const Report& report, const TableOptions& options) {
  return wrapped(heading(report), 2) + "\n\n" + groups_table(report, options) + "\n" +
         report_totals(report);
}

std::string report_totals(const Report& report) { return Totals(report).text(); }

std::string table_legend() {
  return "shape: input > output, without a batch of 1; util: useful MACs over the array's peak "
         "while it works on the group; memory: bytes over the ports of the memories outside SRAM; "
         "bound by: what most of the critical path goes through.";
}

}  // namespace presil
