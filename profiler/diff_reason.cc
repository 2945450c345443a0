#include "profiler/diff_reason.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "profiler/quantity_text.h"

namespace presil {

namespace {

using Sums = std::map<std::string, std::int64_t>;

/// A change below so much of a value is none.
constexpr double kNoChange = 0.005;

std::string_view doing(std::string_view kind) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kWords{
      {{"compute", "computing"},
       {"vector", "in the vector unit"},
       {"memory", "waiting for memory"},
       {"weight_load", "loading weights into the array"},
       {"fill_drain", "filling and draining the array"},
       {"output_limit", "waiting for the array's output stage"},
       {"bank_conflict", "in SRAM bank conflicts"},
       {"control", "in the sequencer"},
       {"host", "on the host"}}};
  for (const auto& [name, words] : kWords)
    if (name == kind) return words;
  return kind;
}

std::int64_t of(const Sums& sums, const std::string& key) {
  const auto found = sums.find(key);
  return found == sums.end() ? 0 : found->second;
}

bool differ(double a, double b) {
  return std::abs(b - a) > kNoChange * std::max(std::abs(a), std::abs(b));
}

std::string bytes_change(const std::string& what, std::int64_t a, std::int64_t b) {
  return fmt::format("{} {} instead of {}", what, bytes_text(b), bytes_text(a));
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " and "));
}

struct Pair {
  const GroupDocument& a;
  const GroupDocument& b;
  const ChipRates& a_chip;
  const ChipRates& b_chip;

  bool less() const { return b.latency_us < a.latency_us; }
  /// Did a cost go the way that the time went?
  bool explains(double before, double after) const {
    return differ(before, after) && (after < before) == less();
  }
  bool explains(std::int64_t before, std::int64_t after) const {
    return explains(static_cast<double>(before), static_cast<double>(after));
  }

  /// The reason for traffic whose bytes changed most; "" if none did.
  std::string traffic() const {
    const std::int64_t before = a.read_bytes + a.write_bytes, after = b.read_bytes + b.write_bytes;
    if (a.read_by_reason.empty() || b.read_by_reason.empty())
      return explains(before, after) ? bytes_change("memory traffic", before, after) : "";
    std::string text;
    // Less than a twentieth of all is no reason.
    std::int64_t most = std::max(before, after) / 20;
    const auto look = [&](const char* verb, const Sums& x, const Sums& y) {
      for (const char* reason : {"weights", "spill", "input", "output"}) {
        const std::int64_t old_bytes = of(x, reason), new_bytes = of(y, reason);
        if (!explains(old_bytes, new_bytes) || std::abs(new_bytes - old_bytes) <= most) continue;
        most = std::abs(new_bytes - old_bytes);
        const std::string what = std::string_view(reason) == "spill" ? "activations" : reason;
        text = bytes_change(fmt::format("{} {}", what, verb), old_bytes, new_bytes);
      }
    };
    look("read", a.read_by_reason, b.read_by_reason);
    look("written", a.write_by_reason, b.write_by_reason);
    return text;
  }

  std::string memory() const {
    std::string text = traffic();
    if (explains(b_chip.memory_gb_per_s, a_chip.memory_gb_per_s))
      text +=
          fmt::format("{}{} GB/s instead of {}", text.empty() ? "" : ", ",
                      three_digits(b_chip.memory_gb_per_s), three_digits(a_chip.memory_gb_per_s));
    // What was loaded ahead, or stayed.
    if (text.empty() && explains(b_chip.sram_bytes, a_chip.sram_bytes))
      return bytes_change("SRAM of", a_chip.sram_bytes, b_chip.sram_bytes);
    return text;
  }

  /// What the array had to do, or how large it is.
  std::string work() const {
    if (explains(a.macs, b.macs))
      return fmt::format("{} MACs instead of {}", count_text(b.macs), count_text(a.macs));
    if (a.precisions != b.precisions && !a.precisions.empty() && !b.precisions.empty())
      return fmt::format("{} instead of {}", joined(b.precisions), joined(a.precisions));
    if (explains(a.macs_executed, b.macs_executed))
      return fmt::format("{} MACs executed instead of {}", count_text(b.macs_executed),
                         count_text(a.macs_executed));
    if (explains(b_chip.macs_per_cycle, a_chip.macs_per_cycle))
      return fmt::format("an array of {} MACs a cycle instead of {}",
                         three_digits(b_chip.macs_per_cycle), three_digits(a_chip.macs_per_cycle));
    return "";
  }

