#include "cli/compare_json.h"

#include "estimator/compare_reason.h"

namespace presil::cli {

namespace {

Json group_json(const GroupComparison& g) {
  return Json{{"name", g.name},
              {"family", g.family},
              {"stages", g.stages},
              {"simulated_cycles", g.simulated},
              {"estimated_cycles", g.estimated},
              {"low_cycles", g.interval.low},
              {"high_cycles", g.interval.high},
              {"prior_cycles", g.prior},
              {"own_work_cycles", g.own_work},
              {"judged", g.judged()},
              {"bound_by", g.bound},
              {"prior_bound_by", g.prior_bound},
              {"placed_alike", g.placed_alike},
              {"out_of_range", g.out_of_range},
              {"reason", reason_of(g)}};
}

GroupComparison group_of(const Json& j) {
  return {.name = j["name"],
          .family = j["family"],
          .stages = j["stages"],
          .simulated = j["simulated_cycles"],
          .estimated = j["estimated_cycles"],
          .interval = {j["low_cycles"], j["high_cycles"]},
          .prior = j["prior_cycles"],
          .bound = j["bound_by"],
          .prior_bound = j["prior_bound_by"],
          .own_work = j["own_work_cycles"],
          .placed_alike = j["placed_alike"],
          .out_of_range = j["out_of_range"]};
}

Json accuracy_json(const AccuracyRow& r) {
  return Json{{"level", r.level},
              {"family", r.family},
              {"chip", r.chip},
              {"cases", r.cases},
              {"mape", r.mape},
              {"median", r.median},
              {"p95", r.p95},
              {"worst", r.worst},
              {"within_5", r.within_5},
              {"within_10", r.within_10},
              {"bias", r.bias},
              {"kendall_tau", r.tau},
              {"spearman", r.rho},
              {"near_pairs_in_order", r.near_pairs},
              {"coverage_90", r.coverage}};
}

Json speed_json(const std::vector<Comparison>& comparisons) {
  const SpeedUp speed = speed_up(comparisons);
  return Json{{"least", speed.least}, {"median", speed.median}, {"most", speed.most}};
}

}  // namespace

Json comparison_json(const Comparison& c) {
  Json groups = Json::array();
  for (const GroupComparison& group : c.groups) groups.push_back(group_json(group));
  return Json{{"model", c.model},
              {"chip", c.chip},
              {"family", c.family},
              {"simulated_cycles", c.simulated},
              {"estimated_cycles", c.estimated},
              {"low_cycles", c.interval.low},
              {"high_cycles", c.interval.high},
              {"estimated_as_compiled_cycles", c.estimated_as_compiled},
              {"simulated_pj", c.simulated_pj},
              {"estimated_pj", c.estimated_pj},
              {"simulate_seconds", c.simulate_seconds},
              {"estimate_seconds", c.estimate_seconds},
              {"compiled_groups", c.compiled_groups},
              {"planned_otherwise_cycles", c.planned_otherwise},
              {"groups_out_of_range", c.out_of_range},
              {"misplaced", c.misplaced()},
              {"reason", reason_of(c)},
              {"groups", std::move(groups)}};
}

Comparison comparison_of(const Json& j) {
  Comparison c{.model = j["model"],
               .chip = j["chip"],
               .family = j["family"],
               .simulated = j["simulated_cycles"],
               .estimated = j["estimated_cycles"],
               .interval = {j["low_cycles"], j["high_cycles"]},
               .estimated_as_compiled = j["estimated_as_compiled_cycles"],
               .simulated_pj = j["simulated_pj"],
               .estimated_pj = j["estimated_pj"],
               .simulate_seconds = j["simulate_seconds"],
               .estimate_seconds = j["estimate_seconds"],
               .compiled_groups = j["compiled_groups"],
               .planned_otherwise = j["planned_otherwise_cycles"],
               .out_of_range = j["groups_out_of_range"]};
  for (const Json& group : j["groups"]) c.groups.push_back(group_of(group));
  return c;
}

Json compare_json(const CompareReport& report, const std::string& estimator, const Bundle& bundle) {
  Json accuracy = Json::array(), comparisons = Json::array(), failures = Json::array();
  for (const AccuracyRow& row : report.accuracy) accuracy.push_back(accuracy_json(row));
  for (const Comparison& comparison : report.comparisons)
    comparisons.push_back(comparison_json(comparison));
  for (const Tried& tried : report.tried)
    if (!tried.reason.empty())
      failures.push_back(
          Json{{"model", tried.model}, {"chip", tried.chip}, {"error", tried.reason}});
  return Json{{"schema_version", kJsonSchemaVersion},
              {"kind", "compare"},
              {"estimator",
               {{"file", estimator},
                {"source", bundle.provenance().source},
                {"cases", bundle.provenance().cases},
                {"rows", bundle.provenance().rows},
                {"chips", bundle.provenance().chips.size()},
                {"simulator_version", bundle.provenance().simulator_version},
                {"feature_version", bundle.provenance().feature_version}}},
              {"speed_up", speed_json(report.comparisons)},
              {"energy",
               {{"mape", report.energy.mape},
                {"median", report.energy.median},
                {"worst", report.energy.worst},
                {"bias", report.energy.bias}}},
              {"accuracy", std::move(accuracy)},
              {"comparisons", std::move(comparisons)},
              {"failures", std::move(failures)}};
}

}  // namespace presil::cli
