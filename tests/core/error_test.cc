#include "core/error.h"

#include <doctest/doctest.h>

namespace presil {
namespace {

TEST_CASE("an Error's text is formatted, or taken as it is") {
  CHECK(std::string(Error("{}: must be > {}", "kib", 0).what()) == "kib: must be > 0");
  CHECK(std::string(Error(std::string("{}")).what()) == "{}");
}

TEST_CASE("nearest finds one or two wrong letters, and nothing far away") {
  const std::vector<std::string> known = {"kib", "banks", "bank_bytes_per_cycle"};
  CHECK(nearest("kb", known) == "kib");
  CHECK(nearest("bamks", known) == "banks");
  CHECK(nearest("bank_byte_per_cycles", known) == "bank_bytes_per_cycle");
  CHECK(nearest("frequency", known) == "");
  CHECK(nearest("x", {}) == "");
}

TEST_CASE("nearest gives the first of two that are as near") {
  CHECK(nearest("ab", {"aa", "bb"}) == "aa");
}

TEST_CASE("a broken promise names its place, text and condition") {
  try {
    PRESIL_CHECK(1 > 2, "one is {}", 1);
    FAIL("PRESIL_CHECK let a false condition pass");
  } catch (const InternalError& error) {
    CHECK(std::string(error.what()).starts_with("error_test.cc:"));
    CHECK(std::string(error.what()).ends_with("broken promise: one is 1 (1 > 2)"));
  }
}

}  // namespace
}  // namespace presil
