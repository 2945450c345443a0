#include <doctest/doctest.h>

#include <algorithm>

#include "hw/chip_spec.h"
#include "models/op.h"

namespace presil {

TEST_CASE("every cost that an operator asks of the vector unit is one that a chip must give") {
  const std::vector<std::string>& keys = chip_vector_cost_keys();
  for (int i = 0; i < kOpKindCount; ++i) {
    const OpInfo& row = op_info(static_cast<OpKind>(i));
    CAPTURE(row.name);
    if (row.vector_cost.empty()) continue;
    CHECK(std::find(keys.begin(), keys.end(), row.vector_cost) != keys.end());
  }
}

TEST_CASE("every cost that a chip must give is asked by some operator") {
  for (const std::string& key : chip_vector_cost_keys()) {
    CAPTURE(key);
    bool asked = false;
    for (int i = 0; i < kOpKindCount; ++i)
      asked = asked || op_info(static_cast<OpKind>(i)).vector_cost == key;
    CHECK(asked);
  }
}

}  // namespace presil
