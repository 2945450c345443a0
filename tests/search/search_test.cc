#include "search/search.h"

#include <filesystem>
#include <fstream>

#include "search/surrogate.h"
#include "search/variation.h"
#include "space_fixture.h"

namespace presil {
namespace {

/// 5^4 * 2 genomes of which the best are known by trying all.
SearchSpace wide_space() {
  return SearchSpace::read(R"(name: wide
input: {resolution: [16, 24, 32, 40, 48]}
stem: {channels: [8, 16, 24, 32, 40]}
stages:
  - {name: a, block: [ibn, fused_ibn], expansion: 2, channels: [8, 16, 24, 32, 40]}
  - {name: b, block: conv, kernel: [1, 3, 5, 7, 9], channels: 16}
head: {classes: 4}
)",
                           "wide.yaml");
}

Goal goal_of(std::vector<std::string> constraints = {}) {
  return parse_goal({"accuracy", "latency_us"}, constraints);
}

struct Setup {
  SearchSpace space = wide_space();
  Goal goal = goal_of();
  UnitCost cost;
  RuggedAccuracy accuracy;

  SearchResult run(SearchOptions options, Archive* archive = nullptr, int workers = 1) {
    Evaluator evaluator(space, cost, &accuracy, workers);
    return search(space, goal, evaluator, options, archive);
  }
};

SearchOptions options_for(const std::string& name, std::size_t evaluations = 150,
                          std::uint64_t seed = 1) {
  return {.algorithm = {.name = name, .seed = seed}, .evaluations = evaluations};
}

std::filesystem::path scratch(const std::string& name) {
  const auto file = std::filesystem::temp_directory_path() / ("presil_archive_" + name);
  std::filesystem::remove(file);
  return file;
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("A mutated genome differs and stays in the space") {
  const SearchSpace space = shipped_space("mobile_classifier");
  Random random(1);
  for (int i = 0; i < 500; ++i) {
    const Genome genome = space.random(random);
    const Genome child = mutated(space, genome, random);
    CHECK(child != genome);
    CHECK_NOTHROW(space.check(child, "child"));
  }
}

TEST_CASE("Neighbours differ in one gene, by one step where the axis is ordered") {
  const SearchSpace space = wide_space();
  const std::vector<Genome> all = neighbours(space, space.genome_of("0-2-1-4-2"));
  // resolution: one (end), stem: two, block: one other name, a.channels: one, kernel: two.
  CHECK(all.size() == 1 + 2 + 1 + 1 + 2);
}

TEST_CASE("Every algorithm is the same for the same seed, any number of workers, and any ask") {
  for (const std::string& name : algorithm_names()) {
    INFO(name);
    Setup setup;
    const SearchResult one = setup.run(options_for(name));
    const SearchResult same = setup.run(options_for(name), nullptr, 2);
    CHECK(one.evaluations.size() == 150);
    CHECK(one.evaluations == same.evaluations);
    CHECK(one.front == same.front);
    const SearchResult other = setup.run(options_for(name, 150, 2));
    CHECK(other.evaluations != one.evaluations);
    // A smaller budget is the beginning of a larger one, wherever it cuts a batch.
    const SearchResult less = setup.run(options_for(name, 77));
    CHECK(std::equal(less.evaluations.begin(), less.evaluations.end(), one.evaluations.begin()));
  }
}

TEST_CASE("Evolution, local search and NSGA-II find more than random search") {
  Setup setup;
  const auto volume = [&](const SearchResult& result) {
    std::vector<Objectives> points;
    for (const Evaluation& e : result.evaluations)
      points.push_back(setup.goal.minimised(e.measured));
    return hypervolume(points, {0, 20});
  };
  const auto mean = [&](const std::string& name) {
    double sum = 0;
    for (std::uint64_t seed = 1; seed <= 8; ++seed)
      sum += volume(setup.run(options_for(name, 200, seed)));
    return sum / 8;
  };
  const double random = mean("random");
  CHECK(mean("nsga2") > random);
  CHECK(mean("local") > random);
  CHECK(mean("evolution") > random);
}

TEST_CASE("A learned prefilter needs no more evaluations than the algorithm alone") {
  Setup setup;
  const auto mean = [&](bool filtered) {
    double sum = 0;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      SearchOptions options = options_for("nsga2", 100, seed);
      options.algorithm.population = 20;
      if (filtered) options.algorithm.prefilter = learned_prefilter(setup.space, setup.goal);
      std::vector<Objectives> points;
      for (const Evaluation& e : setup.run(options).evaluations)
        points.push_back(setup.goal.minimised(e.measured));
      sum += hypervolume(points, {0, 20});
    }
    return sum;
  };
  CHECK(mean(true) > mean(false));
}

TEST_CASE("A prefilter by cheap numbers keeps the best of them") {
  const SearchSpace space = wide_space();
  const Prefilter filter = prefilter_by([](const Genome& genome) -> Objectives {
    if (genome.genes[0] == 4) return {};  // no network
    return {static_cast<double>(genome.genes[1])};
  });
  const std::vector<Genome> candidates{space.genome_of("4-0-0-0-0"), space.genome_of("0-3-0-0-0"),
                                       space.genome_of("0-1-0-0-0"), space.genome_of("0-2-0-0-0")};
  CHECK(filter({}, candidates, 2) == std::vector<std::size_t>{2, 3});
}

TEST_CASE("Constraints come first: what meets them is the front, and nothing else is") {
  Setup setup;
  setup.goal = goal_of({"latency_us <= 3", "params_kib <= 60"});
  for (const std::string& name : algorithm_names()) {
    const SearchResult result = setup.run(options_for(name));
    INFO(name);
    REQUIRE(!result.front.empty());
    for (const std::size_t i : result.front)
      CHECK(setup.goal.violation(result.evaluations[i].measured) == 0);
  }
  setup.goal = goal_of({"latency_us <= 0.0001"});
  const SearchResult none = setup.run(options_for("nsga2"));
  CHECK(none.front.empty());
  CHECK(none.infeasible.find("no network of 150 meets 'latency_us <= 0.0001'; the nearest has") ==
        0);
}

TEST_CASE("A killed search goes on from its archive to the identical result and file") {
  for (const std::string& name : algorithm_names()) {
    INFO(name);
    Setup setup;
    const auto whole_file = scratch("whole"), cut_file = scratch("cut");
    SearchResult whole;
    {
      Archive archive(whole_file, setup.space, "settings");
      whole = setup.run(options_for(name), &archive);
    }
    const std::string text = text_of(whole_file);
    // Killed in the middle of a line.
    std::ofstream(cut_file, std::ios::binary) << text.substr(0, text.size() * 2 / 3);
    const int before = setup.cost.calls;
    {
      Archive archive(cut_file, setup.space, "settings");
      CHECK(archive.earlier().size() > 50);
      const SearchResult again = setup.run(options_for(name), &archive);
      CHECK(again.evaluations == whole.evaluations);
      CHECK(again.front == whole.front);
    }
    CHECK(setup.cost.calls - before < 100);
    CHECK(text_of(cut_file) == text);
  }
}

TEST_CASE("An archive of another search, a damaged one and one in use are refused") {
  Setup setup;
  const auto file = scratch("refused");
  {
    Archive archive(file, setup.space, "seed 1");
    CHECK(message_of([&] { Archive(file, setup.space, "seed 1"); }).find("another program") !=
          std::string::npos);
    setup.run(options_for("random", 5), &archive);
  }
  CHECK(message_of([&] {
          Archive(file, setup.space, "seed 2");
        }).find("is the archive of another search") != std::string::npos);
  CHECK(message_of([&] {
          Archive(file, small_space(), "seed 1");
        }).find("is the archive of another search") != std::string::npos);
  {
    Archive archive(file, setup.space, "seed 1");
    CHECK(message_of([&] {
            setup.run(options_for("random", 5, 2), &archive);
          }).find("another course") != std::string::npos);
  }
  std::ofstream(file, std::ios::app) << "rubbish\n";
  CHECK(message_of([&] { Archive(file, setup.space, "seed 1"); }).find(":7: damaged") !=
        std::string::npos);
}

TEST_CASE("An evaluation survives its line exactly") {
  const SearchSpace space = wide_space();
  Evaluation e{.genome = space.genome_of("1-2-0-3-4"), .failure = "", .measured = {}};
  e.measured = {.cost = {.latency_us = 1.0 / 3,
                         .energy_pj = 1e10 / 7,
                         .parameter_bytes = 5,
                         .peak_activation_bytes = 6,
                         .peak_sram_bytes = 7,
                         .memory_bytes = 8},
                .macs = 9,
                .accuracy = 0.1};
  CHECK(parse_evaluation(space, evaluation_line(space, e)) == e);
  e = {.genome = e.genome, .failure = "does \"not\" fit\nat all", .measured = {}};
  CHECK(evaluation_line(space, e).find('\n') == std::string::npos);
  CHECK(parse_evaluation(space, evaluation_line(space, e)) == e);
}

TEST_CASE("An unknown algorithm is named with the nearest") {
  const SearchSpace space = wide_space();
  const Goal goal = goal_of();
  CHECK(
      message_of([&] { Algorithm(space, goal, {.name = "nsga3"}); }) ==
      "unknown algorithm 'nsga3' (did you mean 'nsga2'?); known: random, evolution, local, nsga2");
}

}  // namespace presil
