#include "profiler/cpu_baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/yaml_reader.h"

namespace presil {

namespace {

using Rates = std::map<std::string, double, std::less<>>;

constexpr Range kPositive{.min = 0, .max = 1e12, .above = true};
constexpr Range kNotNegative{.min = 0, .max = 1e12};

Rates rates_of(YamlMap& map, const std::string& key, Range range) {
  Rates rates;
  for (const auto& [precision, rate] : map.map(key).numbers(range)) {
    if (!precision_from_name(precision))
      map.fail(key,
               fmt::format("'{}' is no precision; known: int4, int8, int16, int32, fp16, bf16, "
                           "fp32",
                           precision));
    rates[precision] = rate;
  }
  if (rates.empty()) map.fail(key, "names no precision");
  return rates;
}

void check_same(const YamlMap& map, const std::string& key, const Rates& rates,
                const Rates& wanted) {
  for (const auto& [precision, rate] : wanted)
    if (rates.count(precision) == 0)
      map.fail(key, fmt::format("has no {}, which macs_per_cycle has", precision));
}

/// The narrowest precision of the CPU that holds `precision`; "" for none.
std::string runs_in(const CpuSpec& cpu, const std::string& precision) {
  if (cpu.macs_per_cycle.count(precision) > 0) return precision;
  static constexpr std::array kWider{"int4", "int8", "int16", "int32", "fp32"};
  const auto* from = std::find(kWider.begin(), kWider.end(), precision);
  if (from == kWider.end()) from = kWider.end() - 1;  // fp16, bf16
  for (; from != kWider.end(); ++from)
    if (cpu.macs_per_cycle.count(*from) > 0) return *from;
  return "";
}

class Costing {
 public:
  Costing(const CpuSpec& cpu, const CpuWork& work) : cpu_(cpu), work_(work) {}

  CpuCost cost() const {
    CpuCost sum{.latency_us = cpu_.per_inference_us};
    for (std::size_t o = 0; o < work_.graph.ops().size(); ++o) add(static_cast<OpId>(o), sum);
    // mW x us = nJ.
    sum.energy_pj += cpu_.power_mw * sum.latency_us * 1000 + sum.memory_bytes * cpu_.memory_byte_pj;
    return sum;
  }

 private:
  void add(OpId id, CpuCost& sum) const {
    const Op& op = work_.graph.op(id);
    if (is_free(op)) return;
    const auto batch = static_cast<double>(work_.batch);
    double weights = 0, activations = 0, elements = 0;  // bytes, bytes, elements
    for (const TensorId input : op.inputs) {
      if (input == kNoTensor) continue;
      const TensorDesc& tensor = work_.graph.tensor(input);
      (tensor.constant ? weights : activations) += bytes_of(input);
      if (!tensor.constant)
        elements = std::max(elements, static_cast<double>(element_count(tensor.shape)));
    }
    for (const TensorId output : op.outputs) {
      activations += bytes_of(output);
      elements =
          std::max(elements, static_cast<double>(element_count(work_.graph.tensor(output).shape)));
    }
    if (activations <= cpu_.cache_kib * 1024) activations = 0;
    const double bytes = weights + batch * activations;
    const double us = std::max(bytes / (cpu_.memory_gb_per_s * 1000),
                               batch * compute_us(id, op, elements, sum.energy_pj));
    sum.latency_us += us;
    sum.memory_bytes += bytes;
  }

  /// Of one image; adds the energy of all images' multiply-accumulates.
  double compute_us(OpId id, const Op& op, double elements, double& energy_pj) const {
    const auto macs = static_cast<double>(macs_of(work_.graph, op).value);
    if (macs == 0) return elements / (cpu_.elements_per_cycle * cpu_.clock_mhz);
    const std::string asked = work_.precision_of(id), precision = runs_in(cpu_, asked);
    if (precision.empty())
      throw Error("CPU {}: has no rate for {}, in which '{}' runs; add it to macs_per_cycle of {}",
                  cpu_.name, asked, op.name, cpu_.source);
    energy_pj += macs * static_cast<double>(work_.batch) * cpu_.mac_pj.find(precision)->second;
    const Rates& rates =
        op.kind == OpKind::kDepthwiseConv ? cpu_.depthwise_macs_per_cycle : cpu_.macs_per_cycle;
    return macs / (rates.find(precision)->second * cpu_.clock_mhz);
  }