  std::string evidence(const std::string& kind) const {
    if (kind == "memory") return memory();
    const bool array = kind == "compute" || kind == "weight_load" || kind == "fill_drain" ||
                       kind == "output_limit";
    return array ? work() : "";
  }

  /// "12,300 fewer cycles waiting for memory".
  std::string change(const std::string& kind, std::int64_t before, std::int64_t after) const {
    const double us = static_cast<double>(after) / b_chip.clock_mhz -
                      static_cast<double>(before) / a_chip.clock_mhz;
    const bool less = us < 0;
    if (a_chip.clock_mhz == b_chip.clock_mhz)
      return fmt::format("{} {} cycles {}", with_thousands(std::abs(after - before)),
                         less ? "fewer" : "more", doing(kind));
    return fmt::format("{} {} {}", time_text(std::abs(us)), less ? "less" : "more", doing(kind));
  }

  /// The kinds by how much they changed the time in the direction of the whole, largest first.
  std::vector<std::string> kinds(double delta_us) const {
    std::vector<std::pair<double, std::string>> changes;
    Sums all = a.critical_path;
    for (const auto& [kind, cycles] : b.critical_path) all[kind] += 0 * cycles;
    for (const auto& [kind, unused] : all) {
      const double us = static_cast<double>(of(b.critical_path, kind)) / b_chip.clock_mhz -
                        static_cast<double>(of(a.critical_path, kind)) / a_chip.clock_mhz;
      if (us * delta_us > 0) changes.emplace_back(-std::abs(us), kind);
    }
    std::sort(changes.begin(), changes.end());
    std::vector<std::string> kinds;
    // A second one is worth its words from a third of the first on.
    for (const auto& [us, kind] : changes)
      if (kinds.size() < 2 && 3 * us <= changes.front().first) kinds.push_back(kind);
    return kinds;
  }

  std::string by_critical_path(double delta_us) const {
    std::string text;
    for (const std::string& kind : kinds(delta_us)) {
      text += text.empty() ? "" : "; ";
      text += change(kind, of(a.critical_path, kind), of(b.critical_path, kind));
      if (const std::string why = evidence(kind); !why.empty()) text += ": " + why;
    }
    return text;
  }

  /// Of a document without a critical path.
  std::string by_bound() const {
    std::string text = a.bounds == b.bounds ? fmt::format("bound by {} in both", joined(a.bounds))
                                            : fmt::format("bound by {} instead of {}",
                                                          joined(b.bounds), joined(a.bounds));
    std::vector<std::string> kinds = b.bounds;
    for (const std::string& bound : a.bounds)
      if (std::find(kinds.begin(), kinds.end(), bound) == kinds.end()) kinds.push_back(bound);
    for (const std::string& kind : kinds)
      if (const std::string why = evidence(kind); !why.empty()) text += "; " + why;
    return text;
  }
};

}  // namespace

std::string reason_of(const GroupDocument& a, const ChipRates& a_chip, const GroupDocument& b,
                      const ChipRates& b_chip) {
  if (!differ(a.latency_us, b.latency_us)) return "";
  // The same cycles at another clock.
  if (a_chip.clock_mhz != b_chip.clock_mhz &&
      !differ(static_cast<double>(a.latency_cycles), static_cast<double>(b.latency_cycles)))
    return fmt::format("the same cycles at {} MHz instead of {} MHz",
                       three_digits(b_chip.clock_mhz), three_digits(a_chip.clock_mhz));
  const Pair pair{a, b, a_chip, b_chip};
  std::string text;
  if (!a.critical_path.empty() && !b.critical_path.empty())
    text = pair.by_critical_path(b.latency_us - a.latency_us);
  return text.empty() ? pair.by_bound() : text;
}

}  // namespace presil
