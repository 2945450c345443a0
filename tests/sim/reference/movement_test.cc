// Movements, reductions and choices: every element is followed.

#include <numeric>

#include "core/error.h"
#include "tests/sim/reference/one_op.h"

namespace presil {
namespace {

using test::per_tensor;
using test::run_op;
using test::tensor_with;

/// 0, 1, 2, ... as int32.
Tensor counting(Shape shape) {
  Tensor tensor = empty_tensor({.type = DataType::kInt32, .shape = std::move(shape)});
  std::iota(tensor.as<std::int32_t>().begin(), tensor.as<std::int32_t>().end(), 0);
  return tensor;
}

std::vector<std::int64_t> moved(OpKind kind, OpAttrs attrs, const std::vector<Tensor>& operands) {
  return stored_integers(run_op(kind, std::move(attrs), operands, operands.front().type));
}

using Values = std::vector<std::int64_t>;

TEST_CASE("elements end where the operator says") {
  CHECK(moved(OpKind::kConcat, AxisAttrs{.axis = 1}, {counting({2, 1}), counting({2, 2})}) ==
        Values{0, 0, 1, 1, 2, 3});
  CHECK(moved(OpKind::kSlice, SliceAttrs{.begin = {0, 1}, .size = {2, 2}, .step = {1, 2}},
              {counting({2, 4})}) == Values{1, 3, 5, 7});
  CHECK(moved(OpKind::kTranspose, TransposeAttrs{.perm = {1, 0}}, {counting({2, 3})}) ==
        Values{0, 3, 1, 4, 2, 5});
  CHECK(moved(OpKind::kPad, PadAttrs{.before = {1}, .after = {1}, .value = 9}, {counting({2})}) ==
        Values{9, 0, 1, 9});
  CHECK(moved(OpKind::kExpand, ReshapeAttrs{.shape = {2, 2}}, {counting({2, 1})}) ==
        Values{0, 0, 1, 1});
  CHECK(moved(OpKind::kReshape, ReshapeAttrs{.shape = {4}, .channels_last = true},
              {counting({1, 2, 1, 2})}) == Values{0, 2, 1, 3});
  CHECK(moved(OpKind::kGather, AxisAttrs{.axis = 0},
              {counting({3, 2}), tensor_with(DataType::kInt32, {2}, {2, -3})}) ==
        Values{4, 5, 0, 1});
}

TEST_CASE("depth becomes space in both orders, and space depth again") {
  const Tensor x = counting({1, 4, 1, 1});
  CHECK(moved(OpKind::kDepthToSpace, BlockAttrs{.block = 2}, {x}) == Values{0, 1, 2, 3});
  const Tensor two = counting({1, 8, 1, 1});  // channels: block row, block column, depth
  CHECK(moved(OpKind::kDepthToSpace, BlockAttrs{.block = 2}, {two}) ==
        Values{0, 2, 4, 6, 1, 3, 5, 7});
  CHECK(moved(OpKind::kDepthToSpace, BlockAttrs{.block = 2, .column_row_depth = true}, {two}) ==
        Values{0, 1, 2, 3, 4, 5, 6, 7});
  const Tensor map = run_op(OpKind::kDepthToSpace, BlockAttrs{.block = 2}, {two}, DataType::kInt32);
  CHECK(moved(OpKind::kSpaceToDepth, BlockAttrs{.block = 2}, {map}) ==
        Values{0, 1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE("an index outside of the table is an error that names it") {
  CHECK_THROWS_WITH_AS(moved(OpKind::kGather, AxisAttrs{.axis = 0},
                             {counting({3, 2}), tensor_with(DataType::kInt32, {1}, {3})}),
                       "Gather 'op': index 3 is outside of axis 0 of [3,2]", Error);
}

TEST_CASE("what is moved between quantisations is brought to the result's") {
  const Tensor a = tensor_with(DataType::kInt8, {2}, {1, -1}, per_tensor(0.5f, 0));
  const Tensor b = tensor_with(DataType::kInt8, {1}, {3}, per_tensor(0.25f, 10));
  const Tensor y =
      run_op(OpKind::kConcat, AxisAttrs{.axis = 0}, {a, b}, DataType::kInt8, per_tensor(0.5f, 4));
  CHECK(stored_integers(y) == Values{6, 2, 10});
  CHECK(real_values(y) == std::vector<double>{1, -1, 3});
  const Tensor padded = run_op(OpKind::kPad, PadAttrs{.before = {1}, .after = {0}}, {b},
                               DataType::kInt8, per_tensor(0.25f, 10));
  CHECK(stored_integers(padded) == Values{10, 22});  // zero is the zero point
}

TEST_CASE("reductions, the first of the largest, and choices") {
  const Tensor x = tensor_with(DataType::kInt32, {2, 3}, {1, 5, 5, -7, -8, -7});
  const auto reduced = [&](OpKind kind, std::int64_t axis) {
    return stored_integers(
        run_op(kind, ReduceAttrs{.axes = {axis}, .keep_dims = false}, {x}, DataType::kInt32));
  };
  CHECK(reduced(OpKind::kReduceSum, 1) == Values{11, -22});
  CHECK(reduced(OpKind::kReduceMax, 0) == Values{1, 5, 5});
  CHECK(reduced(OpKind::kReduceMin, 1) == Values{1, -8});
  CHECK(reduced(OpKind::kArgMax, 1) == Values{1, 0});
  CHECK(reduced(OpKind::kReduceMean, 1) == Values{3, -7});  // truncated
  const Tensor chosen = run_op(
      OpKind::kWhere, {},
      {tensor_with(DataType::kBool, {2, 1}, {1, 0}), x, tensor_with(DataType::kInt32, {}, {9})},
      DataType::kInt32);
  CHECK(stored_integers(chosen) == Values{1, 5, 5, 9, 9, 9});
}

TEST_CASE("integers without a quantisation compute as C does, and saturate") {
  const Tensor a = tensor_with(DataType::kInt32, {2}, {7, -7});
  const Tensor b = tensor_with(DataType::kInt32, {2}, {2, 2});
  CHECK(moved(OpKind::kDiv, {}, {a, b}) == Values{3, -3});
  CHECK(moved(OpKind::kMul, {}, {a, b}) == Values{14, -14});
  const Tensor big = tensor_with(DataType::kInt8, {1}, {100});
  CHECK(moved(OpKind::kAdd, {}, {big, big}) == Values{127});
  const Tensor less = run_op(OpKind::kLess, {}, {b, a}, DataType::kBool);
  CHECK(stored_integers(less) == Values{1, 0});
  const Tensor cast =
      run_op(OpKind::kCast, CastAttrs{.to = DataType::kInt8},
             {tensor_with(DataType::kFloat32, {3}, {1.9, -1.9, 1e9})}, DataType::kInt8);
  CHECK(stored_integers(cast) == Values{1, -1, 127});
}

TEST_CASE("a host operator is an error, not a guess") {
  const HostAttrs host{
      .type = "NonMaxSuppression", .output_shapes = {{2}}, .output_types = {DataType::kInt32}};
  CHECK_THROWS_WITH_AS(run_op(OpKind::kHost, host, {counting({2})}, DataType::kInt32),
                       "Host 'op': runs on a host; what NonMaxSuppression computes is not defined",
                       Error);
}

}  // namespace
}  // namespace presil
