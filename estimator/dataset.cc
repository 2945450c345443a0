#include "estimator/dataset.h"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "core/error.h"
#include "core/random.h"

namespace presil {

namespace {

using Hashes = std::unordered_set<std::string>;

void add_hashes(Hashes& hashes, const CaseSample& sample) {
  for (const GroupSample& group : sample.groups) hashes.insert(group.features.hash);
}

bool meets(const Hashes& hashes, const CaseSample& sample) {
  return std::any_of(sample.groups.begin(), sample.groups.end(), [&](const GroupSample& group) {
    return hashes.contains(group.features.hash);
  });
}

void check_case(const CaseSample& sample) {
  for (const GroupSample& group : sample.groups)
    if (group.features.values.size() != feature_table().size())
      throw Error("a sample of family {} has {} features, this presil makes {}; collect it again",
                  sample.family, group.features.values.size(), feature_table().size());
}

/// Of every chip: 0 seen, 1 held out to calibrate, 2 held out to test.
struct HeldOutChips {
  HeldOutChips(const std::vector<CaseSample>& cases, const SplitOptions& options) {
    // Chips that a plan drew ("ne-base~7") if there are any: the named ones are what users ask for.
    std::set<std::string> chips, drawn;
    for (const CaseSample& sample : cases) {
      chips.insert(sample.chip_hash);
      if (sample.chip.find('~') != std::string::npos) drawn.insert(sample.chip_hash);
    }
    if (drawn.size() >= options.fewest_chips) chips = drawn;
    if (chips.size() < options.fewest_chips) return;
    for (const std::string& chip : chips) {
      const double at = hash_share(chip, options.seed + 1);
      if (at < options.unseen_chips)
        test.insert(chip);
      else if (at < 2 * options.unseen_chips)
        calibrate.insert(chip);
    }
  }
  Hashes test, calibrate;
};

/// What decides a case's side: its graph, and of an edge pair the same one for both.
std::vector<std::string> keys_of(const std::vector<CaseSample>& cases,
                                 const EdgePairs& edge_pairs) {
  std::vector<std::string> keys;
  for (const CaseSample& sample : cases) keys.push_back(sample.graph_hash);
  for (const auto& [less, more] : edge_pairs)
    keys.at(less) = keys.at(more) = std::min(keys.at(less), keys.at(more));
  return keys;
}

Side side_of(const CaseSample& sample, const std::string& key, const HeldOutChips& chips,
             const SplitOptions& options) {
  if (sample.groups.empty()) return Side::kNothing;
  if (chips.test.contains(sample.chip_hash)) return Side::kUnseenChipTest;
  if (chips.calibrate.contains(sample.chip_hash)) return Side::kUnseenChipCalibrate;
  const double at = hash_share(key, options.seed);
  if (at < options.test) return Side::kTest;
  return at < options.test + options.calibrate ? Side::kCalibrate : Side::kTrain;
}

std::vector<RowRef> rows_without(const Dataset& data, Side side, const Hashes& excluded) {
  std::vector<RowRef> rows;
  for (std::size_t c = 0; c < data.cases.size(); ++c)
    for (std::size_t g = 0; data.sides[c] == side && g < data.cases[c].groups.size(); ++g)
      if (!excluded.contains(data.cases[c].groups[g].features.hash)) rows.push_back({c, g});
  return rows;
}

}  // namespace

double hash_share(const std::string& text, std::uint64_t seed) {
  std::uint64_t state = 0xcbf29ce484222325u ^ Random(seed).next();
  for (const char c : text) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return Random(state).uniform();
}

Dataset split(std::vector<CaseSample> cases, const SplitOptions& options,
              const EdgePairs& edge_pairs) {
  Dataset data;
  for (const CaseSample& sample : cases) check_case(sample);
  data.cases = std::move(cases);
  const HeldOutChips chips(data.cases, options);
  Hashes test;
  const std::vector<std::string> keys = keys_of(data.cases, edge_pairs);
  for (std::size_t c = 0; c < data.cases.size(); ++c) {
    data.sides.push_back(side_of(data.cases[c], keys[c], chips, options));
    if (data.sides.back() == Side::kTest) add_hashes(test, data.cases[c]);
  }
  // An operator of a test network is a test case of its own.
  for (std::size_t c = 0; c < data.cases.size(); ++c) {
    Side& side = data.sides[c];
    if (data.cases[c].groups.size() == 1 && (side == Side::kTrain || side == Side::kCalibrate) &&
        meets(test, data.cases[c]))
      side = Side::kTest;
  }
  data.calibration = rows_without(data, Side::kCalibrate, test);
  Hashes excluded = std::move(test);
  for (const RowRef& row : data.calibration) excluded.insert(data.group(row).features.hash);
  data.training = rows_without(data, Side::kTrain, excluded);
  return data;
}

std::vector<std::size_t> Dataset::cases_of(Side side) const {
  std::vector<std::size_t> found;
  for (std::size_t c = 0; c < cases.size(); ++c)
    if (sides[c] == side) found.push_back(c);
  return found;
}

double label_of(const GroupSample& group, Target target) {
  return std::max(1.0, target == Target::kCycles ? group.cycles : group.energy_pj);
}

double share_of(const CaseSample& sample, std::size_t group, Target target) {
  double sum = 0;
  for (const GroupSample& each : sample.groups) sum += label_of(each, target);
  return label_of(sample.groups[group], target) / sum;
}

}  // namespace presil