  bool is_free(const Op& op) const {
    const bool clamps =
        op.kind == OpKind::kRelu || op.kind == OpKind::kRelu6 || op.kind == OpKind::kClip;
    return op_info(op.kind).op_class == OpClass::kFree ||
           (clamps && work_.graph.producer(op.inputs.front()).has_value());
  }

  double bytes_of(TensorId id) const {
    return static_cast<double>(element_count(work_.graph.tensor(id).shape)) * work_.bits_of(id) / 8;
  }

  const CpuSpec& cpu_;
  const CpuWork& work_;
};

}  // namespace

CpuSpec load_cpu(const std::filesystem::path& file) {
  YamlMap map(file.string(), "", load_yaml_file(file));
  CpuSpec cpu{.name = map.text("name"),
              .description = map.text("description", ""),
              .source = file.filename().string(),
              .clock_mhz = map.number("clock_mhz", kPositive)};
  cpu.macs_per_cycle = rates_of(map, "macs_per_cycle", kPositive);
  cpu.depthwise_macs_per_cycle = rates_of(map, "depthwise_macs_per_cycle", kPositive);
  check_same(map, "depthwise_macs_per_cycle", cpu.depthwise_macs_per_cycle, cpu.macs_per_cycle);
  cpu.elements_per_cycle = map.number("elements_per_cycle", kPositive);
  cpu.memory_gb_per_s = map.number("memory_gb_per_s", kPositive);
  cpu.cache_kib = map.number("cache_kib", kNotNegative);
  cpu.per_inference_us = map.number("per_inference_us", kNotNegative, 0);
  cpu.power_mw = map.number("power_mw", kNotNegative);
  YamlMap energy = map.map("energy_pj");
  cpu.memory_byte_pj = energy.number("memory_byte", kNotNegative);
  cpu.mac_pj = rates_of(energy, "mac", kNotNegative);
  check_same(energy, "mac", cpu.mac_pj, cpu.macs_per_cycle);
  energy.finish();
  map.finish();
  const bool costs_macs = std::all_of(cpu.mac_pj.begin(), cpu.mac_pj.end(),
                                      [](const auto& mac) { return mac.second > 0; });
  if (cpu.power_mw == 0 && !costs_macs)
    map.fail("power_mw",
             "and energy_pj.mac are 0: a CPU that takes no energy is nothing to compare "
             "with; give one of them");
  return cpu;
}

CpuCost cpu_cost(const CpuSpec& cpu, const CpuWork& work) { return Costing(cpu, work).cost(); }

CpuCost cpu_cost(const CpuSpec& cpu, const Report& report) {
  const PrecisionPlan& plan = report.run.compiled.precision;
  return cpu_cost(cpu, {.graph = report.graph,
                        .precision_of =
                            [&](OpId op) {
                              const int mode = plan.mode[static_cast<std::size_t>(op)];
                              // An operator on the host runs in no mode of the chip.
                              if (mode < 0) return std::string("fp32");
                              const PrecisionMode& pair =
                                  report.chip.mac_array.modes[static_cast<std::size_t>(mode)];
                              const Precision wider =
                                  bits_of(pair.weights) > bits_of(pair.activations)
                                      ? pair.weights
                                      : pair.activations;
                              return std::string(name_of(wider));
                            },
                        .bits_of = [&](TensorId tensor) { return plan.bits(tensor); },
                        .batch = report.options.compile.batch});
}

Json cpu_baseline_json(const Report& report) {
  if (report.cpu == nullptr) return nullptr;
  const CpuCost cost = cpu_cost(*report.cpu, report);
  return {{"name", report.cpu->name},
          {"latency_us", cost.latency_us},
          {"energy_pj", cost.energy_pj},
          {"source", fmt::format("{} ({})", report.cpu->description, report.cpu->source)}};
}

}  // namespace presil
