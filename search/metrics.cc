#include "search/metrics.h"

#include <limits>

#include "core/error.h"

namespace presil {

namespace {

constexpr double kKib = 1024, kMib = 1024 * 1024;

double latency(const Measured& m) { return m.cost.latency_us; }
double energy(const Measured& m) { return m.cost.energy_pj; }
double parameters(const Measured& m) { return static_cast<double>(m.cost.parameter_bytes); }
double activations(const Measured& m) { return static_cast<double>(m.cost.peak_activation_bytes); }
double sram(const Measured& m) { return static_cast<double>(m.cost.peak_sram_bytes); }
double memory(const Measured& m) { return static_cast<double>(m.cost.memory_bytes); }
double macs(const Measured& m) { return static_cast<double>(m.macs); }
double accuracy(const Measured& m) {
  return m.accuracy.value_or(std::numeric_limits<double>::quiet_NaN());
}

}  // namespace

const std::vector<Metric>& metrics() {
  static const std::vector<Metric> all{
      {"accuracy", "accuracy", 1, true, accuracy},
      {"latency_us", "latency", 1, false, latency},
      {"latency_ms", "latency", 1e3, false, latency},
      {"energy_uj", "energy", 1e6, false, energy},
      {"energy_mj", "energy", 1e9, false, energy},
      {"params_kib", "params", kKib, false, parameters},
      {"params_mib", "params", kMib, false, parameters},
      {"peak_activation_kib", "peak_activation", kKib, false, activations},
      {"peak_activation_mib", "peak_activation", kMib, false, activations},
      {"peak_sram_kib", "peak_sram", kKib, false, sram},
      {"memory_kib", "memory", kKib, false, memory},
      {"memory_mib", "memory", kMib, false, memory},
      {"macs_m", "macs", 1e6, false, macs},
  };
  return all;
}

const Metric& metric_named(const std::string& name, const std::string& what) {
  std::vector<std::string> names;
  for (const Metric& metric : metrics()) {
    if (metric.name == name) return metric;
    names.push_back(metric.name);
  }
  const std::string near = nearest(name, names);
  if (!near.empty()) throw Error("{}: unknown metric '{}'; did you mean '{}'?", what, name, near);
  throw Error("{}: unknown metric '{}'; known: {}", what, name, fmt::join(names, ", "));
}

}  // namespace presil
