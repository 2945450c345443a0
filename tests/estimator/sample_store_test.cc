#include "estimator/sample_store.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>

#include "core/error.h"
#include "sim/simulator_version.h"

namespace presil {
namespace {

/// A path of a file that goes with the test.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& name)
      : path_(std::filesystem::temp_directory_path() /
              ("presil_store_" + std::to_string(getpid()) + name)) {
    std::filesystem::remove(path_);
  }
  ~ScratchFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  operator const std::filesystem::path&() const { return path_; }  // NOLINT: a path with an end

 private:
  std::filesystem::path path_;
};

StoredCase a_case(const std::string& id, std::size_t groups = 2) {
  StoredCase result;
  result.case_id = id;
  result.options.assign("int8");
  CaseSample& sample = result.sample;
  sample.graph_hash = "graph of " + id;
  sample.chip_hash.assign("chip");
  sample.chip.assign("ne-base");
  sample.simulator_version = kSimulatorVersion;
  sample.level = Level::kSubgraph;
  sample.family.assign("conv");
  sample.latency_cycles = 12345.25;
  sample.energy_pj = 1e9 / 3;
  sample.link_cycles = 7;
  for (std::size_t i = 0; i < groups; ++i) {
    GroupSample group;
    group.name = id + std::to_string(i);
    group.kind.assign("Conv");
    group.features.hash.assign("0123456789abcdef");
    group.features.values = {1.5f, 0.1f, -3e30f};
    group.features.prior = {.cycles = 0.1, .energy_pj = 2};
    group.cycles = 10.125 + static_cast<double>(i);
    group.energy_pj = 1.0 / 7;
    sample.groups.push_back(group);
  }
  return result;
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("samples come back from the file as they went in, in the order of their keys") {
  const ScratchFile file("roundtrip");
  {
    SampleStore store = SampleStore::create_or_open(file);
    store.add(std::vector<StoredCase>{a_case("b"), a_case("a", 3)});
  }
  const std::vector<StoredCase> stored = SampleStore::open_read_only(file).stored();
  REQUIRE(stored.size() == 2);
  CHECK(stored[0].case_id == "a");
  CHECK(stored[0].sample.groups.size() == 3);
  const StoredCase expected = a_case("b");
  const CaseSample &read = stored[1].sample, &wrote = expected.sample;
  CHECK(read.graph_hash == wrote.graph_hash);
  CHECK(read.chip == wrote.chip);
  CHECK(read.simulator_version == wrote.simulator_version);
  CHECK(read.level == wrote.level);
  CHECK(read.family == wrote.family);
  CHECK(read.latency_cycles == wrote.latency_cycles);
  CHECK(read.energy_pj == wrote.energy_pj);
  CHECK(read.link_cycles == wrote.link_cycles);
  REQUIRE(read.groups.size() == 2);
  CHECK(read.groups[1].name == wrote.groups[1].name);
  CHECK(read.groups[1].features.hash == wrote.groups[1].features.hash);
  CHECK(read.groups[1].features.values == wrote.groups[1].features.values);
  CHECK(read.groups[1].features.prior.cycles == wrote.groups[1].features.prior.cycles);
  CHECK(read.groups[1].cycles == wrote.groups[1].cycles);
  CHECK(read.groups[1].energy_pj == wrote.groups[1].energy_pj);
}

TEST_CASE("a key that is there already is ignored with all its rows") {
  const ScratchFile file("twice");
  SampleStore store = SampleStore::create_or_open(file);
  store.add(std::vector<StoredCase>{a_case("a")});
  store.add(std::vector<StoredCase>{a_case("a", 5), a_case("b")});
  CHECK(store.counts().done == 2);
  CHECK(store.counts().rows == 4);
}

TEST_CASE("a failed case keeps its reason and is no training data") {
  const ScratchFile file("failed");
  SampleStore store = SampleStore::create_or_open(file);
  StoredCase bad = a_case("bad", 0);
  bad.failed = true;
  bad.reason.assign("cannot fit");
  store.add(std::vector<StoredCase>{bad, a_case("good")});
  CHECK(store.cases().size() == 1);
  CHECK(store.counts().reasons.at("cannot fit") == 1);
  CHECK(store.case_ids("b").contains("bad"));
}

TEST_CASE("the same graph on the same chip counts once, in another precision again") {
  const ScratchFile file("same");
  SampleStore store = SampleStore::create_or_open(file);
  StoredCase again = a_case("b"), other = a_case("c");
  again.sample.graph_hash = other.sample.graph_hash = a_case("a").sample.graph_hash;
  other.options.assign("w4a8");
  store.add(std::vector<StoredCase>{a_case("a"), again, other});
  CHECK(store.stored().size() == 3);
  CHECK(store.cases().size() == 2);
}

TEST_CASE("the two cases of a step edge are found again") {
  const ScratchFile file("pairs");
  SampleStore store = SampleStore::create_or_open(file);
  StoredCase low = a_case("2"), high = a_case("4"), alone = a_case("5");
  low.pair.assign("p");
  high.pair.assign("p");
  alone.pair.assign("q");
  store.add(std::vector<StoredCase>{a_case("1"), low, a_case("3"), high, alone});
  const auto pairs = store.edge_pairs();
  REQUIRE(pairs.size() == 1);
  CHECK(pairs[0] == std::pair<std::size_t, std::size_t>{1, 3});
}

TEST_CASE("merging adds what is new and says how much that was") {
  const ScratchFile one("one"), two("two");
  SampleStore left = SampleStore::create_or_open(one), right = SampleStore::create_or_open(two);
  left.add(std::vector<StoredCase>{a_case("a"), a_case("b")});
  right.add(std::vector<StoredCase>{a_case("b"), a_case("c", 4)});
  right.keep_note("plan x", "text");
  CHECK(left.merge(right) == 1);
  CHECK(left.counts().rows == 8);
  CHECK(left.note("plan x") == "text");
  CHECK(left.merge(right) == 0);
}

TEST_CASE("the first to write a note wins") {
  const ScratchFile file("notes");
  SampleStore store = SampleStore::create_or_open(file);
  CHECK(store.keep_note("k", "mine").compare("mine") == 0);
  CHECK(store.keep_note("k", "yours").compare("mine") == 0);
  CHECK(store.note("other").empty());
}

TEST_CASE("a database of another version is refused with both versions named") {
  for (const char* key : {"schema", "feature_version", "simulator_version"}) {
    const ScratchFile file(key);
    SampleStore::create_or_open(file);
    Database(file, Database::Mode::kWrite)
        .execute(fmt::format("UPDATE notes SET text = '-3' WHERE key = '{}'", key));
    for (const auto& open : {SampleStore::create_or_open, SampleStore::open_read_only}) {
      const std::string message = message_of([&] { open(file); });
      CHECK(message.find("made with version -3") != std::string::npos);
      CHECK(message.find("collect again") != std::string::npos);
    }
  }
}

TEST_CASE("a file that is no database of samples is refused and left alone") {
  const ScratchFile file("text");
  std::ofstream(file.operator const std::filesystem::path&()) << "name: ne-base, no database\n";
  CHECK(message_of([&] { SampleStore::create_or_open(file); }).find("no database") !=
        std::string::npos);
  CHECK(std::filesystem::file_size(file) == 27);
  const ScratchFile other("other");
  Database(other, Database::Mode::kWrite).execute("CREATE TABLE t(x)");
  CHECK(message_of([&] { SampleStore::create_or_open(other); }).find("none of samples") !=
        std::string::npos);
  const ScratchFile absent("absent");
  CHECK(message_of([&] { SampleStore::open_read_only(absent); }).find("no such file") !=
        std::string::npos);
}

TEST_CASE("a database that was cut short is refused") {
  const ScratchFile file("short");
  {
    SampleStore store = SampleStore::create_or_open(file);
    for (int i = 0; i < 50; ++i) store.add(std::vector<StoredCase>{a_case(std::to_string(i), 20)});
  }
  const auto size = std::filesystem::file_size(file);
  for (const auto part : {size / 2, size - 4096, std::uintmax_t{2000}, std::uintmax_t{50}}) {
    std::filesystem::resize_file(file, part);
    CHECK_THROWS_AS(SampleStore::open_read_only(file), Error);
  }
}

}  // namespace
}  // namespace presil
