#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "command_line.h"
#include "core/csv.h"
#include "tests/profiler/json_keys.h"

namespace presil {

namespace {

/// The lines over all chips of a table of accuracy; figures by column.
std::map<std::string, std::map<std::string, double>> accuracy_of(const std::string& file) {
  std::map<std::string, std::map<std::string, double>> lines;
  const CsvTable table = CsvTable::read(file);
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (table.text(row, "chip") != "all") continue;
    auto& line = lines[table.text(row, "model") + ", " + table.text(row, "set") + ", " +
                       table.text(row, "level") + ", " + table.text(row, "family")];
    for (const char* column :
         {"cases", "mape", "median", "p95", "worst", "within_5", "within_10", "bias", "kendall_tau",
          "spearman", "near_pairs_in_order", "coverage_90", "energy_mape", "energy_median",
          "energy_within_5", "energy_within_10"})
      line[column] = table.real(row, column);
  }
  return lines;
}

/// The estimator is deterministic; only another compiler's or library's rounding may show.
constexpr double kTolerance = 1e-3;

void check_against_golden(const std::string& file, const std::string& name) {
  const auto golden = accuracy_of(PRESIL_SOURCE_DIR "/tests/golden/estimator/" + name);
  const auto now = accuracy_of(file);
  for (const auto& [line, unused] : now)
    CHECK_MESSAGE(golden.contains(line), name << " has no line " << line);
  for (const auto& [line, figures] : golden) {
    CHECK_MESSAGE(now.contains(line), name << ": nothing is " << line << " any more");
    if (!now.contains(line)) continue;
    for (const auto& [column, value] : figures)
      CHECK_MESSAGE(
          std::abs(now.at(line).at(column) - value) <= kTolerance * std::max(1.0, std::abs(value)),
          name << ", " << line << ": " << column << " is " << now.at(line).at(column) << ", was "
               << value << "; if the change is meant, run scripts/renew_golden.sh estimator");
  }
}

}  // namespace

TEST_CASE("A small estimator is trained, is as accurate as was reviewed, estimates and searches") {
  const ScratchFolder folder;
  const std::string db = folder / "s.db", est = folder / "e.est";
  const Outcome collected =
      presil_run("collect --plan small --samples 600 --workers 2 --out " + db);
  CHECK(collected.code == 0);
  CHECK(collected.has("600 cases"));
  const Outcome trained =
      presil_run("train " + db + " --out " + est + " --report " + (folder / "trained.csv"));
  CHECK(trained.code == 0);
  CHECK(trained.has("boosted  test"));
  CHECK(trained.has("prior    test"));
  check_against_golden(folder / "trained.csv", "trained.csv");

  const Outcome estimated = presil_run("estimate mobilenet_v2 --chip ne-base --estimator " + est +
                                       " --csv " + (folder / "groups.csv"));
  CHECK(estimated.code == 0);
  CHECK(estimated.has("90 % interval"));
  CHECK(folder.read("groups.csv").starts_with("group,kind,shape,macs,cycles,low,high,"));
  // Memory is computed, exactly as in a run.
  CHECK(estimated.has("13.3 MiB of parameters"));
  CHECK(presil_run("simulate mobilenet_v2 --chip ne-base").has("parameters 13.3 MiB"));

  const Outcome compared =
      presil_run("compare --estimator " + est +
                 " --models mobilenet_v2,resnet18,no_such_net --chips ne-nano,ne-base --csv " +
                 (folder / "c.csv") + " --groups " + (folder / "g.csv") + " --accuracy " +
                 (folder / "compared.csv") + " --json " + (folder / "c.json"));
  CHECK(compared.code == 0);
  CHECK(compared.has("worst group"));
  CHECK(compared.has("not compared: no_such_net on ne-base: "));
  CHECK(compared.has("operator Conv"));
  CHECK(compared.has("subgraph on ne-nano"));
  CHECK(compared.has("speed-up: median"));
  CHECK(folder.read("c.csv").starts_with("model,chip,status,simulated_cycles,estimated_cycles,"));
  CHECK(folder.read("g.csv").starts_with("model,chip,level,group,family,stages,simulated_cycles,"));
  check_against_golden(folder / "compared.csv", "compared.csv");
  std::set<std::string> keys;
  collect_keys(Json::parse(folder.read("c.json")), "", keys);
  CHECK(keys == documented_keys("## `kind: compare`"));

  const Outcome drawn =
      presil_run("compare --estimator " + est + " --spaces nb201 --draws 3 --chips ne-nano --csv " +
                 (folder / "d.csv"));
  CHECK(drawn.code == 0);
  CHECK(drawn.has("network  nb201"));
  CHECK(folder.read("d.csv").find("\nnb201:") != std::string::npos);

  const Outcome searched = presil_run(
      "search nb201 --chip ne-base --objective latency_ms --objective max:macs_m "
      "--evaluations 20 --cost learned:" +
      est);
  CHECK(searched.code == 0);
  CHECK(searched.has("estimator on this front: MAPE"));
  CHECK(presil_run("search nb201 --chip ne-base --objective peak_sram_kib --cost learned:" + est)
            .has("the estimator does not know it"));
}

TEST_CASE("Mistakes around an estimator are named with what would do") {
  const ScratchFolder folder;
  CHECK(presil_run("estimate mobilenet_v2 --chip ne-base").has("--estimator is missing"));
  CHECK(presil_run("estimate mobilenet_v2 --chip ne-base --estimator " + (folder / "none.est"))
            .is_user_error());
  const std::string rubbish = folder.write("rubbish.est", "no bundle at all\n");
  const Outcome wrong = presil_run("estimate mobilenet_v2 --chip ne-base --estimator " + rubbish);
  CHECK(wrong.is_user_error());
  CHECK(presil_run("compare --models mobilenet_v2 --chips ne-base").has("--estimator is missing"));
  const std::string compare =
      "compare --models mobilenet_v2 --chips ne-base --estimator " + rubbish;
  CHECK(presil_run(compare).is_user_error());
  CHECK(presil_run(compare + " --draws 0").has("--draws must be 1..100000"));
  CHECK(presil_run(compare + " --html -").has("name a file"));
  CHECK(presil_run("train --out x.est").is_user_error());
}

}  // namespace presil
