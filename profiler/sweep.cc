#include "profiler/sweep.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace presil {

namespace {

constexpr std::array kObjectives{"latency_us", "energy_pj", "area_mm2"};
using Objectives = std::array<double, kObjectives.size()>;

Objectives objectives_of(const SweepPoint& point) {
  Objectives values{};
  for (std::size_t o = 0; o < values.size(); ++o)
    values[o] = point.result.at(kObjectives[o]).get<double>();
  return values;
}

bool dominates(const Objectives& a, const Objectives& b) {
  bool better = false;
  for (std::size_t o = 0; o < a.size(); ++o) {
    if (a[o] > b[o]) return false;
    better = better || a[o] < b[o];
  }
  return better;
}

void mark_knee(std::vector<SweepPoint>& points) {
  Objectives least, most;
  least.fill(std::numeric_limits<double>::infinity());
  most.fill(-std::numeric_limits<double>::infinity());
  std::size_t front = 0;
  for (const SweepPoint& point : points) {
    if (!point.pareto) continue;
    ++front;
    const Objectives values = objectives_of(point);
    for (std::size_t o = 0; o < values.size(); ++o) {
      least[o] = std::min(least[o], values[o]);
      most[o] = std::max(most[o], values[o]);
    }
  }
  constexpr std::size_t kFewest = 3;
  if (front < kFewest) return;
  SweepPoint* knee = nullptr;
  double best = std::numeric_limits<double>::infinity();
  for (SweepPoint& point : points) {
    if (!point.pareto) continue;
    const Objectives values = objectives_of(point);
    double sum = 0;
    for (std::size_t o = 0; o < values.size(); ++o)
      if (most[o] > least[o]) sum += (values[o] - least[o]) / (most[o] - least[o]);
    if (sum < best) {
      best = sum;
      knee = &point;
    }
  }
  if (knee != nullptr) knee->knee = true;
}

/// A number where the whole text is one.
Json value_of(const std::string& text) {
  const char* const end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto [at, error] = std::from_chars(text.data(), end, whole);
      error == std::errc() && at == end)
    return whole;
  double real = 0;
  if (const auto [at, error] = std::from_chars(text.data(), end, real);
      error == std::errc() && at == end)
    return real;
  return text;
}

}  // namespace

const std::vector<std::string>& sweep_keys() {
  static const std::vector<std::string> keys{
      "latency_cycles",   "latency_us",      "inferences_per_second", "energy_pj",
      "average_power_mw", "area_mm2",        "utilisation",           "bound_by",
      "peak_sram_bytes",  "dram_read_bytes", "dram_write_bytes",      "chip_hash"};
  return keys;
}

std::size_t grid_size(const std::vector<SweepAxis>& axes) {
  std::size_t size = 1;
  for (const SweepAxis& axis : axes) size *= axis.values.size();
  return size;
}

std::vector<std::string> grid_values(const std::vector<SweepAxis>& axes, std::size_t index) {
  std::vector<std::string> values(axes.size());
  for (std::size_t a = axes.size(); a-- > 0;) {
    values[a] = axes[a].values[index % axes[a].values.size()];
    index /= axes[a].values.size();
  }
  return values;
}

void mark_front(std::vector<SweepPoint>& points) {
  std::vector<Objectives> all;
  for (SweepPoint& point : points) {
    point.pareto = point.knee = false;
    if (point.ok()) all.push_back(objectives_of(point));
  }
  // From the fastest on, only a point that is on the front can be better than another.
  std::sort(all.begin(), all.end());
  std::vector<Objectives> front;
  for (const Objectives& values : all)
    if (std::none_of(front.begin(), front.end(),
                     [&](const Objectives& other) { return dominates(other, values); }))
      front.push_back(values);
  for (SweepPoint& point : points)
    point.pareto =
        point.ok() && std::binary_search(front.begin(), front.end(), objectives_of(point));
  mark_knee(points);
}

Json sweep_json(const Sweep& sweep) {
  Json axes = Json::array();
  for (const SweepAxis& axis : sweep.axes) {
    Json values = Json::array();
    for (const std::string& value : axis.values) values.push_back(value_of(value));
    axes.push_back({{"key", axis.key}, {"values", values}});
  }
  Json points = Json::array();
  for (const SweepPoint& point : sweep.points) {
    Json values = Json::object();
    for (std::size_t a = 0; a < sweep.axes.size(); ++a)
      values[sweep.axes[a].key] = value_of(point.values[a]);
    Json json{{"values", values},
              {"ok", point.ok()},
              {"status", point.status},
              {"error", point.ok() ? Json() : Json(point.reason)}};
    for (const std::string& key : sweep_keys())
      json[key] = point.ok() ? point.result.at(key) : Json();
    json["pareto"] = point.pareto;
    json["knee"] = point.knee;
    points.push_back(std::move(json));
  }
  return {{"schema_version", kJsonSchemaVersion},
          {"kind", "sweep"},
          {"model", sweep.model},
          {"chip", sweep.chip},
          {"identity", sweep.identity},
          {"axes", axes},
          {"points", points}};
}

}  // namespace presil
