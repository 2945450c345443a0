#include "hw/strided.h"

#include <doctest/doctest.h>

#include <random>
#include <set>

namespace presil {
namespace {

std::set<std::int64_t> bytes_of(const Strided& set) {
  std::set<std::int64_t> bytes;
  for_each_run(set, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t at = begin; at < end; ++at) bytes.insert(at);
  });
  return bytes;
}

/// Few enough bytes that sets meet often; strides repeat often, as they do in tiles of a tensor.
Strided random_set(std::mt19937_64& random) {
  const auto pick = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  constexpr std::int64_t kStrides[] = {0, 3, 8, 8, 16, 24, 64, 64, -8};
  std::array<Strided::Dim, 3> dims{};
  for (Strided::Dim& dim : dims)
    if (pick(0, 2) > 0) dim = {pick(1, 4), kStrides[pick(0, 8)]};
  return make_strided(pick(0, 200), pick(0, 20), dims);
}

TEST_CASE("the normal form has the bytes of its description, and one form a contiguous set") {
  CHECK(make_strided(10, 4, {{{5, 4}}}) == make_strided(10, 20));
  CHECK(make_strided(10, 4, {{{3, 8}, {2, 4}}}) == make_strided(10, 24));
  CHECK(make_strided(10, 2, {{{3, 8}, {2, 4}}}) == make_strided(10, 2, {{{6, 4}}}));
  CHECK(make_strided(10, 4, {{{3, -8}}}).begin == -6);
  CHECK(make_strided(10, 4, {{{1, 100}, {7, 0}}}) == make_strided(10, 4));
  CHECK(make_strided(3, 0, {{{4, 8}}}).empty());
  const Strided grid = make_strided(0, 2, {{{3, 8}, {2, 100}}});
  CHECK(grid.dims[0].stride == 100);
  CHECK(grid.end() == 100 + 2 * 8 + 2);
  CHECK(grid.runs() == 6);
}

TEST_CASE("overlap and difference of random sets are what their bytes say") {
  std::mt19937_64 random(7);
  int met = 0, exact = 0;
  for (int round = 0; round < 20000; ++round) {
    const Strided a = random_set(random), b = random_set(random);
    const std::set<std::int64_t> in_a = bytes_of(a), in_b = bytes_of(b);
    std::set<std::int64_t> left;
    for (const std::int64_t byte : in_a)
      if (!in_b.contains(byte)) left.insert(byte);
    const bool meet = left.size() < in_a.size();
    CAPTURE(round);
    REQUIRE(overlap(a, b) == meet);
    REQUIRE(overlap(b, a) == meet);
    std::vector<Strided> pieces;
    subtract(a, b, pieces);
    std::set<std::int64_t> found;
    for (const Strided& piece : pieces) found.merge(bytes_of(piece));
    REQUIRE(found == left);
    met += meet ? 1 : 0;
    exact += meet && pieces.size() <= 4 ? 1 : 0;
  }
  CHECK(met > 2000);
  CHECK(exact > 1000);
}

TEST_CASE("tiles of one tensor are told apart in constant time however many runs they have") {
  const Strided left = make_strided(0, 32, {{{1000000, 1024}, {1000, 1 << 30}}});
  const Strided right = make_strided(32, 32, {{{1000000, 1024}, {1000, 1 << 30}}});
  for (int i = 0; i < 100000; ++i) REQUIRE_FALSE(overlap(left, right));
  CHECK(overlap(left, make_strided(31, 32, {{{1000000, 1024}, {1000, 1 << 30}}})));
}

}  // namespace
}  // namespace presil
