#include "core/units.h"

#include <doctest/doctest.h>

namespace presil {
namespace {

TEST_CASE("bytes over a rate round up to whole cycles") {
  CHECK((Bytes(64) / BytesPerCycle(16)).value == 4);
  CHECK((Bytes(65) / BytesPerCycle(16)).value == 5);
  CHECK((Bytes(1) / BytesPerCycle(12.8)).value == 1);
  CHECK((Bytes(0) / BytesPerCycle(16)).value == 0);
}

TEST_CASE("quantities add, scale and compare inside one unit") {
  Cycles total = Cycles(3) + Cycles(4) * 2;
  total -= Cycles(1);
  CHECK(total == Cycles(10));
  CHECK(Cycles(2) < Cycles(3));
  CHECK(2 * Macs(5) == Macs(10));
}

TEST_CASE("ceil_div and round_up go to the next whole one, and stay on it") {
  CHECK(ceil_div(0, 4) == 0);
  CHECK(ceil_div(1, 4) == 1);
  CHECK(ceil_div(8, 4) == 2);
  CHECK(round_up(9, 4) == 12);
  CHECK(round_up(8, 4) == 8);
}

}  // namespace
}  // namespace presil
