#include "estimator/train.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "core/error.h"
#include "core/output_file.h"
#include "estimator/adapt.h"
#include "estimator/score.h"
#include "made_cases.h"

namespace presil {

namespace {

using test::made_cases;

const Trained& trained() {
  static const Trained result = train(made_cases(6000), {});
  return result;
}

std::filesystem::path scratch(const std::string& name) {
  return std::filesystem::temp_directory_path() /
         fmt::format("presil_bundle_{}_{}", getpid(), name);
}

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

const AccuracyRow& row_of(const std::string& model, const std::string& set,
                          const std::string& level) {
  for (const AccuracyRow& row : trained().accuracy)
    if (row.model == model && row.set == set && row.level == level && row.family.empty() &&
        row.chip.empty())
      return row;
  FAIL("no such row: ", model, " ", set, " ", level);
  return trained().accuracy.front();
}

}  // namespace

TEST_CASE("no group of a test case is learned from or calibrates, in whatever order cases come") {
  std::vector<CaseSample> cases = made_cases(400);
  for (std::size_t i = 0; i + 1 < cases.size(); i += 3)  // shapes shared between cases
    cases[i].groups.front().features.hash = cases[i + 1].groups.back().features.hash;
  const Dataset data = split(cases);
  std::set<std::string> test;
  for (const std::size_t c : data.cases_of(Side::kTest))
    for (const GroupSample& group : data.cases[c].groups) test.insert(group.features.hash);
  CHECK(test.size() > 50);
  std::set<std::string> calibration;
  for (const RowRef& row : data.calibration) {
    CHECK(!test.contains(data.group(row).features.hash));
    calibration.insert(data.group(row).features.hash);
  }
  CHECK(!calibration.empty());
  for (const RowRef& row : data.training) {
    CHECK(!test.contains(data.group(row).features.hash));
    CHECK(!calibration.contains(data.group(row).features.hash));
  }
  std::reverse(cases.begin(), cases.end());
  const Dataset reversed = split(cases);
  for (std::size_t c = 0; c < cases.size(); ++c)
    CHECK(reversed.sides[c] == data.sides[cases.size() - 1 - c]);
}

TEST_CASE("a label of 0 is learned as 1") {
  CHECK(label_of({.cycles = 0}, Target::kCycles) == 1);
  std::vector<CaseSample> cases = made_cases(400);
  for (std::size_t i = 0; i < cases.size(); i += 10) {
    cases[i].latency_cycles -= cases[i].groups.front().cycles;
    cases[i].groups.front().cycles = 0;
  }
  const Trained result = train(cases, {});
  for (const AccuracyRow& row : result.accuracy) CHECK(std::isfinite(row.mape));
}

TEST_CASE("learning takes off most of what the closed form misses, and more than a linear model") {
  const double boosted = row_of("boosted", "test", "operator").mape;
  CHECK(boosted < 0.04);
  CHECK(boosted < 0.5 * row_of("ridge", "test", "operator").mape);
  CHECK(boosted < 0.2 * row_of("prior", "test", "operator").mape);
  CHECK(row_of("boosted", "unseen chip", "network").cases > 0);
}

TEST_CASE("the 90 % interval of a group covers 90 % of 1000 held-out groups") {
  // Of n scores that calibrate and n groups that judge, the coverage's deviation is
  // sqrt(2 * 0.9 * 0.1 / n): 0.7 % for the 3700 of each here.
  TrainOptions options;
  options.split.test = options.split.calibrate = 0.4;
  const std::vector<CaseSample> made = made_cases(6000);
  const Dataset data = split(made, options.split);
  const Trained result = train(made, {}, options);
  std::vector<ScoredCase> groups;
  for (const std::size_t c : data.cases_of(Side::kTest))
    for (ScoredCase& group : score_groups(result.bundle, data.cases[c])) groups.push_back(group);
  const double coverage = accuracy_of(groups).coverage;
  CHECK(groups.size() >= 3000);
  CHECK(coverage > 0.88);
  CHECK(coverage < 0.92);
}

TEST_CASE("the same samples and seed give the same bytes at any number of threads") {
  std::vector<CaseSample> cases = made_cases(600);
  const auto one = scratch("one"), three = scratch("three"), other = scratch("other");
  train(cases, {}, {.threads = 1}).bundle.save(one);
  train(cases, {}, {.threads = 3}).bundle.save(three);
  train(cases, {}, {.seed = 2}).bundle.save(other);
  CHECK(bytes_of(one) == bytes_of(three));
  CHECK(bytes_of(one) != bytes_of(other));
  for (const auto& file : {one, three, other}) std::filesystem::remove(file);
}

TEST_CASE("a bundle read back predicts the same and knows its chips") {
  const auto file = scratch("same");
  trained().bundle.save(file);
  const Bundle again = Bundle::load(file);
  const std::vector<CaseSample> cases = made_cases(20, 99);
  for (const CaseSample& sample : cases) {
    const ScoredCase a = score(trained().bundle, sample), b = score(again, sample);
    CHECK(a.cycles.predicted == b.cycles.predicted);
    CHECK(a.low == b.low);
    CHECK(a.high == b.high);
    CHECK(a.low < a.cycles.predicted);
    CHECK(a.high > a.cycles.predicted);
  }
  CHECK(!again.knows_chip("no such chip"));
  CHECK(again.provenance().chips.size() >= 12);
  again.save(scratch("twice"));
  CHECK(bytes_of(file) == bytes_of(scratch("twice")));
  std::filesystem::remove(file);
  std::filesystem::remove(scratch("twice"));
}

TEST_CASE("a bundle that is cut, damaged, foreign or of another version says which") {
  const auto file = scratch("bad");
  trained().bundle.save(file);
  const std::string good = bytes_of(file);
  const auto refused = [&](const std::string& bytes, const char* why) {
    write_file(file, bytes);
    CHECK_THROWS_WITH_AS(Bundle::load(file), doctest::Contains(why), Error);
  };
  refused(good.substr(0, good.size() / 2), "cut short");
  refused(good.substr(0, 20), "cut short");
  refused("", "no bundle");
  refused("PK something", "no bundle");
  std::string flipped = good;
  flipped[good.size() / 2] = static_cast<char>(flipped[good.size() / 2] ^ 1);
  refused(flipped, "checksum is wrong");
  std::string layout = good;
  layout[17] = 9;
  refused(layout, "layout 9");
  Bundle other = trained().bundle;
  other.parts().provenance.simulator_version = 1;
  other.save(file);
  CHECK_THROWS_WITH_AS(Bundle::load(file), doctest::Contains("learned from simulator 1"), Error);
  other.parts().provenance.feature_version = 99;
  other.save(file);
  CHECK_THROWS_WITH_AS(Bundle::load(file), doctest::Contains("version 99 of the features"), Error);
  std::filesystem::remove(file);
  CHECK_THROWS_WITH_AS(Bundle::load(file), doctest::Contains("cannot be read"), Error);
}

TEST_CASE("a feature beyond what was seen is out of range") {
  std::vector<CaseSample> cases = made_cases(1, 5);
  GroupFeatures group = cases.front().groups.front().features;
  const GroupFeatures* pointer = &group;
  GroupPrediction out;
  trained().bundle.predict({&pointer, 1}, {&out, 1});
  CHECK(!out.out_of_range);
  group.values[10] = 1000;
  trained().bundle.predict({&pointer, 1}, {&out, 1});
  CHECK(out.out_of_range);
}

TEST_CASE("a few samples of a chip that is slower throughout mend its bias") {
  Bundle bundle = trained().bundle;
  std::vector<CaseSample> cases = made_cases(60, 31);
  for (CaseSample& sample : cases) {
    sample.chip_hash = "slow";
    sample.latency_cycles *= 1.25;
    for (GroupSample& group : sample.groups) group.cycles *= 1.25;
  }
  const auto error = [&] {
    std::vector<ScoredCase> scored;
    for (std::size_t i = 10; i < cases.size(); ++i) scored.push_back(score(bundle, cases[i]));
    return accuracy_of(scored).mape;
  };
  const double before = error();
  adapt(bundle, std::span(cases).first(10));
  CHECK(error() < 0.5 * before);
  CHECK_THROWS_AS(adapt(bundle, {}), Error);
}

TEST_CASE("a bias that a few samples do not prove is left alone") {
  Bundle bundle = trained().bundle;
  std::vector<CaseSample> cases = made_cases(60, 32);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    cases[i].chip_hash = "noisy";
    cases[i].latency_cycles *= i % 3 == 0 ? 0.7 : 1.2;  // 7 of 10 are slower
  }
  CHECK(adapt(bundle, std::span(cases).first(10)) == 0);
  CHECK(bundle.parts().chip_factor.empty());
  // Five samples prove nothing, however much they agree; six that agree do.
  for (CaseSample& sample : cases) sample.latency_cycles *= 2;
  CHECK(adapt(bundle, std::span(cases).first(5)) == 0);
  CHECK(adapt(bundle, std::span(cases).first(6)) == 1);
  CHECK(bundle.parts().chip_factor.at("noisy") > 1);
}

TEST_CASE("the table judges groups, energy, and chips adapted to by 10 samples") {
  CHECK(row_of("boosted", "test", "group").cases > 500);
  CHECK(row_of("boosted", "test", "group").coverage > 0.8);
  CHECK(row_of("boosted", "test", "operator").energy_mape > 0);
  CHECK(row_of("boosted", "test", "operator").energy_mape <
        0.5 * row_of("prior", "test", "operator").energy_mape);
  const std::size_t all = row_of("boosted", "unseen chip", "operator").cases +
                          row_of("boosted", "unseen chip", "network").cases;
  const std::size_t judged = row_of("boosted", "unseen chip + 10", "operator").cases +
                             row_of("boosted", "unseen chip + 10", "network").cases;
  CHECK(judged < all);
  CHECK((all - judged) % 10 == 0);
  CHECK(row_of("boosted", "unseen chip + 0", "operator").cases ==
        row_of("boosted", "unseen chip + 10", "operator").cases);
}

TEST_CASE("too few samples are refused with how many are needed") {
  CHECK_THROWS_WITH_AS(train(made_cases(20), {}), doctest::Contains("too few"), Error);
}

}  // namespace presil
