#include "estimator/accuracy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace presil {

namespace {

double share_within(std::span<const Paired> pairs, double limit) {
  const auto good = std::count_if(pairs.begin(), pairs.end(), [&](const Paired& pair) {
    return std::abs(pair.error()) <= limit;
  });
  return static_cast<double>(good) / static_cast<double>(pairs.size());
}

double mean_error(std::span<const Paired> pairs) {
  double sum = 0;
  for (const Paired& pair : pairs) sum += pair.error();
  return sum / static_cast<double>(pairs.size());
}

/// Pairs within 20 % of each other but not equal, in the right order.
double near_pairs_in_order(std::span<const Paired> pairs) {
  std::vector<Paired> sorted(pairs.begin(), pairs.end());
  std::sort(sorted.begin(), sorted.end(), [](const Paired& a, const Paired& b) {
    return std::tie(a.measured, a.predicted) < std::tie(b.measured, b.predicted);
  });
  std::size_t near = 0, right = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i)
    for (std::size_t j = i + 1; j < sorted.size() && sorted[j].measured <= 1.2 * sorted[i].measured;
         ++j) {
      if (sorted[j].measured <= sorted[i].measured) continue;
      ++near;
      right += sorted[i].predicted < sorted[j].predicted;
    }
  return near == 0 ? 1 : static_cast<double>(right) / static_cast<double>(near);
}

using Key = std::tuple<std::string, std::string, std::string>;  // level, family, chip

}  // namespace

AccuracyRow accuracy_of(std::span<const ScoredCase> cases) {
  AccuracyRow row;
  row.cases = cases.size();
  if (cases.empty()) return row;
  std::vector<Paired> pairs, energies;
  std::size_t with_interval = 0, covered = 0;
  for (const ScoredCase& each : cases) {
    pairs.push_back(each.cycles);
    if (each.energy.measured > 0) energies.push_back(each.energy);
    if (each.high <= 0) continue;
    ++with_interval;
    covered += each.low <= each.cycles.measured && each.cycles.measured <= each.high;
  }
  row.mape = mean_absolute_error(pairs);
  row.median = absolute_error_percentile(pairs, 0.5);
  row.p95 = absolute_error_percentile(pairs, 0.95);
  row.worst = absolute_error_percentile(pairs, 1);
  row.within_5 = share_within(pairs, 0.05);
  row.within_10 = share_within(pairs, 0.10);
  row.bias = mean_error(pairs);
  row.tau = kendall_tau_b(pairs);
  row.rho = spearman(pairs);
  row.near_pairs = near_pairs_in_order(pairs);
  if (with_interval > 0)
    row.coverage = static_cast<double>(covered) / static_cast<double>(with_interval);
  if (energies.empty()) return row;
  row.energy_mape = mean_absolute_error(energies);
  row.energy_median = absolute_error_percentile(energies, 0.5);
  row.energy_within_5 = share_within(energies, 0.05);
  row.energy_within_10 = share_within(energies, 0.10);
  return row;
}

double ordered_share(std::span<const std::pair<Paired, Paired>> pairs) {
  std::size_t counted = 0, right = 0;
  for (const auto& [less, more] : pairs) {
    if (less.measured == more.measured) continue;
    ++counted;
    right += (less.measured < more.measured) == (less.predicted < more.predicted) &&
             less.predicted != more.predicted;
  }
  return counted == 0 ? 1 : static_cast<double>(right) / static_cast<double>(counted);
}

std::vector<AccuracyRow> accuracy_table(const std::string& model, const std::string& set,
                                        std::span<const ScoredCase> cases) {
  std::map<Key, std::vector<ScoredCase>> parts;
  for (const ScoredCase& each : cases) {
    parts[{each.level, "", ""}].push_back(each);
    parts[{each.level, each.family, ""}].push_back(each);
    parts[{each.level, "", each.chip}].push_back(each);
  }
  std::vector<AccuracyRow> rows;
  for (const auto& [key, part] : parts) {
    AccuracyRow row = accuracy_of(part);
    row.model = model;
    row.set = set;
    std::tie(row.level, row.family, row.chip) = key;
    rows.push_back(row);
  }
  return rows;
}

std::string accuracy_csv(std::span<const AccuracyRow> rows) {
  std::string text =
      "model,set,level,family,chip,cases,mape,median,p95,worst,within_5,within_10,bias,kendall_tau,"
      "spearman,near_pairs_in_order,coverage_90,energy_mape,energy_median,energy_within_5,"
      "energy_within_10\n";
  for (const AccuracyRow& r : rows)
    text += fmt::format(
        "{},{},{},{},{},{},{:.5f},{:.5f},{:.5f},{:.5f},{:.4f},{:.4f},{:.5f},{:.4f},"
        "{:.4f},{:.4f},{:.4f},{:.5f},{:.5f},{:.4f},{:.4f}\n",
        r.model, r.set, r.level, r.family.empty() ? "all" : r.family,
        r.chip.empty() ? "all" : r.chip, r.cases, r.mape, r.median, r.p95, r.worst, r.within_5,
        r.within_10, r.bias, r.tau, r.rho, r.near_pairs, r.coverage, r.energy_mape, r.energy_median,
        r.energy_within_5, r.energy_within_10);
  return text;
}

std::string accuracy_text(std::span<const AccuracyRow> rows) {
  std::string text = fmt::format(
      "{:<9}{:<18}{:<10}{:>7}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>7}{:>7}{:>8}{:>8}{:>9}{:>9}\n",
      "model", "set", "level", "cases", "MAPE", "median", "p95", "worst", "in 5%", "in 10%", "bias",
      "tau", "rho", "near", "cover", "E MAPE", "E in 5%");
  const auto percent = [](double share, int digits) {
    return share > 0 ? fmt::format("{:.{}f}%", 100 * share, digits) : std::string("-");
  };
  for (const AccuracyRow& r : rows) {
    if (!r.family.empty() || !r.chip.empty()) continue;
    text += fmt::format(
        "{:<9}{:<18}{:<10}{:>7}{:>7.2f}%{:>7.2f}%{:>7.2f}%{:>7.1f}%{:>7.1f}%{:>7.1f}%{:>7.2f}%"
        "{:>7.3f}{:>7.3f}{:>7.1f}%{:>8}{:>9}{:>9}\n",
        r.model, r.set, r.level, r.cases, 100 * r.mape, 100 * r.median, 100 * r.p95, 100 * r.worst,
        100 * r.within_5, 100 * r.within_10, 100 * r.bias, r.tau, r.rho, 100 * r.near_pairs,
        percent(r.coverage, 1), percent(r.energy_mape, 2), percent(r.energy_within_5, 1));
  }
  return text;
}

}  // namespace presil
