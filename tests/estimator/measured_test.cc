#include "estimator/measured.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "core/error.h"
#include "core/output_file.h"
#include "core/random.h"

namespace presil {

namespace {

/// 2 columns matter: 3 cycles for each of the one, 5 for each of the other.
std::vector<MeasuredCase> made_cases(int count, double noise) {
  Random random(8);
  std::vector<MeasuredCase> cases;
  for (int i = 0; i < count; ++i) {
    MeasuredCase made{.name = fmt::format("net{}", i), .groups = {}};
    const std::int64_t groups = random.integer(1, 6);
    for (std::int64_t g = 0; g < groups; ++g) {
      GroupFeatures group{.hash = "", .values = {}, .prior = {1, 1}};
      for (std::size_t c = 0; c < feature_table().size(); ++c)
        group.values.push_back(c < 8 ? static_cast<float>(random.integer(1, 1000)) : 1.0F);
      made.cycles += static_cast<double>(3 * group.values[2] + 5 * group.values[6]);
      made.groups.push_back(std::move(group));
    }
    made.cycles *= std::exp(noise * random.normal());
    cases.push_back(std::move(made));
  }
  return cases;
}

ChipSpec ne_base() { return load_chip(find_chip("ne-base", PRESIL_SOURCE_DIR "/chips")); }

std::filesystem::path csv_of(const std::string& text) {
  const auto file =
      std::filesystem::temp_directory_path() / fmt::format("presil_measured_{}.csv", getpid());
  write_file(file, text);
  return file;
}

void refused(const std::string& text, const char* why) {
  const auto file = csv_of(text);
  CHECK_THROWS_WITH_AS(read_measured(file, ne_base()), doctest::Contains(why), Error);
  std::filesystem::remove(file);
}

}  // namespace

TEST_CASE("Sums over groups are enough to find what each column costs") {
  const std::vector<MeasuredCase> cases = made_cases(200, 0);
  std::vector<const MeasuredCase*> pointers;
  for (const MeasuredCase& each : cases) pointers.push_back(&each);
  MeasuredOptions options;
  options.penalty = 1e-8;
  options.boost.rounds = 0;
  const AdditiveRegressor model = fit_additive(pointers, options);
  CHECK(model.weights[2] == doctest::Approx(3).epsilon(0.02));
  CHECK(model.weights[6] == doctest::Approx(5).epsilon(0.02));
  CHECK(model.weights[4] < 0.05);
  for (const double weight : model.weights) CHECK(weight >= 0);
}

TEST_CASE("A bundle of measurements is judged on folds that it did not see, and covers them") {
  const TrainedMeasured trained = train_measured(made_cases(300, 0.03), ne_base(), "the hash");
  CHECK(trained.additive.cases == 300);
  CHECK(trained.additive.mape < 0.06);
  CHECK(trained.linear.mape < 0.06);
  CHECK(trained.bundle.provenance().source == "measured");
  CHECK(trained.bundle.knows_chip("the hash"));
  std::size_t covered = 0;
  const std::vector<MeasuredCase> cases = made_cases(300, 0.03);
  for (const MeasuredCase& each : cases) {
    std::vector<const GroupFeatures*> groups;
    for (const GroupFeatures& group : each.groups) groups.push_back(&group);
    std::vector<GroupPrediction> out(groups.size());
    trained.bundle.predict(groups, out, "the hash");
    const Interval interval = trained.bundle.network_interval(out, true);
    covered += interval.low <= each.cycles && each.cycles <= interval.high;
  }
  CHECK(covered >= 270);
}

TEST_CASE("Measurements too few to learn from are refused with how many are needed") {
  CHECK_THROWS_WITH_AS(train_measured(made_cases(19, 0), ne_base(), ""),
                       doctest::Contains("at least 20"), Error);
}

TEST_CASE("Latencies are read in milliseconds, microseconds or cycles of the chip's clock") {
  for (const auto& [column, value] :
       {std::pair{"latency_ms", "2"}, std::pair{"latency_us", "2000"}}) {
    const auto file = csv_of(fmt::format("model,{}\nds_cnn,{}\n", column, value));
    const std::vector<MeasuredCase> cases = read_measured(file, ne_base());
    REQUIRE(cases.size() == 1);
    CHECK(cases.front().name == "ds_cnn");
    CHECK(!cases.front().groups.empty());
    CHECK(cases.front().cycles == doctest::Approx(2000 * ne_base().clock_mhz));
    std::filesystem::remove(file);
  }
}

TEST_CASE("A CSV without networks, without latencies or with one that is no time says so") {
  refused("name,latency_ms\nds_cnn,1\n", "neither a column `model` nor `arch_str`");
  refused("model,latency\nds_cnn,1\n", "no column `latency_ms`");
  refused("model,latency_ms\nds_cnn,0\n", "the latency of ds_cnn must be > 0");
  refused("model,latency_ms\nno_such_net,1\n", "no_such_net");
}

}  // namespace presil
