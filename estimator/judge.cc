#include "estimator/judge.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "estimator/adapt.h"
#include "estimator/score.h"

namespace presil {

namespace {

constexpr std::array<std::pair<Side, const char*>, 2> kSets = {
    {{Side::kTest, "test"}, {Side::kUnseenChipTest, "unseen chip"}}};

void append(std::vector<AccuracyRow>& rows, std::vector<AccuracyRow> more) {
  std::move(more.begin(), more.end(), std::back_inserter(rows));
}

/// Cases of each unseen chip, in an order that depends on their graphs alone.
std::map<std::string, std::vector<const CaseSample*>> by_unseen_chip(const Dataset& data) {
  constexpr std::uint64_t kSeed = 10;
  std::map<std::string, std::vector<const CaseSample*>> chips;
  for (const std::size_t c : data.cases_of(Side::kUnseenChipTest))
    chips[data.cases[c].chip_hash].push_back(&data.cases[c]);
  for (auto& [chip, cases] : chips)
    std::stable_sort(cases.begin(), cases.end(), [](const CaseSample* a, const CaseSample* b) {
      return hash_share(a->graph_hash, kSeed) < hash_share(b->graph_hash, kSeed);
    });
  return chips;
}

}  // namespace

std::vector<AccuracyRow> judge(const std::string& model, const Scorer& scorer, const Dataset& data,
                               const EdgePairs& edge_pairs) {
  std::vector<AccuracyRow> rows;
  for (const auto& [side, set] : kSets) {
    std::vector<ScoredCase> scored;
    for (const std::size_t c : data.cases_of(side)) scored.push_back(scorer(data.cases[c]));
    append(rows, accuracy_table(model, set, scored));
  }
  std::vector<std::pair<Paired, Paired>> pairs;
  std::vector<ScoredCase> members;
  for (const auto& [less, more] : edge_pairs) {
    if (data.sides[less] != Side::kTest || data.sides[more] != Side::kTest) continue;
    members.push_back(scorer(data.cases[less]));
    members.push_back(scorer(data.cases[more]));
    pairs.emplace_back(members[members.size() - 2].cycles, members.back().cycles);
  }
  if (pairs.empty()) return rows;
  AccuracyRow row = accuracy_of(members);
  row.model = model;
  row.set = "step edges";
  row.level = "operator";
  row.near_pairs = ordered_share(pairs);
  rows.push_back(std::move(row));
  return rows;
}

std::vector<AccuracyRow> judge_groups(const Bundle& bundle, const Dataset& data) {
  std::vector<AccuracyRow> rows;
  for (const auto& [side, set] : kSets) {
    std::vector<ScoredCase> all, large;
    for (const std::size_t c : data.cases_of(side)) {
      const std::vector<ScoredCase> groups = score_groups(bundle, data.cases[c]);
      for (std::size_t g = 0; g < groups.size(); ++g) {
        all.push_back(groups[g]);
        if (share_of(data.cases[c], g, Target::kCycles) >= kJudgedShare) large.push_back(groups[g]);
      }
    }
    if (all.empty()) continue;
    AccuracyRow row = accuracy_of(large);
    row.cases = all.size();
    row.coverage = accuracy_of(all).coverage;
    row.model = "boosted";
    row.set = set;
    row.level = "group";
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<AccuracyRow> judge_adapted(const Bundle& bundle, const Dataset& data) {
  std::vector<ScoredCase> before, after;
  for (const auto& [chip, cases] : by_unseen_chip(data)) {
    if (cases.size() <= kAdaptSamples) continue;
    std::vector<CaseSample> samples;
    for (std::size_t i = 0; i < kAdaptSamples; ++i) samples.push_back(*cases[i]);
    Bundle adapted = bundle;
    adapt(adapted, samples);
    for (std::size_t i = kAdaptSamples; i < cases.size(); ++i) {
      before.push_back(score(bundle, *cases[i]));
      after.push_back(score(adapted, *cases[i]));
    }
  }
  std::vector<AccuracyRow> rows = accuracy_table("boosted", "unseen chip + 0", before);
  append(rows, accuracy_table("boosted", fmt::format("unseen chip + {}", kAdaptSamples), after));
  return rows;
}

}  // namespace presil
