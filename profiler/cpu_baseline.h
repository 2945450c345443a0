#pragma once
// The same network on a general-purpose CPU: what a neural engine is worth. A closed form over the
// operators, with the constants of chips/cpu/*.yaml; no simulation.
//
// Latency: the operators run one after the other, each for the longest of
// - its multiply-accumulates / (macs_per_cycle x clock), depthwise ones at their own rate, in the
//   wider operand's precision as it runs on the chip;
// - its elements / (elements_per_cycle x clock), the larger of input and output, for what is no
//   multiply-accumulate; a ReLU or clip behind a producer, and what only renames, is free;
// - its bytes / memory_gb_per_s: weights, and activations where those of the operator do not fit
//   cache_kib;
// and per_inference_us once. A batch repeats everything but the weights' bytes.
// Energy: power_mw x latency + multiply-accumulates x energy_pj.mac + bytes x
// energy_pj.memory_byte. A precision that the CPU lacks runs in the next wider that it has: int4,
// int8, int16, int32, fp32 for integers; fp16 and bf16 in fp32.

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "profiler/report_json.h"

namespace presil {

/// A CPU: chips/cpu/*.yaml. Rates are of all its cores together.
struct CpuSpec {
  std::string name, description;
  std::string source;  ///< the file it came from
  double clock_mhz = 0;
  std::map<std::string, double, std::less<>> macs_per_cycle, depthwise_macs_per_cycle;
  double elements_per_cycle = 0;
  double memory_gb_per_s = 0;
  double cache_kib = 0;
  double per_inference_us = 0;
  double power_mw = 0;  ///< that an inference adds, whatever it does
  double memory_byte_pj = 0;
  std::map<std::string, double, std::less<>> mac_pj;  ///< same precisions as macs_per_cycle
};

/// Throws Error: file, line, key, rule, value; and for a CPU that takes no energy at all.
CpuSpec load_cpu(const std::filesystem::path& file);

/// Of one inference of `options.compile.batch` images.
struct CpuCost {
  double latency_us = 0;
  double energy_pj = 0;
  double memory_bytes = 0;
};

/// Throws Error naming the operator whose precision the CPU cannot run.
CpuCost cpu_cost(const CpuSpec& cpu, const Report& report);
/// The same from what it needs. Precisions are names; `precision_of(op)` of an operator that
/// multiplies, `bits_of(tensor)` as stored.
struct CpuWork {
  const Graph& graph;
  std::function<std::string(OpId)> precision_of;
  std::function<int(TensorId)> bits_of;
  std::int64_t batch = 1;
};
CpuCost cpu_cost(const CpuSpec& cpu, const CpuWork& work);

/// `cpu_baseline` of a run's document: against Report::cpu; null without one.
Json cpu_baseline_json(const Report& report);

}  // namespace presil
