// The plug-in points: costs and accuracies.

#include <filesystem>
#include <fstream>

#include "search/accuracy_command.h"
#include "search/accuracy_table.h"
#include "search/simulated_cost.h"
#include "search/stored_bytes.h"
#include "space_fixture.h"

namespace presil {
namespace {

ChipSpec ne_base() {
  return load_chip(std::filesystem::path(PRESIL_SOURCE_DIR) / "chips/ne-base.yaml");
}

struct Sample {
  SearchSpace space = small_space();
  Genome genome = space.genome_of("0-0-0-0");
  Network network = std::get<Network>(space.decode(genome));
  Candidate candidate() const { return {space, genome, network}; }
};

std::filesystem::path scratch(const std::string& name, const std::string& text) {
  const auto file = std::filesystem::temp_directory_path() / ("presil_search_" + name);
  std::ofstream(file) << text;
  return file;
}

double score_with(const std::string& command, int attempts = 1, double seconds = 20) {
  const Sample sample;
  return CommandAccuracy({.command = command, .seconds = seconds, .attempts = attempts})
      .score(sample.candidate());
}

}  // namespace

TEST_CASE("The simulated cost is that of a run") {
  const Sample s;
  const ChipSpec chip = ne_base();
  const Cost cost = SimulatedCost(chip).cost(s.network.graph, {});
  const RunResult r = run(s.network.graph, chip);
  CHECK(cost.latency_us == r.microseconds(r.latency));
  CHECK(cost.energy_pj == r.energy.total.total().value);
  CHECK(cost.peak_sram_bytes == r.peak_sram.value);
  CHECK(cost.memory_bytes == (r.memory_read + r.memory_written).value);
  CHECK(cost.parameter_bytes == stored_parameter_bytes(s.network.graph, r.compiled.precision));
  CHECK(cost == SimulatedCost(chip).cost(s.network.graph, {}));
}

TEST_CASE("A stage's precision reaches the simulated cost") {
  const Sample s;
  const SimulatedCost model(ne_base());
  const PrecisionOptions narrow{.network = {}, .layers = {{"a.*", parse_precision("w4a8")}}};
  CHECK(model.cost(s.network.graph, narrow).parameter_bytes <
        model.cost(s.network.graph, {}).parameter_bytes);
}

TEST_CASE("Stored activations are as wide as they run, and activations take their place") {
  LayerBuilder b("line", Padding::kSame);
  TensorId x = b.input("x", {1, 4, 8, 8});
  x = b.conv(x, {.channels = 16, .activation = Activation::kRelu});
  b.output(b.conv(x, {.channels = 8}));
  const Graph graph = std::move(b).finish();
  const PrecisionPlan plan = plan_precision(graph, ne_base(), {});  // int8
  // Both maps of the second convolution: 64 positions, 16 + 8 channels of a byte.
  CHECK(stored_peak_activation_bytes(graph, plan) == 64 * (16 + 8));
}

TEST_CASE("A table gives the accuracy of the network's key") {
  const auto file = scratch("table.csv", "key,top1\n0-0-0-0,61.5\n1-0-0-0,62\n");
  const Sample s;
  const TableAccuracy table(file, "top1");
  CHECK(table.size() == 2);
  CHECK(table.score(s.candidate()) == 61.5);
  const Genome other = s.space.genome_of("2-0-0-0");
  CHECK(message_of([&] {
          table.score({s.space, other, s.network});
        }).find("has no row for network 2-0-0-0") != std::string::npos);
  scratch("table.csv", "key,top1\na,1\na,2\n");
  CHECK(message_of([&] { TableAccuracy(file, "top1"); }).find("'a' stands twice in column key") !=
        std::string::npos);
}

TEST_CASE("A command is given the network and its choices and prints the score last") {
  CHECK(score_with("test_it() { test -s \"$1\" && grep -q '\"a.block\": \"ibn\"' \"$2\" && "
                   "echo training... && echo 71.25; }; test_it") == 71.25);
}

TEST_CASE("A command that fails, hangs or prints rubbish is tried again and then named") {
  CHECK(message_of([] { score_with("exit 3 #", 2); }) ==
        "'exit 3 #' left with exit code 3 (attempt 2 of 2)");
  CHECK(message_of([] { score_with("echo great #"); }) ==
        "'echo great #' printed 'great' where a finite number must stand last (attempt 1 of 1)");
  CHECK(message_of([] { score_with("echo nan #"); }).find("a finite number") != std::string::npos);
  CHECK(message_of([] { score_with("sleep 30 #", 1, 0.2); }) ==
        "'sleep 30 #' took longer than 0.2 s and was ended (attempt 1 of 1)");
  CHECK(message_of([] { score_with("kill -9 $$ #"); }).find("was killed by signal 9") !=
        std::string::npos);
}

TEST_CASE("A command that fails once is tried again, and every attempt is recorded") {
  const auto flag = std::filesystem::temp_directory_path() / "presil_search_flag";
  const auto log = std::filesystem::temp_directory_path() / "presil_search_log";
  std::filesystem::remove(flag);
  std::filesystem::remove(log);
  const std::string command =
      fmt::format("if test -e {0}; then echo 5; else touch {0}; exit 1; fi #", flag.string());
  const Sample s;
  CHECK(CommandAccuracy({.command = command, .seconds = 20, .attempts = 2, .log = log})
            .score(s.candidate()) == 5);
  std::ifstream in(log);
  std::string first, second;
  std::getline(in, first);
  std::getline(in, second);
  CHECK(first.find("\"failure\":\"left with exit code 1\"") != std::string::npos);
  CHECK(second.find("\"score\":5.0") != std::string::npos);
}

}  // namespace presil
