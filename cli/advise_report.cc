#include "cli/advise_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "profiler/quantity_text.h"
#include "profiler/text_table.h"

namespace presil::cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostRefusals = 8;

/// "-12.3 %", "+4.0 %", "0".
std::string change_text(double before, double after) {
  const double change = before > 0 ? 100 * (after / before - 1) : 0;
  if (std::fabs(change) < 0.05) return "0";
  return fmt::format("{:+.{}f} %", change, std::fabs(change) < 99.95 ? 1 : 0);
}

/// The changes of a network's numbers, in the order of kColumns.
std::vector<std::string> changes(const Measured& before, const Measured& after) {
  const auto of = [&](auto a, auto b) {
    return change_text(static_cast<double>(a), static_cast<double>(b));
  };
  const Cost &a = before.cost, &b = after.cost;
  return {time_text(b.latency_us),
          of(a.latency_us, b.latency_us),
          of(a.energy_pj, b.energy_pj),
          of(a.peak_sram_bytes, b.peak_sram_bytes),
          of(a.peak_activation_bytes, b.peak_activation_bytes),
          of(before.macs, after.macs),
          of(a.parameter_bytes, b.parameter_bytes)};
}

std::vector<TextColumn> columns(const char* first) {
  return {{.title = "#", .right = true},       {.title = first, .flexible = true},
          {.title = "latency", .right = true}, {.title = "change", .right = true},
          {.title = "energy", .right = true},  {.title = "SRAM", .right = true},
          {.title = "activ.", .right = true},  {.title = "MACs", .right = true},
          {.title = "params", .right = true}};
}

std::string edit_text(const MeasuredEdit& edit) {
  return edit.wins.count > 0 ? fmt::format("[won {}x] {}", edit.wins.count, edit.edit.text)
                             : edit.edit.text;
}

std::string table_of(const AdviceReport& report, Verdict verdict, std::size_t top,
                     std::string_view title) {
  TextTable table(columns("edit"));
  std::size_t count = 0;
  for (std::size_t i = 0; i < report.advice.edits.size(); ++i) {
    const MeasuredEdit& edit = report.advice.edits[i];
    if (edit.verdict != verdict || ++count > top) continue;
    std::vector<std::string> cells{std::to_string(i + 1), edit_text(edit)};
    for (std::string& cell : changes(report.advice.before, edit.after))
      cells.push_back(std::move(cell));
    table.add(std::move(cells));
  }
  if (count == 0) return "";
  const std::string more =
      count > top ? fmt::format("  ... and {} more (--top {})\n", count - top, count) : "";
  return fmt::format("\n{}\n{}{}", title, table.text(), more);
}

/// Below this nothing is said to be faster or slower.
constexpr double kEven = 0.002;

std::string agreement(const Crossover& theory, double gain) {
  if (std::fabs(gain) < kEven) return "even";
  return theory.pays() == (gain > 0) ? "agree" : "differ";
}

/// Theory beside measurement, by input channels.
std::string fusing_text(const AdviceReport& report) {
  TextTable table({{.title = "#", .right = true},
                   {.title = "inverted bottleneck", .flexible = true},
                   {.title = "Cin", .right = true},
                   {.title = "Cin* full lanes", .right = true},
                   {.title = "Cin* lanes here", .right = true},
                   {.title = "closed form"},
                   {.title = "simulated", .right = true},
                   {.title = ""}});
  const auto& edits = report.advice.edits;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < edits.size(); ++i)
    if (edits[i].edit.crossover) order.push_back(i);
  if (order.empty()) return "";
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return edits[a].edit.crossover->channels < edits[b].edit.crossover->channels;
  });
  for (const std::size_t i : order) {
    const Crossover& theory = *edits[i].edit.crossover;
    const double before = report.advice.before.cost.latency_us;
    const double after = edits[i].after.cost.latency_us;
    table.add({std::to_string(i + 1), edits[i].edit.text, std::to_string(theory.channels),
               fmt::format("{:.0f}", theory.peak), fmt::format("{:.0f}", theory.here),
               theory.pays() ? "fuse" : "do not fuse", change_text(before, after),
               agreement(theory, 1 - after / before)});
  }
  return "\nFusing inverted bottlenecks at equal expansion pays below Cin* = k^2 / (k^2 - s^2) x "
         "T_conv / T_dw\n" +
         table.text();
}

std::string refusals_text(const NetworkAdvice& advice) {
  if (advice.refusals.empty()) return "";
  std::string text = "\nNot possible\n";
  for (std::size_t i = 0; i < advice.refusals.size() && i < kMostRefusals; ++i)
    text +=
        wrapped(fmt::format("  {}: {}", advice.refusals[i].text, advice.refusals[i].reason), 4) +
        "\n";
  if (advice.refusals.size() > kMostRefusals)
    text += fmt::format("  ... and {} more (--json)\n", advice.refusals.size() - kMostRefusals);
  return text;
}

