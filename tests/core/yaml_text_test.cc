#include "core/yaml_text.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace presil {
namespace {

TEST_CASE("plain words stay plain, everything else is quoted") {
  CHECK(yaml_text("features.2/conv_1+relu") == "features.2/conv_1+relu");
  CHECK(yaml_text("") == "\"\"");
  CHECK(yaml_text("1") == "\"1\"");
  CHECK(yaml_text("true") == "\"true\"");
  CHECK(yaml_text("Null") == "\"Null\"");
  CHECK(yaml_text("a: b") == "\"a: b\"");
  CHECK(yaml_text("a\"b\\c") == "\"a\\\"b\\\\c\"");
  CHECK(yaml_text("a\nb") == "\"a\\x0ab\"");
  CHECK(yaml_list({}) == "[]");
  CHECK(yaml_list({"a", "b c"}) == "[a, \"b c\"]");
}

TEST_CASE("every text reads back as it was, in block and in flow style") {
  for (const std::string text : {"a",
                                 "",
                                 " a",
                                 "a ",
                                 "#",
                                 "a #b",
                                 "- a",
                                 "[x]",
                                 "{x}",
                                 "a,b",
                                 "x:0",
                                 "~",
                                 "null",
                                 "yes",
                                 "'",
                                 "\"",
                                 "\\",
                                 "\t\n\x01",
                                 "StatefulPartitionedCall:0",
                                 "ü",
                                 "&a",
                                 "*a",
                                 "!t",
                                 "%",
                                 "@"}) {
    CAPTURE(text);
    const std::string scalar = yaml_text(text);
    CHECK(YAML::Load(fmt::format("k: {}", scalar))["k"].as<std::string>() == text);
    CHECK(YAML::Load(fmt::format("[{{k: {}}}]", scalar))[0]["k"].as<std::string>() == text);
    CHECK(YAML::Load(fmt::format("{{{}: v}}", scalar)).begin()->first.as<std::string>() == text);
  }
}

}  // namespace
}  // namespace presil
