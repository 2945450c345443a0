#include "core/yaml_reader.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

#include "core/error.h"

namespace presil {
namespace {

YamlMap map_of(const std::string& text) { return {"a.yaml", "", load_yaml_text(text, "a.yaml")}; }

TEST_CASE("values come back as they stand in the text") {
  YamlMap map =
      map_of("n: 2.5\ni: -3\nb: true\nt: hello\nw: two\ns: {x: 1}\nl: [{y: 1}, {y: 2}]\n");
  CHECK(map.number("n", {}) == 2.5);
  CHECK(map.integer("i", {}) == -3);
  CHECK(map.boolean("b", false));
  CHECK(map.text("t") == "hello");
  CHECK(map.choice("w", {"one", "two"}, 0) == 1);
  CHECK(map.map("s").integer("x", {}) == 1);
  CHECK(map.list("l")[1].integer("y", {}) == 2);
  CHECK_NOTHROW(map.finish());
}

TEST_CASE("an absent key takes its default") {
  YamlMap map = map_of("a: 1\n");
  CHECK(map.number("n", {}, 7) == 7);
  CHECK(map.integer("i", {}, 8) == 8);
  CHECK(map.boolean("b", true));
  CHECK(map.text("t", "none") == "none");
  CHECK(map.choice("w", {"one", "two"}, 1) == 1);
  CHECK(map.map_or_empty("s").integer("x", {}, 9) == 9);
}

TEST_CASE("each wrong value is one line with file, line, path, rule and value") {
  const auto integer = [](YamlMap& m) { m.map("s").integer("k", {.min = 1, .max = 9}); };
  struct Row {
    const char *value, *text;
  };
  const Row rows[] = {
      {"0", "a.yaml:2: s.k: must be >= 1, is 0"},
      {"10", "a.yaml:2: s.k: must be <= 9, is 10"},
      {"1.5", "a.yaml:2: s.k: must be a whole number, is 1.5"},
      {"1e400", "a.yaml:2: s.k: must be a number, is '1e400'"},
      {".inf", "a.yaml:2: s.k: must be a number, is '.inf'"},
      {".nan", "a.yaml:2: s.k: must be a number, is '.nan'"},
      {"word", "a.yaml:2: s.k: must be a number, is 'word'"},
      {"", "a.yaml:2: s.k: must be a number, is empty"},
      {"{}", "a.yaml:2: s.k: must be a number, is a mapping"},
  };
  for (const Row& row : rows) {
    YamlMap map = map_of("s:\n  k: " + std::string(row.value) + "\n");
    CHECK_THROWS_WITH_AS(integer(map), row.text, Error);
  }
  YamlMap above = map_of("k: 0\n");
  CHECK_THROWS_WITH_AS(above.number("k", {.min = 0, .above = true}),
                       "a.yaml:1: k: must be > 0, is 0", Error);
  YamlMap missing = map_of("a: 1\n");
  CHECK_THROWS_WITH_AS(missing.number("k", {}), "a.yaml:1: k: is missing", Error);
  YamlMap list = map_of("l: []\n");
  CHECK_THROWS_WITH_AS(list.list("l"),
                       "a.yaml:1: l: must be a list of at least one entry, is a list", Error);
}

TEST_CASE("a key that no getter asked for is reported with its line and the nearest known one") {
  YamlMap map = map_of("latency: 1\nlatancy_max: 2\n");
  map.integer("latency", {});
  map.integer("latency_max", {}, 0);
  CHECK_THROWS_WITH_AS(map.finish(),
                       "a.yaml:2: latancy_max: unknown key; did you mean 'latency_max'?", Error);
  YamlMap far = map_of("a: 1\nzzzzzzz: 2\n");
  far.integer("a", {});
  CHECK_THROWS_WITH_AS(far.finish(), "a.yaml:2: zzzzzzz: unknown key; known: a", Error);
}

TEST_CASE("a document that could blow up or mean two things is refused") {
  CHECK_THROWS_WITH_AS(load_yaml_text("a: &x [1]\nb: *x\n", "a.yaml"),
                       "a.yaml:1: anchors and aliases are not allowed; write the values out",
                       Error);
  CHECK_THROWS_WITH_AS(load_yaml_text("a: 1\nb:\n  c: 1\n  c: 2\n", "a.yaml"),
                       "a.yaml:4: key 'c' stands twice", Error);
  CHECK_THROWS_WITH_AS(load_yaml_text("a: 1\n---\nb: 1\n", "a.yaml"),
                       doctest::Contains("more than one YAML document"), Error);
  CHECK_THROWS_WITH_AS(load_yaml_text("? [a, b]\n: 1\n", "a.yaml"),
                       "a.yaml:1: a key must be a plain word", Error);
  CHECK_THROWS_WITH_AS(load_yaml_text("a: [1, 2\n", "a.yaml"), doctest::Contains("not valid YAML"),
                       Error);
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "{a: ";
  CHECK_THROWS_WITH_AS(load_yaml_text(deep, "a.yaml"), "a.yaml:1: nested deeper than 32 levels",
                       Error);
}

TEST_CASE("a file is read up to one mebibyte") {
  const auto path =
      std::filesystem::temp_directory_path() / fmt::format("presil_yaml_{}.yaml", getpid());
  std::ofstream(path) << "a: 1\n";
  CHECK(load_yaml_file(path)["a"].as<int>() == 1);
  std::ofstream(path) << "a: 1\n" << std::string(1 << 20, '#');
  CHECK_THROWS_WITH_AS(load_yaml_file(path), doctest::Contains("larger than 1048576 bytes"), Error);
  std::filesystem::remove(path);
  CHECK_THROWS_WITH_AS(load_yaml_file(path), doctest::Contains("cannot be read"), Error);
}

TEST_CASE("the recorder collects the pattern of every key that was asked for") {
  std::set<std::string> asked;
  YamlMap map("a.yaml", "", load_yaml_text("l: [{y: 1}]\nd: {p: 1, q: 2}\n", "a.yaml"), &asked);
  map.list("l")[0].integer("y", {});
  map.map("d").numbers({});
  map.map_or_empty("s").integer("x", {}, 0);
  CHECK(asked == std::set<std::string>{"l", "l.*.y", "d", "d.*", "s", "s.x"});
}

}  // namespace
}  // namespace presil