std::string numbers_text(const Combination& combination) {
  std::vector<std::string> numbers;
  for (const std::size_t i : combination.edits) numbers.push_back(std::to_string(i + 1));
  return fmt::format("{}", fmt::join(numbers, ","));
}

std::string together_text(const AdviceReport& report) {
  const auto& [same, any] = report.together;
  if (!same && !any) return "";
  TextTable table(columns("--apply"));
  const auto add = [&](const char* what, const Combination& combination) {
    std::vector<std::string> cells{"", fmt::format("{}: {}", what, numbers_text(combination))};
    for (std::string& cell : changes(report.advice.before, combination.after))
      cells.push_back(std::move(cell));
    table.add(std::move(cells));
  };
  if (same) add("no less capacity", *same);
  if (any) add("all but the input", *any);
  return "\nTogether, simulated\n" + table.text();
}

Json json_of(const Measured& m) {
  return {{"latency_us", m.cost.latency_us},
          {"energy_pj", m.cost.energy_pj},
          {"peak_sram_bytes", m.cost.peak_sram_bytes},
          {"peak_activation_bytes", m.cost.peak_activation_bytes},
          {"memory_bytes", m.cost.memory_bytes},
          {"macs", m.macs},
          {"parameter_bytes", m.cost.parameter_bytes}};
}

Json json_of(const std::optional<Combination>& combination) {
  if (!combination) return nullptr;
  Json numbers = Json::array();
  for (const std::size_t i : combination->edits) numbers.push_back(i + 1);
  return {{"edits", numbers}, {"gain", combination->gain}, {"after", json_of(combination->after)}};
}

Json json_of(const std::optional<Crossover>& theory) {
  if (!theory) return nullptr;
  return {{"input_channels", theory->channels},
          {"full_lanes", theory->peak},
          {"lanes_here", theory->here},
          {"fuse", theory->pays()}};
}

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPays:
      return "pays";
    case Verdict::kFree:
      return "free";
    case Verdict::kNoGain:
      break;
  }
  return "no_gain";
}

}  // namespace

std::string advice_text(const AdviceReport& report, std::size_t top) {
  const NetworkAdvice& advice = report.advice;
  const Cost& cost = advice.before.cost;
  std::string text = fmt::format(
      "{} on {}: {}, {}, peak SRAM {}, peak activations {}, {} MACs, parameters {}\n", report.model,
      report.chip, time_text(cost.latency_us), energy_text(cost.energy_pj),
      bytes_text(cost.peak_sram_bytes), bytes_text(cost.peak_activation_bytes),
      count_text(advice.before.macs), bytes_text(cost.parameter_bytes));
  text += fmt::format(
      "{} edits fit, {} simulated, ranked by {}; changes are against the network as "
      "it is\n",
      advice.proposed, advice.edits.size(), report.metric.name);
  text += table_of(report, Verdict::kPays, top, "These pay");
  text += table_of(report, Verdict::kFree, top,
                   "Capacity for nothing: more multiply-accumulates at the same cost (0.5 %)");
  text += table_of(report, Verdict::kNoGain, top, "These do not pay here");
  text += fusing_text(report);
  text += refusals_text(advice);
  text += together_text(report);
  return text;
}

std::string applied_text(const AdviceReport& report) {
  const Combination& applied = *report.applied;
  TextTable table(columns("edit"));
  const auto add = [&](const std::string& number, const std::string& what, const Measured& m) {
    std::vector<std::string> cells{number, what};
    for (std::string& cell : changes(report.advice.before, m)) cells.push_back(std::move(cell));
    table.add(std::move(cells));
  };
  add("", fmt::format("{} as it is", report.model), report.advice.before);
  for (const std::size_t i : applied.edits)
    add(std::to_string(i + 1), report.advice.edits[i].edit.text, report.advice.edits[i].after);
  add("", "together", applied.after);
  return table.text();
}

std::string advice_json(const AdviceReport& report) {
  Json json{{"model", report.model},
            {"chip", report.chip},
            {"metric", report.metric.name},
            {"proposed", report.advice.proposed},
            {"before", json_of(report.advice.before)},
            {"edits", Json::array()},
            {"refusals", Json::array()}};
  for (std::size_t i = 0; i < report.advice.edits.size(); ++i) {
    const MeasuredEdit& edit = report.advice.edits[i];
    json["edits"].push_back({{"number", i + 1},
                             {"kind", edit.edit.kind},
                             {"text", edit.edit.text},
                             {"ops", edit.edit.ops},
                             {"context", edit.edit.context},
                             {"crossover", json_of(edit.edit.crossover)},
                             {"verdict", name_of(edit.verdict)},
                             {"gain", edit.gain},
                             {"earlier_wins", edit.wins.count},
                             {"after", json_of(edit.after)}});
  }
  for (const Refusal& refusal : report.advice.refusals)
    json["refusals"].push_back({{"text", refusal.text}, {"reason", refusal.reason}});
  json["together"] = {{"same_capacity", json_of(report.together.same_capacity)},
                      {"any", json_of(report.together.any)}};
  json["applied"] = json_of(report.applied);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace presil::cli
