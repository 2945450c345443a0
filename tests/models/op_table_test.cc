#include <doctest/doctest.h>

#include <set>
#include <string>

#include "models/op.h"

namespace presil {
namespace {

std::vector<OpInfo> all_rows() {
  std::vector<OpInfo> rows;
  for (int i = 0; i < kOpKindCount; ++i) rows.push_back(op_info(static_cast<OpKind>(i)));
  return rows;
}

}  // namespace

TEST_CASE("every operator kind has a row of its own, with a name that leads back to it") {
  std::set<std::string_view> names;
  for (int i = 0; i < kOpKindCount; ++i) {
    const auto kind = static_cast<OpKind>(i);
    const OpInfo& row = op_info(kind);
    CAPTURE(row.name);
    CHECK(row.kind == kind);
    CHECK_FALSE(row.name.empty());
    CHECK(names.insert(row.name).second);
    CHECK(op_kind_from_name(row.name) == kind);
  }
  CHECK(names.size() == static_cast<std::size_t>(kOpKindCount));
}

TEST_CASE("names are case sensitive and unknown ones give nothing") {
  CHECK(op_kind_from_name("DepthwiseConv") == OpKind::kDepthwiseConv);
  CHECK_FALSE(op_kind_from_name("depthwiseconv"));
  CHECK_FALSE(op_kind_from_name("Convolution"));
  CHECK_FALSE(op_kind_from_name(""));
}

TEST_CASE("exactly the operators that the vector unit runs have a cost there") {
  for (const OpInfo& row : all_rows()) {
    CAPTURE(row.name);
    const bool runs = row.op_class == OpClass::kVector || row.op_class == OpClass::kMove;
    CHECK(row.vector_cost.empty() != runs);
  }
}

TEST_CASE("only operators of the vector unit run in an output stage, and pools never do") {
  for (const OpInfo& row : all_rows()) {
    CAPTURE(row.name);
    if (row.fusible) CHECK(row.op_class == OpClass::kVector);
  }
  CHECK(op_info(OpKind::kRelu).fusible);
  CHECK(op_info(OpKind::kAdd).fusible);
  CHECK(op_info(OpKind::kQuantize).fusible);
  CHECK_FALSE(op_info(OpKind::kMaxPool).fusible);
  CHECK_FALSE(op_info(OpKind::kSoftmax).fusible);
  CHECK_FALSE(op_info(OpKind::kWhere).fusible);
}

TEST_CASE("operand counts are ranges, open only for concatenation and the host") {
  for (const OpInfo& row : all_rows()) {
    CAPTURE(row.name);
    CHECK(row.min_inputs >= 0);
    const bool open = row.kind == OpKind::kConcat || row.kind == OpKind::kHost;
    CHECK((row.max_inputs == -1) == open);
    if (!open) CHECK(row.max_inputs >= row.min_inputs);
  }
}

TEST_CASE("type names lead back to their types, and bits are those of the memory") {
  for (int i = 0; i <= static_cast<int>(DataType::kFloat64); ++i) {
    const auto type = static_cast<DataType>(i);
    CHECK(data_type_from_name(name_of(type)) == type);
  }
  CHECK(name_of(DataType::kFloat16) == "fp16");
  CHECK_FALSE(data_type_from_name("float"));
  CHECK(bits_of(DataType::kInt4) == 4);
  CHECK(bits_of(DataType::kBool) == 8);
  CHECK(bits_of(DataType::kFloat64) == 64);
  CHECK(is_float(DataType::kBfloat16));
  CHECK_FALSE(is_float(DataType::kInt32));
}

}  // namespace presil
