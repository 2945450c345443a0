#include "estimator/collect.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "core/error.h"
#include "estimator/mined_shapes.h"
#include "estimator/sample_bytes.h"
#include "estimator/sample_export.h"
#include "models/import.h"

namespace presil {
namespace {

class Folder {
 public:
  Folder()
      : path_(std::filesystem::temp_directory_path() / fmt::format("presil_collect_{}", getpid())) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

constexpr const char* kPlan = R"(
seed: 5
cases: 60
families: {conv: 2, pointwise: 2, depthwise: 1, outputs_edge: 1, ibn: 1, mined_operator: 1}
ranges: {channels_max: 64, extent_max: 24, operator_macs: 2e6, subgraph_macs: 4e6}
options: {int8: 3, w4a8: 1}
chips: {ne-nano: 1}
random_chips:
  count: 3
  weight: 1
  bases: {ne-nano: 1}
  vary:
    - {key: mac_array.parallelism_factor, from: 8, to: 32, multiple: 8}
    - {key: sram.kib, from: 64, to: 256, scale: power_of_two}
networks: {mobilenet_v2: test, squeezenet: mined}
)";

SamplePlan plan_of(const Folder& folder, const std::string& text) {
  std::ofstream(folder / "plan.yaml") << text;
  return load_plan(folder / "plan.yaml");
}

CaseSource source_of(const SamplePlan& plan) {
  std::vector<Graph> mined, tests;
  for (const std::string& name : plan.mined_networks) mined.push_back(load_network(name));
  for (const std::string& name : plan.test_networks) tests.push_back(load_network(name));
  return {plan, sample_chips(plan, std::filesystem::path(PRESIL_SOURCE_DIR) / "chips"),
          std::move(mined), tests};
}

/// All that a store holds, as text.
std::string content(const std::filesystem::path& file) {
  std::string text;
  for (const StoredCase& stored : SampleStore::open_read_only(file).stored())
    text += to_bytes(stored);
  return text;
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("workers, shards and interruptions change nothing in what is collected") {
  const Folder folder;
  const CaseSource source = source_of(plan_of(folder, kPlan));
  const auto collect_into = [&](const char* name, CollectOptions options) {
    SampleStore store = SampleStore::create_or_open(folder / name);
    if (options.cases == 0) options.cases = 60;
    return collect(source, store, options);
  };
  const Collected all = collect_into("one.db", {.workers = 1});
  CHECK(all.done + all.failed == 60);
  CHECK(all.done >= 58);
  const std::string expected = content(folder / "one.db");

  collect_into("two.db", {.workers = 2});
  CHECK(content(folder / "two.db") == expected);

  collect_into("part.db", {.cases = 23});
  const Collected rest = collect_into("part.db", {});
  CHECK(rest.there == 23);
  CHECK(content(folder / "part.db") == expected);

  for (const std::size_t shard : {1, 2, 3})
    collect_into(fmt::format("shard{}.db", shard).c_str(), {.shard = shard, .shards = 3});
  SampleStore merged = SampleStore::create_or_open(folder / "merged.db");
  for (const int shard : {3, 1, 2})
    merged.merge(SampleStore::open_read_only(folder / fmt::format("shard{}.db", shard)));
  CHECK(content(folder / "merged.db") == expected);
}

TEST_CASE("collectors that are killed at any point lose and double nothing") {
  const Folder folder;
  const CaseSource source = source_of(plan_of(folder, kPlan));
  const auto start = [&] {
    const pid_t pid = fork();
    if (pid != 0) return pid;
    SampleStore store = SampleStore::create_or_open(folder / "killed.db");
    collect(source, store, {.cases = 60});
    _exit(0);
  };
  for (int i = 1; i <= 6; ++i) {
    const pid_t one = start(), other = start();  // two at a time
    usleep(static_cast<useconds_t>(i * 15'000));
    kill(one, SIGKILL);
    if (i % 2 == 0) kill(other, SIGKILL);
    waitpid(one, nullptr, 0);
    waitpid(other, nullptr, 0);
  }
  SampleStore store = SampleStore::create_or_open(folder / "killed.db");
  collect(source, store, {.cases = 60});
  SampleStore whole = SampleStore::create_or_open(folder / "whole.db");
  collect(source, whole, {.cases = 60});
  CHECK(content(folder / "killed.db") == content(folder / "whole.db"));
}

TEST_CASE("a full disk is an error with a remedy and what was kept before stays") {
  const Folder folder;
  const CaseSource source = source_of(plan_of(folder, kPlan));
  {
    SampleStore store = SampleStore::create_or_open(folder / "full.db");
    collect(source, store, {.cases = 10});
  }
  const std::string before = content(folder / "full.db");
  const pid_t pid = fork();
  if (pid == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{std::filesystem::file_size(folder / "full.db") + 8192, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &limit);
    const std::string message = message_of([&] {
      SampleStore store = SampleStore::create_or_open(folder / "full.db");
      collect(source, store, {.cases = 60});
    });
    _exit(message.find("disk full") != std::string::npos ? 3 : 4);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  CHECK(WEXITSTATUS(status) == 3);
  CHECK(content(folder / "full.db") == before);
  SampleStore store = SampleStore::create_or_open(folder / "full.db");
  CHECK(collect(source, store, {.cases = 60}).there == 10);
}

TEST_CASE("a case that takes too long is a failed row with its reason") {
  const Folder folder;
  const CaseSource source = source_of(plan_of(folder, kPlan));
  SampleStore store = SampleStore::create_or_open(folder / "slow.db");
  const Collected collected = collect(source, store, {.seconds_a_case = 1e-6, .cases = 3});
  CHECK(collected.done + collected.failed == 3);
  CHECK(collected.failed >= 1);
  CHECK(store.counts().reasons.begin()->first.find("took longer") != std::string::npos);
}

TEST_CASE("no case has a group of a test network") {
  const Folder folder;
  std::string text = kPlan;
  text.replace(text.find("mobilenet_v2: test"), 18, "squeezenet: test");
  text.replace(text.find(", squeezenet: mined"), 19, ", mobilenet_v2: mined");
  const CaseSource source = source_of(plan_of(folder, text));
  CHECK(source.excluded().size() > 10);
  SampleStore store = SampleStore::create_or_open(folder / "tests.db");
  collect(source, store, {.cases = 40});
  for (const CaseSample& sample : store.cases())
    for (const GroupSample& group : sample.groups)
      CHECK(!source.excluded().contains(group.features.hash));
}

TEST_CASE("step edges come in pairs that differ by one channel on one chip") {
  const Folder folder;
  const CaseSource source = source_of(plan_of(folder, kPlan));
  SampleStore store = SampleStore::create_or_open(folder / "edges.db");
  collect(source, store, {.cases = 60});
  const std::vector<CaseSample> cases = store.cases();
  const auto pairs = store.edge_pairs();
  CHECK(pairs.size() >= 5);
  for (const auto& [low, high] : pairs) {
    CHECK(cases[low].family == "outputs_edge");
    CHECK(cases[low].chip_hash == cases[high].chip_hash);
    CHECK(cases[low].graph_hash != cases[high].graph_hash);
  }
}

TEST_CASE("every family makes cases that run") {
  const Folder folder;
  SamplePlan plan = plan_of(folder, kPlan);
  plan.families.clear();
  for (const auto families : {case_families(), mined_families()})
    for (const CaseFamily& family : families) plan.families.emplace_back(family.name, 1);
  plan.ranges.network_macs = 1e8;
  const std::size_t cases = plan.families.size() + 4;  // four are pairs
  const CaseSource source = source_of(plan);
  SampleStore store = SampleStore::create_or_open(folder / "families.db");
  collect(source, store, {.workers = 2, .cases = cases});
  const StoreCounts counts = store.counts();
  for (const auto& [reason, count] : counts.reasons) MESSAGE(reason);
  CHECK(counts.failed == 0);
  CHECK(counts.families.size() == plan.families.size());
}

TEST_CASE("a cut of a network has the layers asked for and what is fused behind them") {
  const Graph network = load_network("mobilenet_v2");
  const Graph piece = cut(network, 0, 1);
  CHECK(piece.ops().front().kind == OpKind::kConv);
  CHECK(piece.ops().size() == 2);  // and its ReLU6
  CHECK(piece.inputs().size() == 1);
  CHECK(cut(network, 0, network.ops().size()).hash() == network.hash());
}

TEST_CASE("a round of refinement keeps its choice and prefers where the judge expects error") {
  const Folder folder;
  const CaseSource source = source_of(
      plan_of(folder, std::string(kPlan) + "refine: {rounds: 1, cases: 6, candidates: 3}"));
  SampleStore store = SampleStore::create_or_open(folder / "refine.db");
  int lessons = 0;
  const CaseTeacher teacher = [&](const SampleStore&) -> CaseJudge {
    ++lessons;
    return
        [](const std::vector<GroupFeatures>& groups) { return static_cast<double>(groups.size()); };
  };
  const CasePlanner planner = [](const Graph& graph, const ChipSpec&, const CompileOptions&) {
    return std::vector<GroupFeatures>(graph.ops().size());
  };
  const auto chosen = choose_cases(source, store, 1, teacher, planner);
  CHECK(chosen.size() == 6);
  CHECK(choose_cases(source, store, 1, teacher, planner) == chosen);
  CHECK(lessons == 1);
  CHECK(collect_cases(source, store, chosen, {}).done >= 5);
  CHECK(choose_cases(
            source, store, 2, [](const SampleStore&) { return CaseJudge(); }, planner)
            .empty());
}

TEST_CASE("mistakes in a plan are named with line, key and remedy") {
  const Folder folder;
  const auto message = [&](const std::string& from, const std::string& to) {
    std::string text = kPlan;
    text.replace(text.find(from), from.size(), to);
    return message_of([&] { source_of(plan_of(folder, text)); });
  };
  CHECK(message("conv: 2", "convv: 2").find("did you mean 'conv'") != std::string::npos);
  CHECK(message("seed: 5", "sed: 5").find("did you mean 'seed'") != std::string::npos);
  CHECK(message("w4a8", "w4b8").find("options.w4b8") != std::string::npos);
  CHECK(message("from: 8, to: 32", "from: 8, to: 3").find("must be >= 8") != std::string::npos);
  CHECK(message("sram.kib", "sram.kibb").find("no valid chip") != std::string::npos);
  CHECK(message("squeezenet: mined", "resnet18: test").find("needs networks to cut from") !=
        std::string::npos);
}

TEST_CASE("exports have a row a group and a column a feature") {
  const Folder folder;
  const CaseSource source = source_of(plan_of(folder, kPlan));
  SampleStore store = SampleStore::create_or_open(folder / "export.db");
  const Collected collected = collect(source, store, {.cases = 10});
  std::ostringstream csv, libsvm;
  export_samples(store, ExportFormat::kCsv, csv);
  export_samples(store, ExportFormat::kLibsvm, libsvm);
  const auto count = [](const std::string& text, char c) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), c));
  };
  CHECK(count(csv.str(), '\n') == collected.rows + 1);
  CHECK(count(csv.str(), ',') == (collected.rows + 1) * (feature_table().size() + 13));
  CHECK(count(libsvm.str(), '\n') == collected.rows);
}

TEST_CASE("the plans that come with presil can be read") {
  for (const char* name : {"default", "small"})
    CHECK(load_plan(std::filesystem::path(PRESIL_SOURCE_DIR) / "estimator" / "plans" /
                    fmt::format("{}.yaml", name))
              .cases > 0);
}

}  // namespace
}  // namespace presil
